"""Which volume a claim gets on a node (pkg/controller/volume/persistentvolume: FindMatchingVolume;
pkg/scheduler/framework/plugins/volumebinding/binder.go)."""

from collections.abc import Iterable, Sequence

from wherry.kube.scheduler.nodes import Node
from wherry.kube.scheduler.volumes.facts import Choice, Volumes
from wherry.kube.scheduler.volumes.view import Claim, Volume

NO_VOLUME = "node(s) didn't find available persistent volumes to bind"
WRONG_NODE = "node(s) didn't match PersistentVolume's node affinity"
LOST_VOLUME = "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"


def check_bound(facts: Volumes, claims: Iterable[Claim], node: Node) -> list[str]:
    """Why claims that have their volumes cannot be used on that node."""
    is_there, is_known = True, True
    for claim in claims:
        volume = facts.volumes.get(claim.volume)
        if volume is None:
            is_known = False
        elif not volume.is_on(node.name, node.labels):
            is_there = False
    return [] if is_there and is_known else [LOST_VOLUME] if not is_known else [WRONG_NODE]


def choose(facts: Volumes, claims: Sequence[Claim], node: Node) -> Choice | None:
    """What to do about claims that have none, on that node; None: they cannot all be had there. Small ones first: they
    leave the large volumes to the others."""
    bound: list[tuple[Claim, Volume]] = []
    provisioned: list[Claim] = []
    for claim in sorted(claims, key=lambda each: (each.size, each.name)):
        if claim.node:
            if claim.node != node.name:
                return None
            volume = None
        else:
            volume = find(facts, claim, node, {each.name for _, each in bound})
        if volume is not None:
            bound.append((claim, volume))
        elif _can_provision(facts, claim, node):
            provisioned.append(claim)
        else:
            return None
    return Choice(tuple(bound), tuple(provisioned))


def _can_provision(facts: Volumes, claim: Claim, node: Node) -> bool:
    found = facts.classes.get(claim.storage_class)
    return found is not None and found.provisions_on(node.labels)


def find(facts: Volumes, claim: Claim, node: Node, taken: set[str]) -> Volume | None:
    """The smallest volume that will do; one that was made for the claim before all others."""
    best: Volume | None = None
    for volume in facts.of_class(claim.storage_class):
        if volume.name in taken or volume.is_ending or volume.volume_mode != claim.volume_mode:
            continue
        owner = facts.claim_of(volume)
        if owner is not None and not _is_mine(owner, claim):
            continue
        if volume.size < claim.size or not volume.is_on(node.name, node.labels):
            continue
        if owner is not None:
            return volume
        if not volume.is_available or not claim.selector.matches(volume.labels) or not claim.modes <= volume.modes:
            continue
        if best is None or volume.size < best.size:
            best = volume
    return best


def _is_mine(owner: tuple[str, str, str], claim: Claim) -> bool:
    namespace, name, uid = owner
    return (namespace, name) == claim.key and uid in ("", claim.uid)
