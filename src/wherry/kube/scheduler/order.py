"""In which order nodes are looked at, and how many."""

from collections.abc import Iterable
from itertools import zip_longest

from wherry.kube.scheduler.nodes import Node

FEW = 100
"""So many nodes with room are always looked for (pkg/scheduler/schedule_one.go: minFeasibleNodesToFind)."""
_LEAST_PERCENT = 5


def interleaved(nodes: Iterable[Node]) -> list[Node]:
    """One of each zone in turn, as long as they last; within a zone as they came."""
    zones: dict[str, list[Node]] = {}
    for node in nodes:
        zones.setdefault(node.zone, []).append(node)
    return [node for turn in zip_longest(*zones.values()) for node in turn if node is not None]


def enough(nodes: int, percentage: int | None = None) -> int:
    """So many nodes with room are enough to choose among. ``percentage`` of all (None: fewer, the more there are)."""
    if nodes < FEW:
        return nodes
    if not percentage:
        percentage = max(50 - nodes // 125, _LEAST_PERCENT)
    return min(max(nodes * percentage // 100, FEW), nodes)
