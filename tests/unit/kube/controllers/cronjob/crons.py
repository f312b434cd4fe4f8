"""CronJobs and their jobs, as plans see them."""

from typing import Any

from tests.unit.kube.controllers.workloads import reference, workload
from wherry.kube.machinery.model import Object

CREATED = "2026-01-01T00:00:00Z"


def cron(schedule: str = "*/5 * * * *", *, status: Object | None = None, **spec: Any) -> Object:
    template = {"spec": {"template": {"spec": {"restartPolicy": "Never"}}}}
    whole = {
        "schedule": schedule, "concurrencyPolicy": "Allow", "suspend": False, "jobTemplate": template,
        "successfulJobsHistoryLimit": 3, "failedJobsHistoryLimit": 1, **spec,
    }  # fmt: skip
    made = workload("CronJob", "tick", "batch/v1")
    made["metadata"]["creationTimestamp"] = CREATED
    return {**made, "spec": whole, "status": status or {}}


def job(name: str, end: str = "", *, start: str = CREATED, owner: Object | None = None, **meta: Any) -> Object:
    """``end``: Complete or Failed; empty: it runs."""
    made = workload("Job", name, "batch/v1")
    made["metadata"] |= {"ownerReferences": [reference(owner or cron())], **meta}
    made["status"] = {"startTime": start}
    if end:
        made["status"]["conditions"] = [{"type": end, "status": "True"}]
        if end == "Complete":
            made["status"]["completionTime"] = start
    return made


def entry(name: str) -> Object:
    return {"apiVersion": "batch/v1", "kind": "Job", "name": name, "namespace": "default", "uid": f"uid-{name}"}
