"""InterPodAffinity: with whom a pod wants to be in a domain, and who wants to be with it.

It goes both ways: also the pods that are there already may not want this one near (their required anti-affinity
filters), or may like or dislike it (their preferences score).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import compress, repeat
from operator import add, not_

import msgspec

from wherry.kube.scheduler.asking import Asking
from wherry.kube.scheduler.fitting import at
from wherry.kube.scheduler.model import Pod, PodTerm
from wherry.kube.scheduler.nodes import Node
from wherry.kube.scheduler.refusals import OTHERS_ANTI_AFFINITY, POD_AFFINITY, POD_ANTI_AFFINITY, Refusal

HIGHEST = 100
Values = list[str | None]


class _Found(msgspec.Struct):
    """What matters of the pods that are there, by domain. ``by_term`` go with the pod's own terms."""

    wanted: list[tuple[PodTerm, Values, Mapping[str, int]]] = msgspec.field(default_factory=list)
    unwanted: list[tuple[PodTerm, Values, Mapping[str, int]]] = msgspec.field(default_factory=list)
    closed: dict[str, Mapping[str, int]] = msgspec.field(default_factory=dict)
    """By label, by value: how many pods there do not want this one."""


def required(asking: Asking) -> "Neighbours | None":
    """None: nobody has anything against any node."""
    pod, cluster = asking.pod, asking.cluster
    found = _Found()
    for count in cluster.anti_affinity.about(pod, cluster.labels_of):
        key = count.term.topology_key
        others = found.closed.get(key)
        found.closed[key] = count.by_value if others is None else Counter(others) + Counter(count.by_value)
    shape = pod.shape
    if shape.affinity:
        tally = cluster.tallies.of(tuple(term.scope for term in shape.affinity))
        for term in shape.affinity:
            values = cluster.topology(term.topology_key).values
            found.wanted.append((term, values, tally.by_domain(term.topology_key, values)))
    for term in shape.anti_affinity:
        values = cluster.topology(term.topology_key).values
        counts = cluster.tallies.of((term.scope,)).by_domain(term.topology_key, values)
        found.unwanted.append((term, values, counts))
    if not (found.wanted or found.unwanted or found.closed):
        return None
    return Neighbours(asking, found)


class Neighbours:
    """A Filter."""

    def __init__(self, asking: Asking, found: _Found) -> None:
        self._asking = asking
        self._found = found
        pod, labels = asking.pod, asking.cluster.labels_of(asking.pod.namespace)
        self._is_first = bool(found.wanted) and not any(counts for _, _, counts in found.wanted)
        self._likes_itself = all(term.scope.matches(pod, labels) for term, _, _ in found.wanted)
        self._closed = [(asking.cluster.topology(key).values, counts) for key, counts in found.closed.items() if counts]

    def keep(self, slots: Sequence[int]) -> Sequence[int]:
        found = self._found
        alone = self._is_first and self._likes_itself
        for _, values, counts in found.wanted:
            mine = at(values, slots)
            if alone:
                slots = [slot for slot, value in zip(slots, mine, strict=True) if value is not None]
            else:
                slots = list(compress(slots, map(counts.__contains__, mine)))
        for values, counts in (*((values, counts) for _, values, counts in found.unwanted), *self._closed):
            if counts:
                slots = list(compress(slots, map(not_, map(counts.__contains__, at(values, slots)))))
        return slots

    def refusal(self, slot: int) -> Refusal | None:
        found = self._found
        for _, values, counts in found.wanted:
            value = values[slot]
            if value is None or (value not in counts and not (self._is_first and self._likes_itself)):
                return POD_AFFINITY
        if any(values[slot] in counts for _, values, counts in found.unwanted):
            return POD_ANTI_AFFINITY
        if any(values[slot] in closed for values, closed in self._closed):
            return OTHERS_ANTI_AFFINITY
        return None

    def suppose(self, node: Node) -> "_SupposedNeighbours":
        return _SupposedNeighbours(self._asking, self._found, node, self._likes_itself)


class _SupposedNeighbours:
    """Only the domains of that node change."""

    def __init__(self, asking: Asking, found: _Found, node: Node, likes_itself: bool) -> None:
        self._pod, self._cluster = asking.pod, asking.cluster
        self._likes_itself = likes_itself
        self._labels = node.labels
        self._wanted = [term for term, _, _ in found.wanted]
        self._unwanted = [term for term, _, _ in found.unwanted]
        self._with = [self._count(term, counts) for term, _, counts in found.wanted]
        self._without = [self._count(term, counts) for term, _, counts in found.unwanted]
        self._total = sum(sum(counts.values()) for _, _, counts in found.wanted)
        self._closed = sum(
            counts.get(value, 0) for key, counts in found.closed.items() if (value := node.labels.get(key)) is not None
        )

    def _count(self, term: PodTerm, counts: Mapping[str, int]) -> int:
        value = self._labels.get(term.topology_key)
        return counts.get(value, 0) if value is not None else 0

    def change(self, pod: Pod, by: int) -> None:
        space = self._cluster.labels_of(pod.namespace)
        if self._wanted and all(term.scope.matches(pod, space) for term in self._wanted):
            for position, term in enumerate(self._wanted):
                if term.topology_key in self._labels:
                    self._with[position] += by
                    self._total += by
        for position, term in enumerate(self._unwanted):
            if term.topology_key in self._labels and term.scope.matches(pod, space):
                self._without[position] += by
        own = self._cluster.labels_of(self._pod.namespace)
        for term in pod.shape.anti_affinity:
            if term.topology_key in self._labels and term.scope.matches(self._pod, own):
                self._closed += by

    def refusal(self) -> Refusal | None:
        alone = not self._total and self._likes_itself
        for term, count in zip(self._wanted, self._with, strict=True):
            if term.topology_key not in self._labels or (not count and not alone):
                return POD_AFFINITY
        if any(self._without):
            return POD_ANTI_AFFINITY
        return OTHERS_ANTI_AFFINITY if self._closed else None


def scores(asking: Asking, slots: Sequence[int]) -> list[int] | None:
    """0 … 100 each: how much the pod is liked in the node's domains and likes to be there. None: all are alike."""
    worth = _worth(asking)
    if not worth:
        return None
    total = [0] * len(slots)
    for key, by_value in worth.items():
        values = at(asking.cluster.topology(key).values, slots)
        total = list(map(add, total, map(by_value.get, values, repeat(0))))
    most, least = max(total), min(total)
    if most == least:
        return None
    worths = {score: int(HIGHEST * ((score - least) / (most - least))) for score in set(total)}
    return [worths[score] for score in total]


def _worth(asking: Asking) -> dict[str, dict[str | None, int]]:
    """By label, by value."""
    pod, cluster = asking.pod, asking.cluster
    worth: dict[str, dict[str | None, int]] = {}

    def count(key: str, counts: Mapping[str, int], weight: int) -> None:
        by_value = worth.setdefault(key, {})
        for value, number in counts.items():
            by_value[value] = by_value.get(value, 0) + weight * number

    for term in pod.shape.preferred_pods:
        values = cluster.topology(term.topology_key).values
        counts = cluster.tallies.of((term.scope,)).by_domain(term.topology_key, values)
        if counts:
            count(term.topology_key, counts, term.weight)
    for found in cluster.preferred.about(pod, cluster.labels_of):
        count(found.term.topology_key, found.by_value, found.term.weight)
    weight = asking.profile.hard_pod_affinity_weight
    if weight:
        for found in cluster.affinity.about(pod, cluster.labels_of):
            count(found.term.topology_key, found.by_value, weight)
    return {key: by_value for key, by_value in worth.items() if by_value}
