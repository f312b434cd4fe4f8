"""Errors, clock, ids, tasks, logging, metrics: what every layer may use. Knows nothing of containers or clusters."""
