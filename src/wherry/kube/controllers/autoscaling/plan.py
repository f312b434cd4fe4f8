"""How many replicas a metric asks for: pure (podautoscaler/replica_calculator.go)."""

from collections.abc import Mapping, Sequence
from math import ceil

import msgspec

TOLERANCE = 0.1
"""kube-controller-manager --horizontal-pod-autoscaler-tolerance."""


class NoMetrics(Exception):
    """Nothing can be said of this metric. ``str()`` is upstream's message."""


class Fleet(msgspec.Struct, frozen=True):
    """Pods by what can be said of them; names. ``ready`` ones have a sample that counts."""

    ready: frozenset[str] = frozenset()
    unready: frozenset[str] = frozenset()
    missing: frozenset[str] = frozenset()


class Target(msgspec.Struct, frozen=True):
    """Of a metric, in thousandths of its unit: either a share of what pods request, or so much a pod."""

    utilization: int | None = None
    average: int | None = None


class Proposal(msgspec.Struct, frozen=True):
    """``utilization`` in percent where the target is one; ``average`` in thousandths, a pod."""

    replicas: int
    average: int
    utilization: int | None = None


def propose(
    current: int,
    samples: Mapping[str, int],
    requests: Mapping[str, int],
    fleet: Fleet,
    target: Target,
    tolerances: tuple[float, float] = (TOLERANCE, TOLERANCE),
) -> Proposal:
    """From samples and requests by pod, in thousandths. ``tolerances``: down, up. Raises NoMetrics.

    Pods that say nothing are taken to use nothing when it looks like scaling up, and all they may when it looks like
    scaling down: what is not known does not make for a change.
    """
    counted = {name: samples[name] for name in fleet.ready if name in samples}
    if not counted:
        raise NoMetrics("did not receive metrics for targeted pods (pods might be unready)")
    ratio = _ratio(counted, requests, target)
    average = sum(counted.values()) // len(counted)
    share = _utilization(counted, requests) if target.utilization is not None else None
    if not (fleet.unready and ratio > 1) and not fleet.missing:
        replicas = current if _within(ratio, tolerances) else _up(ratio * len(fleet.ready))
        return Proposal(replicas, average, share)
    assumed = dict(counted)
    if ratio < 1:
        assumed |= {name: _whole(name, requests, target) for name in fleet.missing}
    elif ratio > 1:
        assumed |= dict.fromkeys(fleet.missing, 0)
        assumed |= dict.fromkeys(fleet.unready, 0)
    again = _ratio(assumed, requests, target)
    turned = (ratio < 1 < again) or (again < 1 < ratio)
    replicas = _up(again * len(assumed))
    contrary = (again < 1 and replicas > current) or (again > 1 and replicas < current)
    return Proposal(current if _within(again, tolerances) or turned or contrary else replicas, average, share)


def combined(current: int, found: Sequence[Proposal | NoMetrics]) -> int:
    """The largest of several. Raises NoMetrics when a metric that failed might have asked for more."""
    proposals = [each.replicas for each in found if isinstance(each, Proposal)]
    failures = [each for each in found if isinstance(each, NoMetrics)]
    if failures and (not proposals or max(proposals) < current):
        raise failures[0]
    return max(proposals)


def _ratio(samples: Mapping[str, int], requests: Mapping[str, int], target: Target) -> float:
    if target.utilization is not None:
        return _utilization(samples, requests) / target.utilization
    assert target.average is not None
    return sum(samples.values()) / len(samples) / target.average


def _utilization(samples: Mapping[str, int], requests: Mapping[str, int]) -> int:
    requested = sum(requests[name] for name in samples if name in requests)
    if not requested:
        raise NoMetrics("no metrics returned matched known pods")
    return sum(samples.values()) * 100 // requested


def _whole(name: str, requests: Mapping[str, int], target: Target) -> int:
    """All that the pod may use without asking for more replicas."""
    if target.utilization is None:
        return target.average or 0
    return requests.get(name, 0) * max(100, target.utilization) // 100


def _within(ratio: float, tolerances: tuple[float, float]) -> bool:
    down, up = tolerances
    return 1 - down <= ratio <= 1 + up


def _up(replicas: float) -> int:
    return ceil(round(replicas, 9))  # 3.0000000000000004 is 3
