"""Running counts of pods, so that nobody has to look at all of them for each decision.

A **tally** counts the pods that are meant by some scopes, by node and by domain (nodes with the same value of a label).
It is made when it is first asked for, by looking at all pods, and kept right from then on by being told of each that
comes or goes. Those that have not been asked for in a while are dropped.

A **term count** is the other direction: how many pods in each domain *have* a given term.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Generic, TypeVar

from wherry.kube.machinery.selectors import LabelSelector
from wherry.kube.scheduler.model import Labels, Pod, PodTerm, Scope
from wherry.kube.scheduler.selectors import exact

Item = TypeVar("Item")
LabelsOf = Callable[[str], Labels]
"""Of a namespace."""
KEPT = 2000
"""Tallies: some for each workload whose pods are being placed now."""


class ScopeIndex(Generic[Item]):
    """Finds what may be about a pod without asking all of it: by namespace and, where a selector wants one exact
    value of a label, by that. Whether it really is, the scope says."""

    def __init__(self) -> None:
        self._by_label: dict[tuple[str, str, str], dict[int, Item]] = {}
        self._others: dict[str, dict[int, Item]] = {}

    def _places(self, scope: Scope) -> Iterator[tuple[str, tuple[str, str] | None]]:
        """``*``: any namespace."""
        namespaces = {"*"} if scope.namespace_selector is not None else scope.namespaces
        label = exact(scope.selector)
        return ((namespace, label) for namespace in namespaces)

    def add(self, scope: Scope, item: Item) -> None:
        for namespace, label in self._places(scope):
            if label is None:
                self._others.setdefault(namespace, {})[id(item)] = item
            else:
                self._by_label.setdefault((namespace, *label), {})[id(item)] = item

    def remove(self, scope: Scope, item: Item) -> None:
        for namespace, label in self._places(scope):
            if label is None:
                _take(self._others, namespace, item)
            else:
                _take(self._by_label, (namespace, *label), item)

    def about(self, pod: Pod) -> Iterator[Item]:
        """Each once."""
        if self._others:
            for namespace in (pod.namespace, "*"):
                yield from self._others.get(namespace, {}).values()
        if self._by_label:
            for label in pod.labels.items():
                for namespace in (pod.namespace, "*"):
                    yield from self._by_label.get((namespace, *label), {}).values()


Place = TypeVar("Place")


def _take(places: dict[Place, dict[int, Item]], place: Place, item: Item) -> None:
    items = places[place]
    del items[id(item)]
    if not items:
        del places[place]


class Tally:
    """How many pods all of ``scopes`` mean."""

    __slots__ = ("_domains", "by_slot", "scopes", "skips_ending")

    def __init__(self, scopes: tuple[Scope, ...], skips_ending: bool) -> None:
        self.scopes = scopes
        self.skips_ending = skips_ending
        self.by_slot: dict[int, int] = {}
        """By node, without zeros."""
        self._domains: dict[str, dict[str, int]] = {}

    def counts(self, pod: Pod, labels_of: LabelsOf) -> bool:
        if self.skips_ending and pod.is_ending:
            return False
        return all(scope.matches(pod, labels_of(pod.namespace)) for scope in self.scopes)

    def change(self, slot: int, labels: Labels, by: int) -> None:
        """``labels`` are the node's."""
        _change(self.by_slot, slot, by)
        for key, counts in self._domains.items():
            value = labels.get(key)
            if value is not None:
                _change(counts, value, by)

    def by_domain(self, key: str, values: list[str | None]) -> Mapping[str, int]:
        """By value of the label ``key``, without zeros; ``values`` are those of all nodes."""
        counts = self._domains.get(key)
        if counts is None:
            counts = self._domains[key] = {}
            for slot, count in self.by_slot.items():
                value = values[slot]
                if value is not None:
                    counts[value] = counts.get(value, 0) + count
        return counts


Key = TypeVar("Key")


def _change(counts: dict[Key, int], key: Key, by: int) -> None:
    count = counts.get(key, 0) + by
    if count:
        counts[key] = count
    else:
        del counts[key]


class Tallies:
    """All tallies. ``pods``: those there are, of one namespace or (None) of all, with slot and labels of their
    nodes."""

    def __init__(self, pods: Callable[[str | None], Iterable[tuple[Pod, int]]], labels_of: LabelsOf) -> None:
        self._pods = pods
        self._labels_of = labels_of
        self._tallies: OrderedDict[tuple[tuple[Scope, ...], bool], Tally] = OrderedDict()
        self._index: ScopeIndex[Tally] = ScopeIndex()

    def __len__(self) -> int:
        return len(self._tallies)

    def of(self, scopes: tuple[Scope, ...], skips_ending: bool = False) -> Tally:
        """The running count; it changes as pods come and go."""
        key = scopes, skips_ending
        tally = self._tallies.get(key)
        if tally is not None:
            self._tallies.move_to_end(key)
            return tally
        tally = self._tallies[key] = Tally(scopes, skips_ending)
        self._index.add(scopes[0], tally)
        for pod, slot in self._candidates(scopes[0]):
            if tally.counts(pod, self._labels_of):
                tally.by_slot[slot] = tally.by_slot.get(slot, 0) + 1
        if len(self._tallies) > KEPT:
            _, old = self._tallies.popitem(last=False)
            self._index.remove(old.scopes[0], old)
        return tally

    def _candidates(self, scope: Scope) -> Iterable[tuple[Pod, int]]:
        if scope.namespace_selector is None and len(scope.namespaces) == 1:
            return self._pods(next(iter(scope.namespaces)))
        return self._pods(None)

    def change(self, pod: Pod, slot: int, labels: Labels, by: int) -> None:
        """A pod has come (1) to a node or gone (-1)."""
        if self._tallies:
            for tally in self._index.about(pod):
                if tally.counts(pod, self._labels_of):
                    tally.change(slot, labels, by)

    def clear(self) -> None:
        """Nodes or namespaces are not what they were: count anew."""
        self._tallies.clear()
        self._index = ScopeIndex()


class TermCount:
    """How many pods have ``term``, by domain."""

    __slots__ = ("by_value", "pods", "term")

    def __init__(self, term: PodTerm) -> None:
        self.term = term
        self.pods = 0
        self.by_value: dict[str, int] = {}


class TermCounts:
    """Of terms of one sort (required anti-affinity, say) that the pods there have."""

    def __init__(self) -> None:
        self._counts: dict[PodTerm, TermCount] = {}
        self._index: ScopeIndex[TermCount] = ScopeIndex()

    def __len__(self) -> int:
        return len(self._counts)

    def change(self, terms: Iterable[PodTerm], labels: Labels, by: int) -> None:
        """A pod with these has come (1) to a node with these labels, or gone (-1)."""
        for term in terms:
            count = self._counts.get(term)
            if count is None:
                count = self._counts[term] = TermCount(term)
                self._index.add(term.scope, count)
            value = labels.get(term.topology_key)
            if value is not None:
                _change(count.by_value, value, by)
            count.pods += by
            if not count.pods:
                del self._counts[term]
                self._index.remove(term.scope, count)

    def shown(self) -> dict[PodTerm, dict[str, int]]:
        """All of them, by domain."""
        return {term: dict(count.by_value) for term, count in self._counts.items()}

    def about(self, pod: Pod, labels_of: LabelsOf) -> Iterator[TermCount]:
        """Those whose terms mean this pod."""
        if self._counts:
            for count in self._index.about(pod):
                if count.term.scope.matches(pod, labels_of(pod.namespace)):
                    yield count


def scope_in(namespace: str, selector: LabelSelector) -> Scope:
    return Scope(frozenset({namespace}), selector)
