"""What a node is: NodeUnschedulable, TaintToleration, NodeAffinity, NodePorts.

(Upstream's NodeName has nothing to ask here: a pod that names its node has it, and never waits for a scheduler.)
"""

from collections.abc import Mapping, Sequence

from wherry.kube.machinery.nodeselectors import NodeTerm
from wherry.kube.machinery.taints import NO_SCHEDULE, PREFER_NO_SCHEDULE, Taint
from wherry.kube.scheduler.model import Shape
from wherry.kube.scheduler.nodes import Node
from wherry.kube.scheduler.options import Profile
from wherry.kube.scheduler.refusals import (
    NO_AFFINITY,
    NOT_ADDED_AFFINITY,
    PORTS_TAKEN,
    UNSCHEDULABLE,
    UNTOLERATED,
    Refusal,
)

HIGHEST = 100
_CORDON = Taint("node.kubernetes.io/unschedulable", "", NO_SCHEDULE)


def refuse_unschedulable(shape: Shape, node: Node) -> Refusal | None:
    if node.unschedulable and not shape.tolerates(_CORDON):
        return UNSCHEDULABLE
    return None


def refuse_taints(shape: Shape, node: Node) -> Refusal | None:
    """Which taint it is stands in no message: it may be nobody's business (kubernetes/kubernetes#134740, in 1.35)."""
    if any(taint.forbids and not shape.tolerates(taint) for taint in node.taints):
        return UNTOLERATED
    return None


def refuse_affinity(shape: Shape, added: Sequence[NodeTerm] | None, node: Node) -> Refusal | None:
    """``added``: one of these must match, too (None: nothing was added)."""
    if added is not None and not any(term.matches(node.name, node.labels) for term in added):
        return NOT_ADDED_AFFINITY
    if not shape.demand.is_everything and not shape.demand.matches(node.name, node.labels):
        return NO_AFFINITY
    return None


def refuse_ports(shape: Shape, node: Node) -> Refusal | None:
    return PORTS_TAKEN if shape.ports and not node.has_free(shape.ports) else None


def disliked_taints(shape: Shape, node: Node) -> int:
    """How many taints that pods should rather avoid are not tolerated."""
    return sum(taint.effect == PREFER_NO_SCHEDULE and not shape.tolerates(taint) for taint in node.taints)


def preference(shape: Shape, node: Node, profile: Profile) -> int:
    """The sum of the weights of preferred node affinity."""
    wanted = (*shape.preferences, *profile.added_preferences) if profile.added_preferences else shape.preferences
    return sum(each.weight for each in wanted if each.term.matches(node.name, node.labels))


def normalized(raw: Mapping[int, int], slots: Sequence[int], *, reverse: bool = False) -> list[int] | None:
    """0 … 100 in proportion to the highest; ``reverse``: to be the highest is bad. None: all nodes are alike."""
    if not raw:
        return None
    scores = [raw.get(slot, 0) for slot in slots]
    highest = max(scores)
    if highest == 0:
        return None
    if reverse:
        return [HIGHEST - HIGHEST * score // highest for score in scores]
    return [HIGHEST * score // highest for score in scores]
