"""When a pod is to go because of its node's taints. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from wherry.kube.machinery import times
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.taints import NO_EXECUTE, Taint, taint_of, toleration_of


def expelling(node: Object) -> list[Object]:
    """Its taints that pods have to go for."""
    return [each for each in (node.get("spec") or {}).get("taints") or () if each.get("effect") == NO_EXECUTE]


def seconds_left(pod: Object, node: Object, now: datetime, seen: Mapping[Taint, datetime]) -> float | None:
    """Until the pod is to go: 0 or less, now; None: it may stay.

    A taint that several tolerations fit lasts as long as the shortest of them. Time counts from when both the pod and
    the taint were there; of a taint that does not say when it was added (kubectl's do not), from when it was ``seen``.
    """
    made = pod["metadata"].get("creationTimestamp")
    left: float | None = None
    for taint in expelling(node):
        fitting = [each for each in pod["spec"].get("tolerations") or () if _tolerates(each, taint)]
        if not fitting:
            return 0.0
        seconds = [each["tolerationSeconds"] for each in fitting if each.get("tolerationSeconds") is not None]
        if seconds:
            begins = [_added(taint, seen), times.parse(made) if made else None]
            since = max((each for each in begins if each is not None), default=now)
            due = max(float(min(seconds)), 0.0) - (now - since).total_seconds()
            left = due if left is None else min(left, due)
    return left


def _tolerates(toleration: Object, taint: Object) -> bool:
    found = toleration_of(toleration)
    return found is not None and found.tolerates(taint_of(taint))


def _added(taint: Object, seen: Mapping[Taint, datetime]) -> datetime | None:
    said = taint.get("timeAdded")
    return times.parse(said) if said else seen.get(taint_of(taint))


def disrupted(pod: Object, now: str) -> Iterable[Object]:
    """Its conditions, with the reason why it goes."""
    others = [
        each for each in (pod.get("status") or {}).get("conditions") or () if each.get("type") != "DisruptionTarget"
    ]
    reason = {
        "type": "DisruptionTarget", "status": "True", "reason": "DeletionByTaintManager",
        "message": "Taint manager: deleting due to NoExecute taint", "lastTransitionTime": now,
    }  # fmt: skip
    return [*others, reason]
