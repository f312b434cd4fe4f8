"""From policies and pods to chains, sets and their elements: pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from ipaddress import ip_network

from wherry.kube.machinery.model import Object
from wherry.kube.machinery.selectors import EVERYTHING
from wherry.node.proxy.model import Chain, Ruleset, StandIn
from wherry.node.proxy.policies.model import PolicyPod
from wherry.node.proxy.policies.peers import Namespaces, Pods, Selector
from wherry.node.proxy.policies.reading import EGRESS, INGRESS, Direction, is_about, selector, subjects
from wherry.node.proxy.policies.standins import ANSWERED, WITHHELD, Case, withheld

_PROTOCOLS = {"TCP": "tcp", "UDP": "udp", "SCTP": "sctp"}
_SETS = {
    "egress4": "type ipv4_addr : verdict;", "egress6": "type ipv6_addr : verdict;",
    "ingress4": "type ipv4_addr : verdict;", "ingress6": "type ipv6_addr : verdict;",
    **WITHHELD,
}  # fmt: skip
_POLICIES = Chain(
    (
        "ip saddr . ip daddr @hairpin4 accept",  # a pod that reaches itself cannot be kept from it
        "ip6 saddr . ip6 daddr @hairpin6 accept",
        "ip saddr vmap @egress4",
        "ip6 saddr vmap @egress6",
        "ip daddr vmap @ingress4",
        "ip6 daddr vmap @ingress6",
    )
)
_CHAINS = {"policies": _POLICIES, "answered": ANSWERED}


def plan(
    policies: Iterable[Object], pods: Iterable[PolicyPod], namespaces: Namespaces, stand_ins: Iterable[StandIn] = ()
) -> Ruleset:
    """The chains ``policies`` and ``answered`` are always there; nothing else when nobody is selected."""
    every = tuple(pods)
    made = _Making(Pods(every, namespaces))
    everything = sorted(policies, key=lambda each: (each["metadata"]["namespace"], each["metadata"]["name"]))
    selecting = {direction.name: _selecting(made.pods, everything, direction) for direction in (INGRESS, EGRESS)}
    for direction in (INGRESS, EGRESS):
        for pod, theirs in selecting[direction.name].items():
            chain = made.chain(direction, theirs)
            for address in pod.addresses:
                made.add(f"{direction.name}{_version(address)}", address, f"jump {chain}")
    for stand_in in stand_ins:
        case = Case(stand_in, namespaces, tuple(each for each in everything if is_about(each, INGRESS)))
        for name, key in withheld(case, (pod for pod in every if pod.is_local), selecting[EGRESS.name]):
            made.add(name, key)
    return made.ruleset


def _selecting(pods: Pods, policies: Iterable[Object], direction: Direction) -> dict[PolicyPod, list[Object]]:
    """By pod of this node, the policies for a direction that select it."""
    found: dict[PolicyPod, list[Object]] = {}
    for policy in (each for each in policies if is_about(each, direction)):
        for pod in pods.selected(subjects(policy)):
            if pod.is_local:
                found.setdefault(pod, []).append(policy)
    return found


@dataclass(slots=True)
class _Making:
    pods: Pods
    ruleset: Ruleset = field(default_factory=lambda: Ruleset(dict(_SETS), dict(_CHAINS), {}))

    def add(self, name: str, key: str, value: str = "") -> None:
        self.ruleset.elements.setdefault(name, {})[key] = value

    def chain(self, direction: Direction, policies: Sequence[Object]) -> str:
        """The one for pods that exactly these select: what is allowed returns, the rest is dropped."""
        about = " ".join(f"{each['metadata']['namespace']}/{each['metadata']['name']}" for each in policies)
        name = f"{direction.name}-{_digest(about)}"
        if name not in self.ruleset.chains:
            rules = dict.fromkeys(rule for policy in policies for rule in self._policy(direction, policy))
            self.ruleset.chains[name] = Chain((*rules, "drop"))
        return name

    def _policy(self, direction: Direction, policy: Object) -> Iterator[str]:
        for rule in policy["spec"].get(direction.rules) or ():
            peers = rule.get(direction.peers) or (None,)
            for peer in peers:
                for port in rule.get("ports") or (None,):
                    yield from self._allowed(direction, policy, peer, port)

    def _allowed(self, direction: Direction, policy: Object, peer: Object | None, port: Object | None) -> Iterator[str]:
        for version, whom in self._peer(direction, policy, peer):
            for what in self._port(direction, policy, peer, port, version):
                yield " ".join(part for part in (whom, what, "return") if part)

    def _peer(self, direction: Direction, policy: Object, peer: Object | None) -> Iterator[tuple[int, str]]:
        """By family; 0: both."""
        if peer is None:
            yield 0, ""
        elif peer.get("ipBlock"):
            yield _block(peer["ipBlock"], direction.theirs)
        else:
            whom = selector(peer, policy)
            for version, ip in ((4, "ip"), (6, "ip6")):
                name = f"pods{version}-{_digest(str(whom))}"
                self.ruleset.sets[name] = f"type ipv{version}_addr;"
                for pod in self.pods.selected(whom):
                    for address in (each for each in pod.addresses if _version(each) == version):
                        self.add(name, address)
                yield version, f"{ip} {direction.theirs} @{name}"

    def _port(
        self, direction: Direction, policy: Object, peer: Object | None, port: Object | None, version: int
    ) -> Iterator[str]:
        if port is None:
            yield ""
            return
        protocol = _PROTOCOLS.get(port.get("protocol") or "TCP")
        number = port.get("port")
        if protocol is None:
            return
        if number is None:
            yield f"meta l4proto {protocol}"
        elif isinstance(number, int):
            yield f"{protocol} dport {number}" + (f"-{port['endPort']}" if port.get("endPort") else "")
        else:
            yield from self._named(self._holders(direction, policy, peer), port, protocol, version)

    def _holders(self, direction: Direction, policy: Object, peer: Object | None) -> Selector | None:
        """Whose containers a port's name is looked up in: those that packets go to. None: they are no pods."""
        if direction is INGRESS:
            return subjects(policy)
        if peer is None:
            return Selector(EVERYTHING)
        return None if peer.get("ipBlock") else selector(peer, policy)

    def _named(self, holders: Selector | None, port: Object, protocol: str, version: int) -> Iterator[str]:
        if holders is None:
            return
        wanted = (port["port"], port.get("protocol") or "TCP")
        for each, ip in ((4, "ip"), (6, "ip6")):
            if version not in (0, each):
                continue
            name = f"ports{each}-{_digest(f'{holders} {wanted}')}"
            self.ruleset.sets[name] = f"type ipv{each}_addr . inet_proto . inet_service;"
            for pod in self.pods.selected(holders):
                numbers = {found.number for found in pod.ports if (found.name, found.protocol) == wanted}
                for address in (one for one in pod.addresses if _version(one) == each):
                    for number in numbers:
                        self.add(name, f"{address} . {protocol} . {number}")
            yield f"{ip} daddr . meta l4proto . th dport @{name}"


def _block(block: Object, side: str) -> tuple[int, str]:
    network = ip_network(block["cidr"], strict=False)
    ip = "ip" if network.version == 4 else "ip6"
    found = f"{ip} {side} {network}" if network.prefixlen else f"meta nfproto ipv{network.version}"
    if block.get("except"):
        but = ", ".join(str(ip_network(each, strict=False)) for each in block["except"])
        found += f" {ip} {side} != {{ {but} }}"
    return network.version, found


def _version(address: str) -> int:
    return 6 if ":" in address else 4


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:12]
