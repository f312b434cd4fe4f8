"""What is read of a policy: pure."""

from dataclasses import dataclass

from wherry.kube.machinery.model import Object
from wherry.kube.machinery.selectors import of_object
from wherry.node.proxy.policies.peers import Selector


@dataclass(frozen=True, slots=True)
class Direction:
    """``ours`` is the pod's side of a packet, ``theirs`` the other one's. ``rules`` and ``peers`` are the fields."""

    name: str
    rules: str
    peers: str
    ours: str
    theirs: str


INGRESS = Direction("ingress", "ingress", "from", "daddr", "saddr")
EGRESS = Direction("egress", "egress", "to", "saddr", "daddr")


def is_about(policy: Object, direction: Direction) -> bool:
    """Without ``policyTypes``: ingress always, egress when there are rules for it."""
    spec = policy["spec"]
    types = spec.get("policyTypes")
    if types:
        return direction.name.capitalize() in types
    return direction is INGRESS or bool(spec.get("egress"))


def subjects(policy: Object) -> Selector:
    """Whom it is about."""
    return Selector(of_object(policy["spec"].get("podSelector") or {}), policy["metadata"]["namespace"])


def selector(peer: Object, policy: Object) -> Selector:
    """Of a peer that is no block of addresses."""
    pods = of_object(peer.get("podSelector") or {})
    if peer.get("namespaceSelector") is None:
        return Selector(pods, policy["metadata"]["namespace"])
    return Selector(pods, None, of_object(peer["namespaceSelector"]))
