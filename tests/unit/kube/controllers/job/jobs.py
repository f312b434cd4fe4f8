"""Jobs and their pods, as plans see them."""

from typing import Any

from tests.unit.kube.controllers.workloads import pod, workload
from wherry.kube.controllers.job.view import COMPLETION_INDEX, FAILURE_COUNT, IGNORED_FAILURE_COUNT, TRACKING
from wherry.kube.machinery.model import Object

LABELS = {"batch.kubernetes.io/job-name": "sum"}


def job(*, status: Object | None = None, **spec: Any) -> Object:
    described = {"metadata": {"labels": LABELS}, "spec": {
        "restartPolicy": "Never", "containers": [{"name": "c", "image": "demo:1"}]}}  # fmt: skip
    whole = {
        "completions": 3, "parallelism": 2, "backoffLimit": 6, "completionMode": "NonIndexed", "suspend": False,
        "podReplacementPolicy": "TerminatingOrFailed", "selector": {"matchLabels": LABELS}, "template": described,
    }  # fmt: skip
    made = workload("Job", "sum", "batch/v1", **{**whole, **spec})
    del made["spec"]["replicas"]
    made["spec"] = {name: value for name, value in made["spec"].items() if value is not None}
    made["status"] = status or {}
    return made


def indexed(*, status: Object | None = None, **spec: Any) -> Object:
    return job(status=status, **{"completionMode": "Indexed", **spec})


def job_pod(
    name: str, phase: str = "Running", index: int | None = None, *, owner: Object | None = None,
    failures: tuple[int, int] | None = None, tracked: bool = True, ended: str = "2026-01-01T00:00:00Z",
    code: int | None = None, **meta: Any,
) -> Object:  # fmt: skip
    """``failures`` of its index before it: counted and ignored. ``ended``: when it did, with which exit ``code``."""
    annotations: dict[str, str] = {}
    if index is not None:
        annotations[COMPLETION_INDEX] = str(index)
    if failures is not None:
        annotations |= {FAILURE_COUNT: str(failures[0]), IGNORED_FAILURE_COUNT: str(failures[1])}
    held = {"finalizers": [TRACKING]} if tracked else {}
    made = pod(
        name, owner or job(), phase=phase, ready=phase == "Running",
        **{"labels": LABELS, "annotations": annotations, **held, **meta},
    )  # fmt: skip
    if phase in ("Succeeded", "Failed"):
        terminated = {"exitCode": code if code is not None else int(phase == "Failed"), "finishedAt": ended}
        made["status"]["containerStatuses"] = [{"name": "c", "state": {"terminated": terminated}}]
    return made


def uids(pods: Any) -> list[str]:
    return [each["metadata"]["uid"].removeprefix("uid-") for each in pods]
