"""The state of a pod, as controllers of workloads see it (k8s.io/kubernetes pkg/api/v1/pod, pkg/controller)."""

from datetime import datetime

from wherry.kube.machinery.model import Object
from wherry.kube.machinery.times import parse

_OVER = ("Succeeded", "Failed")


def phase_of(pod: Object) -> str:
    return (pod.get("status") or {}).get("phase") or ""


def is_over(pod: Object) -> bool:
    """Its containers have ended and do not start again."""
    return phase_of(pod) in _OVER


def is_deleting(obj: Object) -> bool:
    return "deletionTimestamp" in obj["metadata"]


def is_active(pod: Object) -> bool:
    """It counts: it runs or will, and is not told to end."""
    return "deletionTimestamp" not in pod["metadata"] and (pod.get("status") or {}).get("phase") not in _OVER


def is_terminating(pod: Object) -> bool:
    """It has been told to end and has not yet."""
    return "deletionTimestamp" in pod["metadata"] and (pod.get("status") or {}).get("phase") not in _OVER


def ready_condition(pod: Object) -> Object | None:
    """If it is true."""
    for each in (pod.get("status") or {}).get("conditions") or ():
        if each.get("type") == "Ready":
            return each if each.get("status") == "True" else None
    return None


def is_ready(pod: Object) -> bool:
    return ready_condition(pod) is not None


def seconds_to_available(pod: Object, min_ready_seconds: int, now: datetime) -> float | None:
    """Until it has been ready for so long; 0: it is available. None: it is not ready."""
    condition = ready_condition(pod)
    if condition is None:
        return None
    if not min_ready_seconds:
        return 0.0
    since = condition.get("lastTransitionTime")
    if not since:
        return None
    return max(min_ready_seconds - (now - parse(since)).total_seconds(), 0.0)


def is_available(pod: Object, min_ready_seconds: int, now: datetime) -> bool:
    """Ready, and has been for so long."""
    return seconds_to_available(pod, min_ready_seconds, now) == 0.0
