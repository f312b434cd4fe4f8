"""A whole cluster in one process: the real API server on a store in memory, and a clock that stands still."""
