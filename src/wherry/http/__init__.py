"""HTTP server pieces every face shares: streams, hijacked connections, JSON answers, error middleware."""
