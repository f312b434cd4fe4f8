"""JobSpec: what Jobs and the jobs of a CronJob have in common (k8s.io/kubernetes pkg/apis/batch/validation)."""
