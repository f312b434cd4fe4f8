"""Real Kubernetes clients, and the rules of the API over plain HTTP, against a real ``control`` process."""
