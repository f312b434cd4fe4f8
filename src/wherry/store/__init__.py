"""Revisions and watches over bytes: the cluster state. Empty until the Kubernetes API server arrives."""
