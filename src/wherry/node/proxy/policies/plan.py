"""From policies and pods to chains, sets and their elements: pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from ipaddress import ip_network

from wherry.kube.machinery.model import Object
from wherry.kube.machinery.selectors import EVERYTHING, of_object
from wherry.node.proxy.model import Chain, Ruleset
from wherry.node.proxy.policies.model import PolicyPod
from wherry.node.proxy.policies.peers import Pods, Selector

_PROTOCOLS = {"TCP": "tcp", "UDP": "udp", "SCTP": "sctp"}
_SETS = {
    "egress4": "type ipv4_addr : verdict;", "egress6": "type ipv6_addr : verdict;",
    "ingress4": "type ipv4_addr : verdict;", "ingress6": "type ipv6_addr : verdict;",
}  # fmt: skip
_BASE = Chain(
    (
        "ip saddr . ip daddr @hairpin4 accept",  # a pod that reaches itself cannot be kept from it
        "ip6 saddr . ip6 daddr @hairpin6 accept",
        "ip saddr vmap @egress4",
        "ip6 saddr vmap @egress6",
        "ip daddr vmap @ingress4",
        "ip6 daddr vmap @ingress6",
    )
)
EGRESS, INGRESS = "egress", "ingress"


@dataclass(frozen=True, slots=True)
class _Direction:
    """``ours`` is the pod's side of a packet, ``theirs`` the other one's."""

    name: str
    rules: str
    peers: str
    ours: str
    theirs: str


_DIRECTIONS = (
    _Direction(INGRESS, "ingress", "from", "daddr", "saddr"),
    _Direction(EGRESS, "egress", "to", "saddr", "daddr"),
)


def plan(policies: Iterable[Object], pods: Iterable[PolicyPod], namespaces: Mapping[str, Mapping[str, str]]) -> Ruleset:
    """``namespaces``: labels by name. The chain ``policies`` is always there; nothing else when nobody is selected."""
    made = _Making(Pods(pods, namespaces))
    everything = sorted(policies, key=lambda each: (each["metadata"]["namespace"], each["metadata"]["name"]))
    for direction in _DIRECTIONS:
        applied: dict[PolicyPod, list[Object]] = {}
        for policy in (each for each in everything if _has(each["spec"], direction)):
            for pod in made.pods.selected(_subjects(policy)):
                if pod.is_local:
                    applied.setdefault(pod, []).append(policy)
        for pod, selecting in applied.items():
            chain = made.chain(direction, selecting)
            for address in pod.addresses:
                made.add(f"{direction.name}{_version(address)}", address, f"jump {chain}")
    return made.ruleset


def _has(spec: Object, direction: _Direction) -> bool:
    """Without ``policyTypes``: ingress always, egress when there are rules for it."""
    types = spec.get("policyTypes")
    if types:
        return direction.name.capitalize() in types
    return direction.name == INGRESS or bool(spec.get("egress"))


def _subjects(policy: Object) -> Selector:
    return Selector(of_object(policy["spec"].get("podSelector") or {}), policy["metadata"]["namespace"])


@dataclass(slots=True)
class _Making:
    pods: Pods
    ruleset: Ruleset = field(default_factory=lambda: Ruleset(dict(_SETS), {"policies": _BASE}, {}))

    def add(self, name: str, key: str, value: str = "") -> None:
        self.ruleset.elements.setdefault(name, {})[key] = value

    def chain(self, direction: _Direction, policies: Sequence[Object]) -> str:
        """The one for pods that exactly these select: what is allowed returns, the rest is dropped."""
        about = " ".join(f"{each['metadata']['namespace']}/{each['metadata']['name']}" for each in policies)
        name = f"{direction.name}-{_digest(about)}"
        if name not in self.ruleset.chains:
            rules = dict.fromkeys(rule for policy in policies for rule in self._policy(direction, policy))
            self.ruleset.chains[name] = Chain((*rules, "drop"))
        return name

    def _policy(self, direction: _Direction, policy: Object) -> Iterator[str]:
        for rule in policy["spec"].get(direction.rules) or ():
            peers = rule.get(direction.peers) or (None,)
            for peer in peers:
                for port in rule.get("ports") or (None,):
                    yield from self._allowed(direction, policy, peer, port)

    def _allowed(
        self, direction: _Direction, policy: Object, peer: Object | None, port: Object | None
    ) -> Iterator[str]:
        for version, whom in self._peer(direction, policy, peer):
            for what in self._port(direction, policy, peer, port, version):
                yield " ".join(part for part in (whom, what, "return") if part)

    def _peer(self, direction: _Direction, policy: Object, peer: Object | None) -> Iterator[tuple[int, str]]:
        """By family; 0: both."""
        if peer is None:
            yield 0, ""
        elif peer.get("ipBlock"):
            yield _block(peer["ipBlock"], direction.theirs)
        else:
            selector = _selector(peer, policy)
            for version, ip in ((4, "ip"), (6, "ip6")):
                name = f"pods{version}-{_digest(str(selector))}"
                self.ruleset.sets[name] = f"type ipv{version}_addr;"
                for pod in self.pods.selected(selector):
                    for address in (each for each in pod.addresses if _version(each) == version):
                        self.add(name, address)
                yield version, f"{ip} {direction.theirs} @{name}"

    def _port(
        self, direction: _Direction, policy: Object, peer: Object | None, port: Object | None, version: int
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

    def _holders(self, direction: _Direction, policy: Object, peer: Object | None) -> Selector | None:
        """Whose containers a port's name is looked up in: those that packets go to. None: they are no pods."""
        if direction.name == INGRESS:
            return _subjects(policy)
        if peer is None:
            return Selector(EVERYTHING)
        return None if peer.get("ipBlock") else _selector(peer, policy)

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


def _selector(peer: Object, policy: Object) -> Selector:
    pods = of_object(peer.get("podSelector") or {})
    if peer.get("namespaceSelector") is None:
        return Selector(pods, policy["metadata"]["namespace"])
    return Selector(pods, None, of_object(peer["namespaceSelector"]))


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
