"""What is known of all nodes for one shape of pods: where one fits, and what the node alone is worth.

Only nodes that have changed since are judged again, so the next pod of a shape costs the one or two nodes on which
something happened, however many there are. It is a memory, nothing else: a decision is the same without it.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import partial
from typing import Any, TypeVar

from wherry.kube.scheduler import resources, standing
from wherry.kube.scheduler.cluster import Cluster
from wherry.kube.scheduler.model import Shape
from wherry.kube.scheduler.nodes import Node
from wherry.kube.scheduler.options import Profile
from wherry.kube.scheduler.refusals import Plugin, Refusal

KEPT = 64
_REFUSED, _UNKNOWN, _NOBODY = -1, -2, -3
Found = TypeVar("Found")


Ask = Callable[[Node], Refusal | None]


def asks_of(shape: Shape, profile: Profile) -> tuple[Ask, ...]:
    """What a node is asked for pods of that shape, in upstream's order, without what no node could refuse."""
    has, found = profile.has, list[Ask]()
    if has(Plugin.UNSCHEDULABLE):
        found.append(partial(standing.refuse_unschedulable, shape))
    if has(Plugin.TAINTS):
        found.append(partial(standing.refuse_taints, shape))
    if has(Plugin.NODE_AFFINITY) and (profile.added_affinity is not None or not shape.demand.is_everything):
        found.append(partial(standing.refuse_affinity, shape, profile.added_affinity))
    if has(Plugin.PORTS) and shape.ports:
        found.append(partial(standing.refuse_ports, shape))
    if has(Plugin.RESOURCES):
        found.append(partial(resources.refuse_resources, shape, profile.ignored_resources))
    return tuple(found)


def judge(node: Node, asks: Iterable[Ask]) -> Refusal | None:
    """The first thing about the node itself that is in the way."""
    for ask in asks:
        found = ask(node)
        if found is not None:
            return found
    return None


class Fitting:
    """Of one shape, in one profile. ``scores`` by slot; negative where the pod does not fit or nobody has looked."""

    def __init__(self, shape: Shape, profile: Profile, cluster: Cluster) -> None:
        self.shape = shape
        self.profile = profile
        self.asks = asks_of(shape, profile)
        self.scores: list[int] = []
        self.refusals: dict[int, Refusal] = {}
        self.disliked: dict[int, int] = {}
        self.preferred: dict[int, int] = {}
        self._layout = -1
        self._seen = 0
        self._memory: dict[Hashable, tuple[object, Any]] = {}  # Any: each key's own
        self._allocation = profile.weight(Plugin.RESOURCES)
        self._balance = profile.weight(Plugin.BALANCE)
        self.refresh(cluster)

    def refresh(self, cluster: Cluster) -> None:
        """Forget what is no longer true."""
        seen = self._seen - cluster.forgotten
        self._seen = cluster.forgotten + len(cluster.changes)
        if self._layout != cluster.layout or seen < 0:
            self._layout = cluster.layout
            self.scores = [_UNKNOWN if node is not None else _NOBODY for node in cluster.slots]
            self.refusals, self.disliked, self.preferred = {}, {}, {}
            return
        scores = self.scores
        while len(scores) < len(cluster.slots):
            scores.append(_NOBODY)
        for slot in cluster.changes[seen:]:
            scores[slot] = _UNKNOWN if cluster.slots[slot] is not None else _NOBODY
            for notes in (self.refusals, self.disliked, self.preferred):
                if notes:
                    notes.pop(slot, None)

    def look(self, cluster: Cluster, slots: Sequence[int]) -> None:
        """Judge those of the slots that nobody has looked at."""
        scores = at(self.scores, slots)
        position = -1
        for _ in range(scores.count(_UNKNOWN)):
            position = scores.index(_UNKNOWN, position + 1)
            node = cluster.slots[slots[position]]
            assert node is not None
            self._judge(node.slot, node)

    def _judge(self, slot: int, node: Node) -> None:
        refusal = judge(node, self.asks)
        if refusal is not None:
            self.scores[slot] = _REFUSED
            self.refusals[slot] = refusal
            return
        shape, score = self.shape, 0
        if self._allocation:
            score = self._allocation * resources.allocation(shape, node, self.profile.strategy)
        if self._balance:
            score += self._balance * resources.balance(shape, node)
        self.scores[slot] = score
        disliked = standing.disliked_taints(shape, node) if node.taints else 0
        if disliked:
            self.disliked[slot] = disliked
        preferred = standing.preference(shape, node, self.profile)
        if preferred:
            self.preferred[slot] = preferred

    def fit(self, cluster: Cluster, slots: Sequence[int]) -> Sequence[int]:
        """Those of the slots where it fits, as far as the nodes themselves go."""
        self.look(cluster, slots)
        scores = self.scores
        if isinstance(slots, range) and min(at(scores, slots), default=0) >= 0:
            return slots
        return [slot for slot in slots if scores[slot] >= 0]

    def remembered(self, key: Hashable, revision: object, find: Callable[[], Found]) -> Found:
        """What was found for that key, if it was at that revision of whatever it depends on."""
        known = self._memory.get(key)
        if known is None or known[0] != revision:
            known = self._memory[key] = revision, find()
        found: Found = known[1]
        return found

    def known(self, key: Hashable, revision: object) -> Any:
        """The same, if it was found; None: it was not."""
        known = self._memory.get(key)
        return known[1] if known is not None and known[0] == revision else None

    def remember(self, key: Hashable, revision: object, found: object) -> None:
        self._memory[key] = revision, found


class Fittings:
    """Of the shapes that were asked for last."""

    def __init__(self, cluster: Cluster, kept: int = KEPT) -> None:
        self._cluster = cluster
        self._kept = kept
        self._fittings: OrderedDict[tuple[int, str], Fitting] = OrderedDict()

    def of(self, shape: Shape, profile: Profile) -> Fitting:
        """Up to date."""
        key = id(shape), profile.name
        fitting = self._fittings.get(key)
        if fitting is not None and fitting.shape is shape:
            self._fittings.move_to_end(key)
            fitting.refresh(self._cluster)
            return fitting
        fitting = self._fittings[key] = Fitting(shape, profile, self._cluster)
        if len(self._fittings) > self._kept:
            self._fittings.popitem(last=False)
        return fitting


def at(column: Sequence[Found], slots: Sequence[int]) -> Sequence[Found]:
    """The column's values at these slots; slots that are a range are one after the other."""
    if isinstance(slots, range):
        return column[slots.start : slots.stop]
    return [column[slot] for slot in slots]


def slots_of(cluster: Cluster, names: Iterable[str]) -> list[int]:
    """Of the nodes that there are, in order."""
    return sorted(node.slot for name in names if (node := cluster.nodes.get(name)) is not None)
