"""Where a pod goes: the decision, and the plan of many of them. Pure: facts and chance in, a decision out.

What was found out about nodes is remembered (:mod:`.fitting`), which no decision depends on.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from random import Random

import msgspec

from wherry.kube.scheduler import neighbours, spreading
from wherry.kube.scheduler.asking import Asking, Filter
from wherry.kube.scheduler.budgets import Budgets
from wherry.kube.scheduler.cluster import Cluster
from wherry.kube.scheduler.decision import Decision, Nominated, Placed, Refused, counted, distinct
from wherry.kube.scheduler.fitting import Fittings
from wherry.kube.scheduler.model import Pod
from wherry.kube.scheduler.options import Profile
from wherry.kube.scheduler.owners import Owners
from wherry.kube.scheduler.preemption import NEVER, WAITING, Preemption, victims
from wherry.kube.scheduler.refusals import Plugin, Refusal
from wherry.kube.scheduler.scoring import best
from wherry.kube.scheduler.search import Found, refuse, search
from wherry.kube.scheduler.volumes.facts import NOTHING_TO_DO, Volumes
from wherry.kube.scheduler.volumes.filter import VolumeFilter, prepare

CONTRADICTION = "pod affinity terms conflict"


class Facts:
    """All there is to know."""

    def __init__(self, cluster: Cluster | None = None) -> None:
        self.cluster = cluster or Cluster()
        self.volumes = Volumes()
        self.owners = Owners()
        self.budgets = Budgets()
        self.fittings = Fittings(self.cluster)


class Chance(msgspec.Struct, frozen=True):
    """What is left to chance: at which slot to begin, and which of equals to take."""

    start: int
    random: Random


class _Prepared(msgspec.Struct, frozen=True):
    """What the cluster is asked for one pod."""

    filters: Sequence[Filter]
    constraints: spreading.Constraints
    volumes: VolumeFilter | None


def decide(pod: Pod, facts: Facts, profile: Profile, chance: Chance) -> Decision:
    """A node for the pod, or why there is none, and who might make room. Changes nothing."""
    cluster = facts.cluster
    if not len(cluster):
        return Refused(0)
    asking = Asking(pod, profile, cluster, facts.fittings.of(pod.shape, profile))
    prepared = _prepare(asking, facts)
    if isinstance(prepared, Refusal):
        return _refused_whole(asking, prepared)
    filters = prepared.filters
    refused = _refused_before(asking, filters, chance.random)
    if refused is not None:
        return refused
    found = _nominated(asking, filters) or search(asking, filters, chance.start)
    if not found.feasible:
        return _refused(asking, filters, found, facts, chance.random)
    node = cluster.slots[best(asking, prepared.constraints, found.feasible, chance.random)]
    assert node is not None
    choice = prepared.volumes.choice(node) if prepared.volumes is not None else NOTHING_TO_DO
    return Placed(node.name, found.examined, len(found.feasible), choice)


def refusals(pod: Pod, facts: Facts, profile: Profile) -> Mapping[str, Refusal] | Refusal:
    """Why not, of each node by its name; those where it would fit are not among them. One Refusal: whichever."""
    asking = Asking(pod, profile, facts.cluster, facts.fittings.of(pod.shape, profile))
    prepared = _prepare(asking, facts)
    if isinstance(prepared, Refusal):
        return prepared
    found = ((node.name, refuse(asking, prepared.filters, node.slot)) for node in facts.cluster.nodes.values())
    return {name: refusal for name, refusal in found if refusal is not None}


def _prepare(asking: Asking, facts: Facts) -> _Prepared | Refusal:
    """A Refusal: no node will do, whichever."""
    profile = asking.profile
    volumes = _refuse_whole(asking) or prepare(asking, facts.volumes)
    if isinstance(volumes, Refusal):
        return volumes
    constraints = spreading.UNCONSTRAINED
    if profile.has(Plugin.SPREAD):
        constraints = spreading.constraints_of(asking, facts.owners)
    return _Prepared(_filters(asking, volumes, constraints), constraints, volumes)


def _refuse_whole(asking: Asking) -> Refusal | None:
    """What is in the way whichever the node."""
    shape, profile = asking.pod.shape, asking.profile
    if shape.unsupported and profile.has(Plugin.DEVICES):
        return Refusal(Plugin.DEVICES, (shape.unsupported,))
    if shape.node_names is not None and not shape.node_names:
        return Refusal(Plugin.NODE_AFFINITY, (CONTRADICTION,))
    return None


def _filters(asking: Asking, volumes: VolumeFilter | None, constraints: spreading.Constraints) -> list[Filter]:
    """In upstream's order."""
    found: list[Filter] = [] if volumes is None else [volumes]
    if constraints.hard:
        found.append(spreading.HardSpreads(asking, constraints.hard))
    if asking.profile.has(Plugin.POD_AFFINITY):
        required = neighbours.required(asking)
        if required is not None:
            found.append(required)
    return found


def _nominated(asking: Asking, filters: Sequence[Filter]) -> Found | None:
    """The node that was made free for the pod, if it will do."""
    name = asking.cluster.nomination(asking.pod.uid) or asking.pod.nominated
    node = asking.cluster.nodes.get(name)
    if node is None or refuse(asking, filters, node.slot) is not None:
        return None
    return Found((node.slot,))


def _refused_whole(asking: Asking, whole: Refusal) -> Refused:
    said = victims(asking, [], {}, Preemption(Budgets(), Random(0))) if asking.profile.has(Plugin.PREEMPTION) else None
    return Refused(len(asking.cluster), {}, whole, frozenset({whole.plugin}), said)


def _is_of_shape(asking: Asking, filters: Sequence[Filter]) -> bool:
    """What is decided about this pod is true of all of its shape."""
    return not filters and not asking.cluster.nominated and not asking.pod.nominated


def _refused_before(asking: Asking, filters: Sequence[Filter], random: Random) -> Refused | None:
    """One of its shape was, and nothing has happened since."""
    if not _is_of_shape(asking, filters):
        return None
    known: tuple[Refused, int] | None = asking.fitting.known("refused", asking.cluster.revision)
    if known is None:
        return None
    refused, hopeful = known
    if hopeful:
        random.randrange(hopeful)  # what comes next must not depend on what is remembered
    return refused


def _refused(asking: Asking, filters: Sequence[Filter], found: Found, facts: Facts, random: Random) -> Refused:
    said: Nominated | str | None = None
    if asking.profile.has(Plugin.PREEMPTION):
        said = victims(asking, filters, found.refusals, Preemption(facts.budgets, random))
    plugins = frozenset(refusal.plugin for refusal, _ in distinct(found.refusals))
    refused = Refused(len(asking.cluster), counted(found.refusals), None, plugins, said, found.examined)
    if _is_of_shape(asking, filters) and not isinstance(said, Nominated):
        hopeful = sum(refusal.resolvable for refusal in found.refusals.values()) if _looked(said) else 0
        asking.fitting.remember("refused", asking.cluster.revision, (refused, hopeful))
    return refused


def _looked(said: str | None) -> bool:
    """For somebody to preempt: at which node to begin was left to chance."""
    return said is not None and said not in (NEVER, WAITING)


def plan(pods: Iterable[Pod], facts: Facts, profile: Profile, random: Random) -> Iterator[tuple[Pod, Decision]]:
    """Decide about one after the other, each as if the others before were where they are to go. What it decides is
    put into ``facts``."""
    start = 0
    for pod in pods:
        decision = decide(pod, facts, profile, Chance(start, random))
        start += decision.examined
        if isinstance(decision, Placed):
            facts.cluster.set_pod(msgspec.structs.replace(pod, node=decision.node))
            facts.volumes.assume(decision.volumes, decision.node)
        yield pod, decision
