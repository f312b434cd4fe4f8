"""What comes out of a decision."""

from collections import Counter
from collections.abc import Iterator, Mapping

import msgspec

from wherry.kube.scheduler.model import Pod
from wherry.kube.scheduler.refusals import Plugin, Refusal
from wherry.kube.scheduler.volumes.facts import NOTHING_TO_DO, Choice


class Placed(msgspec.Struct, frozen=True):
    """``examined`` nodes were looked at, ``feasible`` of them would do."""

    node: str
    examined: int = 1
    feasible: int = 1
    volumes: Choice = NOTHING_TO_DO


class Nominated(msgspec.Struct, frozen=True):
    """The pod fits on this node once the victims are gone. The most important victim comes first."""

    node: str
    victims: tuple[Pod, ...]
    violations: int = 0
    """Victims that a disruption budget wants to keep."""


class Refused(msgspec.Struct, frozen=True):
    """No node will do. ``whole``: what is wrong with the pod itself, whichever the node. ``counts``: nodes by reason.

    ``preemption``: what came of looking for somebody less important: a node, or (text) why there is none; None: nobody
    looked.
    """

    nodes: int
    counts: Mapping[str, int] = msgspec.field(default_factory=dict)
    whole: Refusal | None = None
    plugins: frozenset[Plugin] = frozenset()
    """Who refused; what changes these may want to know of."""
    preemption: Nominated | str | None = None
    examined: int = 0

    @property
    def nominated(self) -> Nominated | None:
        return self.preemption if isinstance(self.preemption, Nominated) else None


Decision = Placed | Refused
NO_NODES = "no nodes available to schedule pods"


def message(refused: Refused) -> str:
    """Upstream's words, which people and programs read (pkg/scheduler/framework/types.go: FitError)."""
    if not refused.nodes:
        return NO_NODES
    text = available(refused.nodes, refused.counts, refused.whole)
    if isinstance(refused.preemption, str) and refused.preemption:
        text += f" preemption: {refused.preemption}"
    return text


def available(nodes: int, counts: Mapping[str, int], whole: Refusal | None = None) -> str:
    """``0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable.``"""
    text = f"0/{nodes} nodes are available:"
    if whole is not None:
        return f"{text} {', '.join(whole.reasons)}."
    reasons = sorted(f"{count} {reason}" for reason, count in counts.items())
    return f"{text} {', '.join(reasons)}." if reasons else text


def distinct(refusals: Mapping[int, Refusal]) -> Iterator[tuple[Refusal, int]]:
    """How many nodes say so. By identity, which is quick: what is said alike is mostly the same object."""
    objects = {id(refusal): refusal for refusal in refusals.values()}
    for identity, count in Counter(map(id, refusals.values())).items():
        yield objects[identity], count


def counted(refusals: Mapping[int, Refusal]) -> Counter[str]:
    """Nodes by reason."""
    found: Counter[str] = Counter()
    for refusal, count in distinct(refusals):
        for reason in refusal.reasons:
            found[reason] += count
    return found
