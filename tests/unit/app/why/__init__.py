"""What pods wait for, in words."""
