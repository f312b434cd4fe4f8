"""The Kubernetes half: API machinery, server, controllers, scheduler. Empty until the API server arrives."""
