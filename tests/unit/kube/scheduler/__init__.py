"""The scheduler: decisions by truth tables and by properties, the loop on a fake API and a fake clock."""
