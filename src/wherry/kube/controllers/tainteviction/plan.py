"""When a pod is to go because of its node's taints. Pure."""

from collections.abc import Iterable
from datetime import datetime

from wherry.kube.machinery import times
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.taints import NO_EXECUTE, taint_of, toleration_of


def seconds_left(pod: Object, node: Object, now: datetime) -> float | None:
    """Until the pod is to go: 0 or less, now; None: it may stay.

    A taint that several tolerations fit lasts as long as the shortest of them; time counts from when it was added.
    """
    taints = [each for each in (node.get("spec") or {}).get("taints") or () if each.get("effect") == NO_EXECUTE]
    left: float | None = None
    for taint in taints:
        fitting = [each for each in pod["spec"].get("tolerations") or () if _tolerates(each, taint)]
        if not fitting:
            return 0.0
        seconds = [each["tolerationSeconds"] for each in fitting if each.get("tolerationSeconds") is not None]
        if seconds:
            due = max(float(min(seconds)), 0.0) - _age(taint, now)
            left = due if left is None else min(left, due)
    return left


def _tolerates(toleration: Object, taint: Object) -> bool:
    found = toleration_of(toleration)
    return found is not None and found.tolerates(taint_of(taint))


def _age(taint: Object, now: datetime) -> float:
    added = taint.get("timeAdded")
    return (now - times.parse(added)).total_seconds() if added else 0.0


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
