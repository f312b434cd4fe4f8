"""The OCI distribution API. Empty until the registry arrives."""
