"""What jobs and their pods say: pure reading."""

from datetime import datetime, timedelta

from wherry.kube.controllers.podcontrol.pods import is_deleting, phase_of
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.times import parse

TRACKING = "batch.kubernetes.io/job-tracking"
COMPLETION_INDEX = "batch.kubernetes.io/job-completion-index"
FAILURE_COUNT = "batch.kubernetes.io/job-index-failure-count"
IGNORED_FAILURE_COUNT = "batch.kubernetes.io/job-index-ignored-failure-count"
THIS_CONTROLLER = "kubernetes.io/job-controller"


def is_ours(job: Object) -> bool:
    """No other controller manages it."""
    return job["spec"].get("managedBy") in (None, THIS_CONTROLLER)


def is_indexed(job: Object) -> bool:
    return bool(job["spec"].get("completionMode") == "Indexed")


def is_suspended(job: Object) -> bool:
    return bool(job["spec"].get("suspend"))


def condition(job: Object, kind: str) -> Object | None:
    """If it is true."""
    for each in (job.get("status") or {}).get("conditions") or ():
        if each.get("type") == kind and each.get("status") == "True":
            return each  # type: ignore[no-any-return]  # JSON
    return None


def is_finished(job: Object) -> bool:
    return condition(job, "Complete") is not None or condition(job, "Failed") is not None


def completions_of(job: Object) -> int | None:
    """None: the first success is enough."""
    found: int | None = job["spec"].get("completions")
    return found


def limit_per_index(job: Object) -> int | None:
    found: int | None = job["spec"].get("backoffLimitPerIndex")
    return found


def replaces_only_failed(job: Object) -> bool:
    """A pod that is being deleted counts only when it has ended."""
    spec = job["spec"]
    return spec.get("podReplacementPolicy") == "Failed" or spec.get("podFailurePolicy") is not None


def is_tracked(pod: Object) -> bool:
    """It has not been counted yet, or at least not for good."""
    return TRACKING in (pod["metadata"].get("finalizers") or ())


def has_failed(pod: Object, job: Object) -> bool:
    """Pods that are being deleted count: one whose node is gone never gets as far as to fail."""
    phase = phase_of(pod)
    if phase == "Failed":
        return True
    return is_deleting(pod) and phase != "Succeeded" and not replaces_only_failed(job)


def index_of(pod: Object, job: Object) -> int | None:
    """None: it has none, or one that the job has not."""
    text = (pod["metadata"].get("annotations") or {}).get(COMPLETION_INDEX, "")
    if not (text.isascii() and text.isdecimal()) or int(text) >= (completions_of(job) or 0):
        return None
    return int(text)


def failures_of(pod: Object) -> tuple[int, int]:
    """How often its index had failed before it, and how often in a way that is not counted."""
    annotations = pod["metadata"].get("annotations") or {}
    texts = (annotations.get(name, "") for name in (FAILURE_COUNT, IGNORED_FAILURE_COUNT))
    counted, ignored = (int(text) if text.isascii() and text.isdecimal() else 0 for text in texts)
    return counted, ignored


def finished_at(pod: Object) -> datetime:
    """When its last container ended; where that is not known, when it was last ready, was told to end, or began
    (backoff_utils.go getFinishedTime)."""
    status, meta = pod.get("status") or {}, pod["metadata"]
    ends = _ends(pod)
    if ends and None not in ends:
        return max(parse(each) for each in ends if each)
    for each in status.get("conditions") or ():
        if each.get("type") == "Ready" and each.get("status") == "False" and each.get("lastTransitionTime"):
            return parse(each["lastTransitionTime"])
    if is_deleting(pod):
        return parse(meta["deletionTimestamp"]) - timedelta(seconds=meta.get("deletionGracePeriodSeconds") or 0)
    return parse(meta["creationTimestamp"])


def _ends(pod: Object) -> list[str | None]:
    """Of its containers, and of the init containers that run beside them."""
    status = pod.get("status") or {}
    beside = {
        each.get("name") for each in pod["spec"].get("initContainers") or () if each.get("restartPolicy") == "Always"
    }
    found = list(status.get("containerStatuses") or ())
    found += [each for each in status.get("initContainerStatuses") or () if each.get("name") in beside]
    return [(each.get("state") or {}).get("terminated", {}).get("finishedAt") for each in found]
