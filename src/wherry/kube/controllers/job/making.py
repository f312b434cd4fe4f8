"""Pods of a job: pure."""

from wherry.kube.controllers.job import policies, view
from wherry.kube.controllers.podcontrol.templates import pod_of
from wherry.kube.machinery.model import Object

INDEX_VARIABLE = "JOB_COMPLETION_INDEX"
_GENERATED_BASE = 58
"""Characters of a name before its generated end (apiserver pkg/storage/names)."""


def job_pod(job: Object, reference: Object, index: int | None, replaced: Object | None) -> Object:
    """``index`` None: of a job without indexes. ``replaced``: the pod of that index that failed last."""
    pod = pod_of(job["spec"]["template"], job, reference)
    meta = pod["metadata"]
    meta["finalizers"] = [*(each for each in meta.get("finalizers") or () if each != view.TRACKING), view.TRACKING]
    if index is None:
        return pod
    name, text = job["metadata"]["name"], str(index)
    end = f"-{text}-"
    meta["generateName"] = f"{name[: _GENERATED_BASE - len(end)]}{end}"
    meta["labels"] = {**(meta.get("labels") or {}), view.COMPLETION_INDEX: text}
    meta["annotations"] = {**(meta.get("annotations") or {}), view.COMPLETION_INDEX: text}
    if view.limit_per_index(job) is not None:
        meta["annotations"] |= _failures(job, replaced)
    pod["spec"]["hostname"] = f"{name}-{text}"
    for kind in ("initContainers", "containers"):
        for container in pod["spec"].get(kind) or ():
            _add_variable(container)
    return pod


def _add_variable(container: Object) -> None:
    known = container.get("env") or []
    if any(each.get("name") == INDEX_VARIABLE for each in known):
        return
    source = {"fieldRef": {"fieldPath": f"metadata.labels['{view.COMPLETION_INDEX}']"}}
    container["env"] = [*known, {"name": INDEX_VARIABLE, "valueFrom": source}]


def _failures(job: Object, replaced: Object | None) -> dict[str, str]:
    """What the pod remembers of those before it."""
    if replaced is None:
        return {view.FAILURE_COUNT: "0"}
    counted, ignored = view.failures_of(replaced)
    if policies.judge(job, replaced).counts:
        counted += 1
    else:
        ignored += 1
    found = {view.FAILURE_COUNT: str(counted)}
    return {**found, view.IGNORED_FAILURE_COUNT: str(ignored)} if ignored else found
