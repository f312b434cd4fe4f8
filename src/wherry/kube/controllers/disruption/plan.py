"""The status of a budget. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from wherry.kube.controllers.endpoints.facts import is_ready
from wherry.kube.machinery import times
from wherry.kube.machinery.intstr import scaled
from wherry.kube.machinery.model import Object

DELETION_SECONDS = 120
"""For how long an eviction that was allowed may take to show (pkg/controller/disruption DeletionTimeout)."""
_ALLOWED, _BLOCKED, _FAILED = "SufficientPods", "InsufficientPods", "SyncFailed"


class Counted(msgspec.Struct, frozen=True):
    """``expected``: pods that ought to be there; ``desired``: that must be healthy."""

    expected: int
    desired: int
    healthy: int
    disrupted: Mapping[str, str]

    @property
    def allowed(self) -> int:
        return max(0, self.healthy - self.desired) if self.expected > 0 else 0


def count(budget: Object, pods: Sequence[Object], expected: int, now: datetime) -> Counted:
    """``expected``: by the scale of the pods' owners. Raises ValueError for a percentage that is none."""
    spec = budget["spec"]
    if spec.get("maxUnavailable") is not None:
        most = scaled(spec["maxUnavailable"], expected, True)
        desired = max(0, expected - most)
    elif spec.get("minAvailable") is not None:
        desired = spec["minAvailable"]
        if isinstance(desired, int):
            expected = len(pods)
        else:
            desired = scaled(desired, expected, True)
    else:
        desired = 1
        expected = len(pods)
    disrupted = _disrupted(budget, pods, now)
    healthy = sum(1 for pod in pods if _is_healthy(pod) and pod["metadata"]["name"] not in disrupted)
    return Counted(expected, desired, healthy, disrupted)


def _is_healthy(pod: Object) -> bool:
    return "deletionTimestamp" not in pod["metadata"] and is_ready(pod)


def _disrupted(budget: Object, pods: Sequence[Object], now: datetime) -> dict[str, str]:
    """Of the evictions that were allowed, those whose pods are still there and may yet go."""
    before = (budget.get("status") or {}).get("disruptedPods") or {}
    there = {pod["metadata"]["name"] for pod in pods if "deletionTimestamp" not in pod["metadata"]}
    limit = timedelta(seconds=DELETION_SECONDS)
    return {name: at for name, at in before.items() if name in there and times.parse(at) + limit > now}


def next_look(counted: Counted, now: datetime) -> float | None:
    """Seconds until the first of the evictions that were allowed has not happened."""
    if not counted.disrupted:
        return None
    first = min(times.parse(at) for at in counted.disrupted.values())
    return max(0.0, (first + timedelta(seconds=DELETION_SECONDS) - now).total_seconds()) + 1


def status(budget: Object, counted: Counted, now: datetime) -> Object | None:
    """What to write; None: it is so already."""
    before = budget.get("status") or {}
    allowed = counted.allowed
    new: Object = {
        "observedGeneration": budget["metadata"].get("generation", 0),
        "currentHealthy": counted.healthy,
        "desiredHealthy": counted.desired,
        "expectedPods": counted.expected,
        "disruptionsAllowed": allowed,
        "conditions": _conditions(before, "True" if allowed else "False", _ALLOWED if allowed else _BLOCKED, "", now),
    }
    if counted.disrupted:
        new["disruptedPods"] = dict(counted.disrupted)
    return None if new == before else new


def failure(budget: Object, why: str, now: datetime) -> Object:
    """The status when it cannot be known how many pods there ought to be: nothing may be evicted."""
    before = budget.get("status") or {}
    conditions = _conditions(before, "False", _FAILED, why, now)
    return {
        **before, "observedGeneration": budget["metadata"].get("generation", 0), "disruptionsAllowed": 0,
        "conditions": conditions,
    }  # fmt: skip


def _conditions(before: Object, value: str, reason: str, message: str, now: datetime) -> list[Object]:
    others = [each for each in before.get("conditions") or () if each.get("type") != "DisruptionAllowed"]
    old = next((each for each in before.get("conditions") or () if each.get("type") == "DisruptionAllowed"), None)
    new: Object = {"type": "DisruptionAllowed", "status": value, "reason": reason, "message": message}
    since = old["lastTransitionTime"] if old and old.get("status") == value else times.rfc3339(now)
    return [*others, {**new, "lastTransitionTime": since}]
