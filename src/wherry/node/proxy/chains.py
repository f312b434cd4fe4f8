"""The chains of services, and the sets and maps that they read: pure text from facts, and from the shapes in use.

What each is for is drawn in the docstring of the package.
"""

from collections.abc import Collection, Iterable, Iterator

from wherry.node.proxy import slots
from wherry.node.proxy.elements import Shape
from wherry.node.proxy.model import PORT_SOURCES, PORT_SOURCES6, PORTS, Chain, Node, Plane

_PROTOCOLS = ("tcp", "udp", "sctp")
AFFINITY_ENTRIES = 65536
"""Clients that are remembered; when there are more, new ones are served without being remembered."""
_TYPES = {
    Plane.ADDRESS4: "ipv4_addr . inet_proto . inet_service",
    Plane.ADDRESS6: "ipv6_addr . inet_proto . inet_service",
    Plane.NODE4: "inet_proto . inet_service",
    Plane.NODE6: "inet_proto . inet_service",
}
_SPOOFED = (
    f"iifname @{PORTS} ether type ip iifname . ether saddr . ip saddr != @{PORT_SOURCES} drop",
    f"iifname @{PORTS} ether type ip6 iifname . ether saddr . ip6 saddr != @{PORT_SOURCES6} drop",
    f"iifname @{PORTS} ether type arp iifname . arp saddr ether . arp saddr ip != @{PORT_SOURCES} drop",
)
_NEIGHBOURS = "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert }"
"""Discovery is between neighbours: of these nothing that was routed counts (RFC 4861, 7.1). Where the kernel shows
bridged packets to rules for routed ones (br_netfilter), they come by ``forward``, and no policy is about them."""
_REJECT = ("meta l4proto tcp reject with tcp reset", "reject with icmpx type port-unreachable")


def sets(shapes: Collection[Shape]) -> dict[str, str]:
    """Declarations by name."""
    found = {
        "cluster4": "type ipv4_addr;", "cluster6": "type ipv6_addr;",
        "external4": "type ipv4_addr;", "external6": "type ipv6_addr;",
        "hairpin4": "type ipv4_addr . ipv4_addr;", "hairpin6": "type ipv6_addr . ipv6_addr;",
        "node-ports": "type inet_service;",
        PORTS: "type ifname;", PORT_SOURCES: "type ifname . ether_addr . ipv4_addr;",
        PORT_SOURCES6: "type ifname . ether_addr . ipv6_addr;",
    }  # fmt: skip
    for plane in Plane:
        found |= _plane_sets(plane)
    for plane_name, seconds in {(each.plane, each.seconds) for each in shapes if each.seconds}:
        found[f"{plane_name}-sticky-{seconds}"] = f"type {_TYPES[Plane(plane_name)]};"
    return found


def _plane_sets(plane: Plane) -> dict[str, str]:
    name, types, key, ip = plane.value, _TYPES[plane], _key(plane), _ip(plane)
    address = "ipv6_addr" if plane.is_ipv6 else "ipv4_addr"
    kinds = (
        "everywhere",
        "here",
        "away",
        "hidden",
        "refused",
        *(() if plane.is_node else ("inside", "dropped", "limited")),
    )
    found = {f"{name}-{kind}": f"type {types};" for kind in kinds}
    place = "inet_service" if plane.is_node else f"{address} . inet_service"
    found |= {f"{name}-hidden-{protocol}": f"type {place};" for protocol in _PROTOCOLS}
    # A key with a drawn number can be declared by example only ("typeof"), and then so must the value; "th dport" in
    # its place is refused by libnftables 1.0.6 in a rule that is added later.
    found[f"{name}-endpoints"] = f"typeof {key} . numgen random mod 1 : {ip} daddr . tcp dport;"
    found[f"{name}-choices"] = f"typeof {key} . numgen random mod 1 : meta priority;"
    found[f"{name}-members"] = f"type {types} . classid : {address} . inet_service;"
    client = f"typeof {_client(plane)} : meta priority;"
    found[f"{name}-affinity"] = f"{client} flags dynamic, timeout; size {AFFINITY_ENTRIES};"
    if not plane.is_node:
        found[f"{name}-allowed"] = f"type {types} . {address}; flags interval;"
    return found


def chains(node: Node, shapes: Collection[Shape]) -> dict[str, Chain]:
    """All but those of policies: ``forward`` jumps to the chain ``policies``, which is theirs."""
    bridge = f'"{node.bridge}"'
    found = {
        "inside": Chain(tuple(_inside())),
        "outside": Chain(tuple(_outside())),
        "unserved": Chain(tuple(_unserved())),
        "prerouting": Chain((f"iifname {bridge} goto inside", "goto outside"), "type nat hook prerouting priority -90"),
        "output": Chain(("goto inside",), "type nat hook output priority -90"),
        "sources": Chain((*_gateways(node), *_sources()), "type filter hook prerouting priority -110"),
        "own-sources": Chain(tuple(_sources()), "type filter hook output priority -110"),
        "arriving": Chain(("ct state new jump unserved",), "type filter hook prerouting priority -80"),
        "leaving": Chain(
            ("ct state new jump unserved", *_no_redirects(bridge)), "type filter hook output priority -80"
        ),
        "forward": Chain(
            ("ct state established,related accept", f"{_NEIGHBOURS} ip6 hoplimit 255 accept", "jump policies"),
            "type filter hook forward priority -10",
        ),
        "postrouting": Chain(tuple(_postrouting(node)), "type nat hook postrouting priority 90"),
        "routed": Chain((*_SPOOFED, *_routed(node)), "type filter hook prerouting priority -300", "bridge"),
    }
    for plane in Plane:
        for is_outside in (False, True):
            found |= _pick(plane, is_outside, [each for each in shapes if each.plane == plane.value])
    return found


def _key(plane: Plane) -> str:
    return "meta l4proto . th dport" if plane.is_node else f"{_ip(plane)} daddr . meta l4proto . th dport"


def _client(plane: Plane) -> str:
    """Who asks, and for what. libnftables 1.0.6 ends the whole process when the key of a map that rules write to has
    more than 16 bytes, so IPv6 addresses are hashed: who shares a hash with another shares its endpoint."""
    if not plane.is_ipv6:
        return f"ip saddr . {_key(plane)}"
    asked = "" if plane.is_node else f"{_hash('daddr', 2)} . "
    return f"{_hash('saddr', 1)} . {asked}meta l4proto . th dport"


def _hash(side: str, seed: int) -> str:
    """The seed is ours: left out, each rule would have one of its own."""
    return f"jhash ip6 {side} mod 4294967295 seed {seed}"


def _ip(plane: Plane) -> str:
    return "ip6" if plane.is_ipv6 else "ip"


def _match(plane: Plane, kind: str) -> str:
    family = f"meta nfproto ipv{'6' if plane.is_ipv6 else '4'} " if plane.is_node else ""
    return f"{family}{_key(plane)} @{plane.value}-{kind}"


_ADDRESSES, _NODES = (Plane.ADDRESS4, Plane.ADDRESS6), (Plane.NODE4, Plane.NODE6)
_IF_OURS = ("fib daddr type != local return", "ip daddr 127.0.0.0/8 return", "ip6 daddr ::1 return")


def _inside() -> Iterator[str]:
    for plane in _ADDRESSES:
        yield f"{_match(plane, 'dropped')} drop"
        yield f"{_match(plane, 'inside')} goto {plane.value}-pick"
        yield f"{_match(plane, 'everywhere')} goto {plane.value}-pick"
    yield from _IF_OURS
    yield from (f"{_match(plane, 'everywhere')} goto {plane.value}-pick" for plane in _NODES)


def _outside() -> Iterator[str]:
    for planes, before in ((_ADDRESSES, ()), (_NODES, _IF_OURS)):
        yield from before
        for plane in planes:
            yield f"{_match(plane, 'away')} drop"
            yield f"{_match(plane, 'here')} goto {plane.value}-pick-here"
            yield f"{_match(plane, 'everywhere')} goto {plane.value}-pick"


def _pick(plane: Plane, is_outside: bool, shapes: Iterable[Shape]) -> dict[str, Chain]:
    """Every rule ends the way when it finds an endpoint. All are tried twice: a packet may be between two of them when
    a service's size changes."""
    name, suffix = plane.value, "-here" if is_outside else ""
    ours = [each for each in shapes if each.is_outside == is_outside]
    seconds = sorted({each.seconds for each in ours if each.seconds})
    rules = [f"{_key(plane)} @{name}-sticky-{each} goto {name}-stick{suffix}-{each}" for each in seconds]
    draws = [draw for size in _sizes(ours, 0) for draw in slots.draws(size, is_outside)]
    rules += 2 * [f"{_redirect(plane)} {_key(plane)} . {draw} map @{name}-endpoints" for draw in draws]
    found = {f"{name}-pick{suffix}": Chain(tuple(rules))}
    for each in seconds:
        found[f"{name}-stick{suffix}-{each}"] = Chain(tuple(_stick(plane, is_outside, _sizes(ours, each), each)))
    return found


def _sizes(shapes: Iterable[Shape], seconds: int) -> list[int]:
    return sorted({each.size for each in shapes if each.seconds == seconds})


def _redirect(plane: Plane) -> str:
    family = f"meta nfproto ipv{'6' if plane.is_ipv6 else '4'} " if plane.is_node else ""
    return f"{family}dnat {_ip(plane)} to"


def _stick(plane: Plane, is_outside: bool, sizes: Iterable[int], seconds: int) -> Iterator[str]:
    """The endpoint of before, if it is still one; else another one, which is remembered.

    ``meta priority`` is where a number can be put in the meantime: for a packet that is not routed yet it means nothing
    and is set anew from its type of service (ip_forward); of one of the node's own, it is lost once a connection.
    """
    name, key, client = plane.value, _key(plane), _client(plane)
    entry = f"update @{name}-affinity {{ {client} timeout {seconds}s : meta priority }}"
    target = f"{_redirect(plane)} {key} . meta priority map @{name}-members"
    yield f"meta priority set {client} map @{name}-affinity {entry} {target}"
    for draw in (draw for size in sizes for draw in slots.draws(size, is_outside)):
        forget = f"delete @{name}-affinity {{ {client} : meta priority }}"
        yield f"meta priority set {key} . {draw} map @{name}-choices {forget} {entry} {target}"


def _gateways(node: Node) -> Iterator[str]:
    """The bridge's own addresses are for who is on it: what listens there is not published."""
    for gateway in node.gateways:
        yield f'iifname != {{ "lo", "{node.bridge}" }} {"ip6" if ":" in gateway else "ip"} daddr {gateway} drop'


def _sources() -> Iterator[str]:
    """Who may use a load balancer: others may not, and neither may the node (kube-proxy has them in its
    filter-prerouting and filter-output: k8s.io/kubernetes pkg/proxy/nftables/proxier.go)."""
    for plane in _ADDRESSES:
        name, key = plane.value, _key(plane)
        yield f"ct state new {key} @{name}-limited {key} . {_ip(plane)} saddr != @{name}-allowed drop"


def _unserved() -> Iterator[str]:
    """Packets that still have such a destination behind the address translation have met no endpoint.

    Before routing, because there need not be a route to cluster addresses (refusing there: Linux 5.9).
    """
    for match in ("ip daddr @cluster4", "ip6 daddr @cluster6", *(_match(each, "refused") for each in _ADDRESSES)):
        yield from (f"{match} {verdict}" for verdict in _REJECT)
    yield from _IF_OURS
    yield from (f"{_match(plane, 'refused')} {verdict}" for plane in _NODES for verdict in _REJECT)


def _no_redirects(bridge: str) -> Iterator[str]:
    """Pods are not told that their neighbours are on the same link: they are not to talk there."""
    yield f"oifname {bridge} icmp type redirect drop"
    yield f"oifname {bridge} icmpv6 type nd-redirect drop"


def _postrouting(node: Node) -> Iterator[str]:
    """Who asks is hidden from a pod that is reached by an address or port which is not the service's own, unless the
    service says ``externalTrafficPolicy: Local``: elsewhere the pod may be on another node, whose answer has to come
    back by this one (k8s.io/kubernetes pkg/proxy/nftables/proxier.go). The last keeps a pod's own address when it
    reaches another one through a service: here, everything is routed, so that answers come back this way anyhow. It
    gives an address that is the same, because a rule that does nothing would leave it to the next table, and the
    engine's exchanges it."""
    bridge = f'"{node.bridge}"'
    elsewhere = f'oifname != {{ {bridge}, "lo" }}'
    for version in (4, 6):
        ip = "ip" if version == 4 else "ip6"
        own = _networks(node, version)
        yield f"ct status dnat {ip} saddr . {ip} daddr @hairpin{version} masquerade"
        yield from (f"{rule} masquerade" for protocol in _PROTOCOLS for rule in _hidden(version, protocol))
        others = f"{ip} saddr != {own} " if own else ""
        for kind in ("cluster", "external"):
            yield f"{elsewhere} ct status dnat {others}ct original {ip} daddr @{kind}{version} masquerade"
        for protocol in _PROTOCOLS:
            original = f"meta nfproto ipv{version} meta l4proto {protocol} ct original proto-dst @node-ports"
            yield f"{elsewhere} ct status dnat {others}{original} masquerade"
        if own:
            yield f"ct status dnat oifname {bridge} {ip} saddr {own} snat {ip} to {ip} saddr"


def _hidden(version: int, protocol: str) -> Iterator[str]:
    """One set for each protocol, as libnftables 1.0.6 takes a port of before in a key when the rule has said what port
    that is, not beside the protocol."""
    asked = f"ct status dnat meta l4proto {protocol} ct original {'ip' if version == 4 else 'ip6'} daddr"
    yield f"{asked} . ct original proto-dst @a{version}-hidden-{protocol}"
    yield f"{asked} != @cluster{version} ct original proto-dst @n{version}-hidden-{protocol}"


def _routed(node: Node) -> Iterator[str]:
    """Unicast frames that come in by a port of the bridge and are not for the node's own link address yet."""
    port = f'iifname "{node.ports}*"'
    frame = f"{port} ether daddr & 01:00:00:00:00:00 == 00:00:00:00:00:00 ether daddr != {node.mac}"
    yield f"{port} {_NEIGHBOURS} accept"
    for version in (4, 6):
        own = _networks(node, version)
        if own:
            ip = "ip" if version == 4 else "ip6"
            yield f"{frame} {ip} daddr {own} ether daddr set {node.mac} meta pkttype set host"


def _networks(node: Node, version: int) -> str:
    found = [str(each) for each in node.pod_networks if each.version == version]
    return f"{{ {', '.join(found)} }}" if found else ""
