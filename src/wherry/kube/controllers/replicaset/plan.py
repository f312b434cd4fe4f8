"""How many pods to make, or which to delete: pure."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

import msgspec

from wherry.kube.controllers.podcontrol.ranking import first_to_go
from wherry.kube.machinery.model import Object

BURST = 500
"""Pods that are made or deleted before their set is looked at again (replica_set.go BurstReplicas)."""


class Plan(msgspec.Struct, frozen=True):
    """One of both is empty."""

    create: int = 0
    delete: tuple[Object, ...] = ()


def plan(replicas: int, pods: Sequence[Object], related: Callable[[], Iterable[Object]], now: datetime) -> Plan:
    """``pods`` are the active ones of the set; ``related``, asked only when some of them must go, all pods of its
    deployment, so that the nodes that have the most of these lose some first."""
    missing = replicas - len(pods)
    if missing > 0:
        return Plan(create=min(missing, BURST))
    if missing == 0:
        return Plan()
    count = min(-missing, BURST)
    if not replicas:
        return Plan(delete=tuple(pods[:count]))  # all go, in whatever order
    return Plan(delete=tuple(first_to_go(pods, related(), count, now)))
