"""PodTopologySpread: pods of a kind in all domains alike.

A *domain* is the nodes with the same value of a label. Hard constraints filter: no domain may have more than
``maxSkew`` pods more than the emptiest one. Soft ones score.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import repeat
from typing import Any

import msgspec
from msgspec.structs import replace

from wherry.kube.machinery.selectors import LabelSelector
from wherry.kube.scheduler.asking import Asking
from wherry.kube.scheduler.fitting import at
from wherry.kube.scheduler.model import HOSTNAME, Pod, Spread
from wherry.kube.scheduler.nodes import Node
from wherry.kube.scheduler.options import SYSTEM_SPREADS
from wherry.kube.scheduler.owners import Owners
from wherry.kube.scheduler.refusals import SPREAD, SPREAD_LABEL, Refusal
from wherry.kube.scheduler.tallies import Tally, scope_in

HIGHEST = 100
_NONE: Mapping[str, int] = {}


class Constraints(msgspec.Struct, frozen=True):
    """``needs_all``: a node without one of the labels counts for none of the constraints."""

    hard: tuple[Spread, ...] = ()
    soft: tuple[Spread, ...] = ()
    needs_all: bool = True


UNCONSTRAINED = Constraints()


def constraints_of(asking: Asking, owners: Owners) -> Constraints:
    """The pod's own, or else the default ones, about the pods of its services and its workload."""
    spreads = asking.pod.shape.spreads
    if spreads:
        return _split(spreads)
    defaults = asking.profile.spreads
    selector = owners.selector(asking.pod)
    if selector.nothing:
        return UNCONSTRAINED
    return _defaults(SYSTEM_SPREADS if defaults is None else defaults, selector, defaults is not None)


@lru_cache(maxsize=1024)
def _defaults(spreads: tuple[Spread, ...], selector: LabelSelector, needs_all: bool) -> Constraints:
    mine = _split([replace(each, selector=selector) for each in spreads])
    return replace(mine, needs_all=needs_all)


def _split(spreads: Sequence[Spread]) -> Constraints:
    return Constraints(tuple(each for each in spreads if each.hard), tuple(each for each in spreads if not each.hard))


class Domains(msgspec.Struct, frozen=True):
    """``counts`` of pods, without zeros; ``number``: of domains that count, empty ones too."""

    counts: Mapping[str, int]
    number: int
    eligible: frozenset[int] | None
    """Slots of the nodes that count; None: all of them."""


def domains_of(asking: Asking, spread: Spread, keys: tuple[str, ...]) -> Domains:
    """The domains of a constraint: of nodes that have all of the labels ``keys``, and that the pod could be on as far
    as the constraint honours that."""
    cluster = asking.cluster
    topology = cluster.topology(spread.topology_key)
    eligible = _eligible(asking, spread, keys)
    if spread.selector.is_everything:  # upstream counts nobody then
        return Domains(_NONE, len(topology.nodes), eligible)
    tally = _pods_of(asking, spread)
    if eligible is None:
        return Domains(tally.by_domain(spread.topology_key, topology.values), len(topology.nodes), None)
    counts: dict[str, int] = {}
    values = topology.values
    for slot, count in tally.by_slot.items():
        value = values[slot]
        if value is not None and slot in eligible:
            counts[value] = counts.get(value, 0) + count
    mark = "number", spread.topology_key, keys, spread.honors_affinity, spread.honors_taints
    found = asking.fitting.remembered(mark, cluster.ground, lambda: len({values[slot] for slot in eligible} - {None}))
    return Domains(counts, found, eligible)


def _eligible(asking: Asking, spread: Spread, keys: tuple[str, ...]) -> frozenset[int] | None:
    cluster, shape = asking.cluster, asking.pod.shape
    by_affinity = spread.honors_affinity and not shape.demand.is_everything
    if not by_affinity and not spread.honors_taints and not any(cluster.topology(key).without for key in keys):
        return None

    def find() -> frozenset[int]:
        return frozenset(
            node.slot for node in cluster.nodes.values()
            if all(key in node.labels for key in keys)
            and (not by_affinity or shape.demand.matches(node.name, node.labels))
            and not (spread.honors_taints and any(each.forbids and not shape.tolerates(each) for each in node.taints))
        )  # fmt: skip

    mark = "eligible", keys, by_affinity, spread.honors_taints
    return asking.fitting.remembered(mark, cluster.ground, find)


class _Limit(msgspec.Struct, frozen=True):
    """One hard constraint, counted. ``own``: 1 when the pod itself will be one of those it counts."""

    spread: Spread
    values: list[str | None]
    domains: Domains
    own: int

    @property
    def most(self) -> int:
        """Pods that a domain may have now."""
        counts, spread = self.domains.counts, self.spread
        least = 0
        if self.domains.number >= spread.min_domains and 0 < len(counts) == self.domains.number:
            least = min(counts.values())
        return spread.max_skew + least - self.own

    def least_of_others(self, value: str) -> int | None:
        """In the emptiest of all other domains; None: there is no other."""
        others = len(self.domains.counts) - (value in self.domains.counts)
        if others < self.domains.number - 1:
            return 0
        return min((count for name, count in self.domains.counts.items() if name != value), default=None)


class HardSpreads:
    """A Filter."""

    def __init__(self, asking: Asking, hard: tuple[Spread, ...]) -> None:
        self._pod = asking.pod
        keys = tuple(dict.fromkeys(each.topology_key for each in hard))
        self._limits = [
            _Limit(
                each,
                asking.cluster.topology(each.topology_key).values,
                domains_of(asking, each, keys),
                int(each.selector.matches(asking.pod.labels)),
            )
            for each in hard
        ]
        self._most = [limit.most for limit in self._limits]

    def keep(self, slots: Sequence[int]) -> Sequence[int]:
        for limit, most in zip(self._limits, self._most, strict=True):
            values, counts = limit.values, limit.domains.counts
            slots = [slot for slot in slots if (value := values[slot]) is not None and counts.get(value, 0) <= most]
        return slots

    def refusal(self, slot: int) -> Refusal | None:
        for limit, most in zip(self._limits, self._most, strict=True):
            value = limit.values[slot]
            if value is None:
                return SPREAD_LABEL
            if limit.domains.counts.get(value, 0) > most:
                return SPREAD
        return None

    def suppose(self, node: Node) -> "_SupposedSpreads":
        return _SupposedSpreads(self._pod, self._limits, node)


class _SupposedSpreads:
    """Only the domains of that node change."""

    def __init__(self, pod: Pod, limits: list[_Limit], node: Node) -> None:
        self._pod = pod
        self._limits = limits
        self._values = [node.labels.get(limit.spread.topology_key) for limit in limits]
        self._counted = [limit.domains.eligible is None or node.slot in limit.domains.eligible for limit in limits]
        self._counts = [
            limit.domains.counts.get(value, 0) if value is not None else 0
            for limit, value in zip(limits, self._values, strict=True)
        ]
        self._others = [
            limit.least_of_others(value) if value is not None else None
            for limit, value in zip(limits, self._values, strict=True)
        ]

    def change(self, pod: Pod, by: int) -> None:
        if pod.namespace != self._pod.namespace or pod.is_ending:
            return
        for position, limit in enumerate(self._limits):
            selector = limit.spread.selector
            if self._counted[position] and not selector.is_everything and selector.matches(pod.labels):
                self._counts[position] += by

    def refusal(self) -> Refusal | None:
        for position, limit in enumerate(self._limits):
            if self._values[position] is None:
                return SPREAD_LABEL
            count, others, spread = self._counts[position], self._others[position], limit.spread
            least = count if others is None else min(others, count)
            if limit.domains.number < spread.min_domains:
                least = 0
            if count + limit.own - least > spread.max_skew:
                return SPREAD
        return None


def soft_scores(asking: Asking, constraints: Constraints, slots: Sequence[int]) -> list[int] | None:
    """0 … 100 each: the fewer pods in the node's domains the more. None: all are alike.

    Each pod in a domain weighs the more, the more such domains there are (the logarithm of their number): the pods of
    a zone would drown those of a node otherwise. A node that is ignored, for want of a label, gets 0. There are few
    sorts of nodes, by how full their domains are: what is reckoned is reckoned for each sort.
    """
    if not constraints.soft:
        return None
    sorts = list(zip(*(_column(asking, spread, slots) for spread in constraints.soft), strict=True))
    distinct = set(sorts)
    ignored = {each for each in distinct if constraints.needs_all and None in each}
    number = len(sorts) - (sum(map(ignored.__contains__, sorts)) if ignored else 0)
    keys = tuple(dict.fromkeys(each.topology_key for each in constraints.soft)) if constraints.needs_all else ()
    totals = dict.fromkeys(distinct - ignored, 0.0)
    for position, spread in enumerate(constraints.soft):
        values = {each[position] for each in totals}
        table = _fullness(asking, spread, keys, values, number)
        for each in totals:
            totals[each] += table[each[position]]
    worth = _worth(totals, ignored)
    return list(map(worth.__getitem__, sorts)) if worth is not None else None


Value = str | int | None
"""Of a domain: its name, or, where each node is one, how many pods there are. None: the node is in none."""


def _column(asking: Asking, spread: Spread, slots: Sequence[int]) -> Sequence[Value]:
    topology = asking.cluster.topology(spread.topology_key)
    values = at(topology.values, slots)
    if not _is_of_nodes(spread):
        return values
    counts = list(map(_pods_of(asking, spread).by_slot.get, slots, repeat(0)))
    if not topology.without:
        return counts
    return [count if value is not None else None for count, value in zip(counts, values, strict=True)]


def _is_of_nodes(spread: Spread) -> bool:
    return spread.topology_key == HOSTNAME and not spread.selector.is_everything


def _pods_of(asking: Asking, spread: Spread) -> Tally:
    return asking.cluster.tallies.of((scope_in(asking.pod.namespace, spread.selector),), skips_ending=True)


def _fullness(
    asking: Asking, spread: Spread, keys: tuple[str, ...], values: set[Value], number: int
) -> dict[Value, float]:
    """How full each domain is, by one constraint. ``number``: of nodes."""
    base = float(spread.max_skew - 1)
    table: dict[Value, float]
    if _is_of_nodes(spread):
        weight = math.log(number + 2)
        table = {count: count * weight + base for count in values if isinstance(count, int)}
    else:
        weight = math.log(len(values) + 2)
        by_value = domains_of(asking, spread, keys).counts
        table = {value: by_value.get(value, 0) * weight + base for value in values if isinstance(value, str)}
    return {**table, None: 0.0}


def _worth(totals: Mapping[tuple[Value, ...], float], ignored: Iterable[tuple[Value, ...]]) -> dict[Any, int] | None:
    """Of each sort of nodes. None: there is but one."""
    rounded = {each: int(total + 0.5) for each, total in totals.items()}
    if not rounded:
        return None
    most, least = max(rounded.values()), min(rounded.values())
    nothing = dict.fromkeys(ignored, 0)
    if most == least and not nothing:
        return None
    worth = {each: HIGHEST * (most + least - total) // most if most else HIGHEST for each, total in rounded.items()}
    return worth | nothing
