"""What policies keep from pods of the services that this node serves itself: names, and the API. Pure.

Elsewhere these are other pods or another machine, and a pod that may send nothing cannot resolve a name until a policy
allows it port 53 of the pods ``k8s-app: kube-dns`` in ``kube-system``, nor ask the API until one allows that. Here they
are processes of the node, which policies are not about: packets to them are not forwarded. So it is worked out who may
not get there, as if they were what they stand in for (:class:`wherry.node.proxy.model.StandIn`), and rules for what
arrives at the node drop just that.

As for every other service, what counts is what is behind it: its ports, its pods' labels, and for an ``ipBlock`` the
address that answers, not the service's. That is what most networks do (projectcalico/calico issues 5129 and 5170), and
NetworkPolicyPeer leaves it open.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from wherry.kube.machinery.model import Object
from wherry.node.proxy.model import Chain, NamedPort, StandIn, Target
from wherry.node.proxy.policies.model import PolicyPod
from wherry.node.proxy.policies.peers import Namespaces
from wherry.node.proxy.policies.reading import EGRESS, INGRESS, Direction, selector, subjects

WITHHELD = {
    "withheld4": "type ipv4_addr . ipv4_addr . inet_proto . inet_service;",
    "withheld6": "type ipv6_addr . ipv6_addr . inet_proto . inet_service;",
}
ANSWERED = Chain(
    tuple(
        f"ct state new {ip} saddr . {ip} daddr . meta l4proto . th dport @{name} drop"
        for name, ip in zip(WITHHELD, ("ip", "ip6"), strict=True)
    ),
    "type filter hook input priority -10",
)


@dataclass(frozen=True, slots=True)
class Case:
    """``ingress``: the policies there are for what pods get."""

    stand_in: StandIn
    namespaces: Namespaces
    ingress: Sequence[Object]

    @property
    def pod(self) -> PolicyPod:
        """What it is taken for."""
        wanted = self.stand_in
        return PolicyPod(wanted.namespace, "", "", wanted.labels, (wanted.address,))


def withheld(
    case: Case, pods: Iterable[PolicyPod], egress: Mapping[PolicyPod, Sequence[Object]]
) -> Iterator[tuple[str, str]]:
    """Elements, with the set that each is in. ``pods`` are this node's; ``egress``: the policies for what they send,
    of those that any selects."""
    guards = [policy for policy in case.ingress if subjects(policy).selects(case.pod, case.namespaces)]
    for pod in pods:
        for port in case.stand_in.ports:
            is_free = pod not in egress or _allows(case, EGRESS, egress[pod], case.pod, port)
            if not is_free or (guards and not _allows(case, INGRESS, guards, pod, port)):
                yield from _kept(pod, case.stand_in, port)


def _kept(pod: PolicyPod, stand_in: StandIn, port: NamedPort) -> Iterator[tuple[str, str]]:
    """Where it is, and where it says that it is: the API may listen there, too."""
    protocol = port.protocol.lower()
    for address, number in dict.fromkeys((stand_in.target, Target(stand_in.address, port.number))):
        version = 6 if ":" in address else 4
        for own in (each for each in pod.addresses if (":" in each) == (version == 6)):
            yield f"withheld{version}", f"{own} . {address} . {protocol} . {number}"


def _allows(case: Case, direction: Direction, policies: Iterable[Object], other: PolicyPod, port: NamedPort) -> bool:
    """Whether one of the policies lets packets to this port through. ``other`` is the peer: who sends them (ingress),
    or what the stand-in is taken for (egress)."""
    return any(
        _is_peer(case, policy, peer, other) and _is_port(case, wanted, port, direction is EGRESS and _is_block(peer))
        for policy in policies
        for rule in policy["spec"].get(direction.rules) or ()
        for peer in rule.get(direction.peers) or (None,)
        for wanted in rule.get("ports") or (None,)
    )


def _is_peer(case: Case, policy: Object, peer: Object | None, other: PolicyPod) -> bool:
    if peer is None:
        return True
    if _is_block(peer):
        is_ipv6 = ":" in case.stand_in.target.address
        return any(_is_in(each, peer["ipBlock"]) for each in other.addresses if (":" in each) == is_ipv6)
    return selector(peer, policy).selects(other, case.namespaces)


def _is_block(peer: Object | None) -> bool:
    return bool(peer and peer.get("ipBlock"))


def _is_in(address: str, block: Object) -> bool:
    found = ip_address(address)
    if found not in ip_network(block["cidr"], strict=False):
        return False
    return not any(found in ip_network(each, strict=False) for each in block.get("except") or ())


def _is_port(case: Case, wanted: Object | None, port: NamedPort, is_block: bool) -> bool:
    """``is_block``: packets go to addresses, which have no names for ports."""
    if wanted is None:
        return True
    if (wanted.get("protocol") or "TCP") != port.protocol:
        return False
    number = wanted.get("port")
    if number is None:
        return True
    if isinstance(number, int):
        return number <= port.number <= int(wanted.get("endPort") or number)
    return not is_block and NamedPort(number, port.protocol, port.number) in case.stand_in.ports
