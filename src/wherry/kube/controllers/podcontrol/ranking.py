"""Which pods go first when there are too many: pure (k8s.io/kubernetes pkg/controller/controller_utils.go,
ActivePodsWithRanks)."""

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from wherry.kube.controllers.podcontrol.pods import is_active, phase_of, ready_condition
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.times import parse

DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
_PHASES = {"Pending": 0, "Unknown": 1, "Running": 2}
_INT32 = 2**31


def first_to_go(pods: Sequence[Object], related: Iterable[Object], count: int, now: datetime) -> list[Object]:
    """``count`` of ``pods``. In this order: on no node; pending, unknown, running; not ready; of lower deletion cost;
    on a node with more active pods of ``related``; ready more recently; restarted more often; younger. Ages count by
    their order of magnitude (powers of two), so that among equals it is not always the youngest that goes; what then
    is equal goes by uid, which is as good as chance."""
    if count >= len(pods):
        return list(pods)
    neighbours: dict[str, int] = {}
    for pod in related:
        if is_active(pod):
            node = pod["spec"].get("nodeName", "")
            neighbours[node] = neighbours.get(node, 0) + 1
    magnitude = _magnitudes(now)
    return sorted(pods, key=lambda pod: _rank(pod, neighbours, magnitude))[:count]


def _rank(pod: Object, neighbours: dict[str, int], magnitude: Callable[[str | None], int]) -> tuple[object, ...]:
    meta = pod["metadata"]
    node, ready = pod["spec"].get("nodeName", ""), ready_condition(pod)
    regular, sidecar = _restarts(pod)
    return (
        bool(node),
        _PHASES.get(phase_of(pod), 0),
        ready is not None,
        deletion_cost(pod),
        -neighbours.get(node, 0),
        magnitude(ready.get("lastTransitionTime")) if ready else 0,
        -regular,
        -sidecar,
        magnitude(meta.get("creationTimestamp")),
        meta.get("uid", ""),
    )


def _magnitudes(now: datetime) -> Callable[[str | None], int]:
    """Of ages, by the time since when: the power of two of their nanoseconds. -1: it is in the future; what has no time
    is oldest of all."""
    known: dict[str | None, int] = {None: 64, "": 64}  # many pods share a second

    def magnitude(since: str | None) -> int:
        if since not in known:
            seconds = (now - parse(since or "")).total_seconds()
            known[since] = int(math.log2(seconds * 1e9)) if seconds > 0 else -1
        return known[since]

    return magnitude


def deletion_cost(pod: Object) -> int:
    """As its annotation says, 0 where there is none or one that cannot be read."""
    text = (pod["metadata"].get("annotations") or {}).get(DELETION_COST, "")
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal()) or (digits.startswith("0") and text != "0"):
        return 0
    cost = int(text)
    return cost if -_INT32 <= cost < _INT32 else 0


def _restarts(pod: Object) -> tuple[int, int]:
    """The most of any container, and of any init container that runs beside them."""
    status = pod.get("status") or {}
    regular = max((each.get("restartCount", 0) for each in status.get("containerStatuses") or ()), default=0)
    sidecars = {
        each.get("name") for each in pod["spec"].get("initContainers") or () if each.get("restartPolicy") == "Always"
    }
    counts = (
        each.get("restartCount", 0)
        for each in status.get("initContainerStatuses") or ()
        if each.get("name") in sidecars
    )
    return regular, max(counts, default=0)
