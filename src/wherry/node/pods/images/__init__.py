"""Images of containers: when they are pulled, as whom, and what is said about it (pkg/kubelet/images)."""
