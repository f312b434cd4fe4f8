"""ReplicationControllers: what ReplicaSets were first (k8s.io/kubernetes pkg/controller/replication)."""
