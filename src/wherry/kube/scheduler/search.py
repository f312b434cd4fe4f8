"""Looks for nodes that will do, from where the last search ended, until there are enough to choose among."""

from collections.abc import Sequence

import msgspec

from wherry.kube.scheduler.asking import Asking, Filter
from wherry.kube.scheduler.fitting import slots_of
from wherry.kube.scheduler.nodes import Node
from wherry.kube.scheduler.order import enough
from wherry.kube.scheduler.refusals import NOT_NAMED, Refusal
from wherry.kube.scheduler.trial import contenders, refusal_beside

_STEP = 128
"""Nodes that are looked at together at least."""


class Found(msgspec.Struct):
    """``feasible`` slots in the order in which they were come upon; why not the others of those that were looked at.
    ``examined``: how many that were."""

    feasible: Sequence[int] = ()
    refusals: dict[int, Refusal] = msgspec.field(default_factory=dict)
    examined: int = 0


def search(asking: Asking, filters: Sequence[Filter], start: int) -> Found:
    """``start``: the slot to begin at."""
    names = asking.pod.shape.node_names
    if names is not None:
        return _among(asking, filters, names)
    cluster = asking.cluster
    total = len(cluster.slots)
    start = start % total if total else 0
    wanted = enough(len(cluster), asking.profile.percentage)
    feasible: Sequence[int] = ()
    position = 0
    while position < total and len(feasible) < wanted:
        missing = wanted - len(feasible)
        window = _window(start + position, min(max(missing, _STEP), total - position), total)
        kept = _keep(asking, filters, window)
        if len(kept) > missing:
            kept = kept[:missing]
            window = window[: window.index(kept[-1]) + 1]
        feasible = kept if not feasible else [*feasible, *kept]
        position += len(window)
    found = Found(feasible, examined=position)
    if not feasible:
        found.refusals = _refusals(asking, filters, _window(start, total, total))
    return found


def _window(first: int, size: int, total: int) -> Sequence[int]:
    """Slots in turn; behind the last comes the first."""
    first %= total
    if first + size <= total:
        return range(first, first + size)
    return [*range(first, total), *range(first + size - total)]


def _keep(asking: Asking, filters: Sequence[Filter], window: Sequence[int]) -> Sequence[int]:
    kept = asking.fitting.fit(asking.cluster, window)
    for each in filters:
        if kept:
            kept = each.keep(kept)
    if kept and asking.cluster.nominated:
        return [slot for slot in kept if _is_free(asking, filters, asking.cluster.slots[slot])]
    return kept


def _is_free(asking: Asking, filters: Sequence[Filter], node: Node | None) -> bool:
    if node is None:
        return False
    others = contenders(asking, node)
    return not others or refusal_beside(asking, filters, node, others) is None


def _among(asking: Asking, filters: Sequence[Filter], names: frozenset[str]) -> Found:
    """Of few nodes, by their names; the others are not even asked."""
    cluster, found = asking.cluster, Found()
    mine = slots_of(cluster, names)
    feasible = []
    for slot in mine:
        refusal = refuse(asking, filters, slot)
        if refusal is None:
            feasible.append(slot)
        else:
            found.refusals[slot] = refusal
    found.feasible, found.examined = feasible, len(mine)
    if not feasible:
        for node in cluster.nodes.values():
            found.refusals.setdefault(node.slot, NOT_NAMED)
    return found


def _refusals(asking: Asking, filters: Sequence[Filter], slots: Sequence[int]) -> dict[int, Refusal]:
    if not filters and not asking.cluster.nominated:
        return dict(asking.fitting.refusals)
    return {slot: refusal for slot in slots if (refusal := refuse(asking, filters, slot)) is not None}


def refuse(asking: Asking, filters: Sequence[Filter], slot: int) -> Refusal | None:
    """Why this node will not do; None: it will, or there is none."""
    node = asking.cluster.slots[slot]
    if node is None:
        return None
    fitting = asking.fitting
    fitting.look(asking.cluster, (slot,))
    found = fitting.refusals.get(slot)
    if found is not None:
        return found
    for each in filters:
        found = each.refusal(slot)
        if found is not None:
            return found
    others = contenders(asking, node)
    return refusal_beside(asking, filters, node, others) if others else None
