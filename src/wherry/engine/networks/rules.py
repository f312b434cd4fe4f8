"""The nft rules of a bridge network: pure text from facts.

One table an instance, with a fixed number of rules: what changes is elements of maps and sets, so that the cost of a
packet does not depend on the number of containers. Nothing outside the table is touched; a verdict "accept" here is not
the last word, since another table may still drop (nft(8), "verdict statements").
"""

from collections.abc import Iterable, Sequence

import msgspec

from wherry.engine.networks.model import Addressing, Publication

# kind, name, type; what each is for is drawn in the docstring of the package.
_COLLECTIONS = (
    ("map", "ports", "inet_proto . inet_service : ipv4_addr . inet_service"),
    ("map", "address_ports", "ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service"),
    ("set", "loopback_ports", "inet_proto . inet_service"),
    ("set", "loopback_address_ports", "ipv4_addr . inet_proto . inet_service"),
)
_COLLECTIONS6 = (
    ("map", "ports6", "inet_proto . inet_service : ipv6_addr . inet_service"),
    ("map", "address_ports6", "ipv6_addr . inet_proto . inet_service : ipv6_addr . inet_service"),
)
_DNAT = (
    "fib daddr type local dnat ip to ip daddr . meta l4proto . th dport map @address_ports",
    "fib daddr type local dnat ip to meta l4proto . th dport map @ports",
)
_DNAT6 = (
    "ip6 daddr ::1 return",
    "fib daddr type local dnat ip6 to ip6 daddr . meta l4proto . th dport map @address_ports6",
    "fib daddr type local dnat ip6 to meta l4proto . th dport map @ports6",
)
"""For what comes from elsewhere: of what this machine sends itself the relay takes care."""


class Ground(msgspec.Struct, frozen=True):
    """What the rules stand on. ``fence``, ``fence6``: links that may not forward to each other, see the package's
    docstring. ``is_internal``: nothing leaves the bridge, and nothing comes to it from elsewhere. The others are
    :class:`.options.Options`'. Where containers are apart, not even a published port leads from one to another within
    the bridge, whose ports are isolated (:class:`.apply.Wire`): the relay does that (:mod:`.proxy`), for TCP."""

    table: str
    bridge: str
    net: Addressing
    fence: Sequence[str] = ()
    fence6: Sequence[str] = ()
    is_internal: bool = False
    is_apart: bool = False
    masquerades: bool = True


def ruleset(ground: Ground, publications: Iterable[Publication]) -> str:
    """A script that makes the table exactly this, in one transaction and without a gap for running traffic.

    Whatever was there goes, in the same transaction: adding to a table of another shape (of another version of Wherry)
    would keep its other chains, and libnftables 1.0.6 dies of a segmentation fault when a map's name is a set's there.
    """
    table = f"inet {ground.table}"
    lines = [*remove(ground.table).splitlines(), f"add table {table}"]
    publications = tuple(publications)
    has_ipv6 = ground.net.subnet6 is not None or any(each.is_ipv6 and each.is_led for each in publications)
    collections = (*_COLLECTIONS, *(_COLLECTIONS6 if has_ipv6 else ()))
    lines += [f"add {kind} {table} {name} {{ type {types}; }}" for kind, name, types in collections]
    for name, hook, body in _chains(ground):
        lines.append(f"add chain {table} {name} {{ type {hook}; }}")
        lines += [f"add rule {table} {name} {rule}" for rule in body]
    lines.append(elements("add", ground.table, publications))
    return "\n".join(lines) + "\n"


SHARED = "wherry-forwarding"
"""The table that says to other instances why this machine forwards: because one of them turned it on. It has no rules:
``links4`` and ``links6`` are the links that were there before."""


def remember(links: Sequence[str] | None, version: int, others: bool) -> str:
    """Write down the links, or (None) forget them; ``others``: something else is written there. Idempotent."""
    name = f"inet {SHARED} links{version}"
    made = f"add table inet {SHARED}\nadd set {name} {{ type ifname; }}\n"
    if links is None:
        return made + (f"delete set {name}\n" if others else f"delete table inet {SHARED}\n")
    names = ", ".join(f'"{link}"' for link in links)
    return f"{made}flush set {name}\n" + (f"add element {name} {{ {names} }}\n" if names else "")


def remove(table: str) -> str:
    """Idempotent."""
    return f"add table inet {table}\ndelete table inet {table}\n"


NAME_SERVER = "127.0.0.11"
"""Where a container on a user's network finds names, as with Docker (libnetwork, resolver.go): files name it."""
_NAMES = "ip wherry-names"


def names(udp_port: int, tcp_port: int) -> str:
    """Inside a container's namespace: what asks for names reaches these ports there. Idempotent."""
    chain = f"{_NAMES} output"
    return "\n".join(
        (
            f"add table {_NAMES}",
            f"delete table {_NAMES}",
            f"add table {_NAMES}",
            f"add chain {chain} {{ type nat hook output priority -100; }}",
            f"add rule {chain} ip daddr {NAME_SERVER} udp dport 53 dnat to {NAME_SERVER}:{udp_port}",
            f"add rule {chain} ip daddr {NAME_SERVER} tcp dport 53 dnat to {NAME_SERVER}:{tcp_port}",
            "",
        )
    )


def elements(verb: str, table: str, publications: Iterable[Publication]) -> str:
    """``add`` or ``delete`` what publishes these ports; those that are relayed have none (see :mod:`.proxy`)."""
    lines = []
    for publication in publications:
        if publication.is_led:
            lines += [f"{verb} element inet {table} {name} {{ {element} }}" for name, element in _entries(publication)]
    return "\n".join(lines)


def _entries(publication: Publication) -> list[tuple[str, str]]:
    """Elements by collection."""
    port = f"{publication.protocol} . {publication.host_port}"
    target = f"{publication.address} . {publication.container_port}"
    if publication.is_ipv6:
        if publication.host_address == "::":
            return [("ports6", f"{port} : {target}")]
        return [("address_ports6", f"{publication.host_address} . {port} : {target}")]
    if publication.host_address == "0.0.0.0":
        return [("ports", f"{port} : {target}"), ("loopback_ports", port)]
    key = f"{publication.host_address} . {port}"
    entries = [("address_ports", f"{key} : {target}")]
    if publication.host_address.startswith("127."):
        entries.append(("loopback_address_ports", key))
    return entries


def _chains(ground: Ground) -> list[tuple[str, str, list[str]]]:
    bridge, gateway = f'"{ground.bridge}"', ground.net.gateway
    ranges = [f"ip {{}} {ground.net.subnet}"]
    if ground.net.subnet6 is not None:
        ranges.append(f"ip6 {{}} {ground.net.subnet6}")
    six = _DNAT6 if ground.net.subnet6 is not None else ()
    relayed = [f"iifname {bridge} return"] if ground.is_apart else []
    return [
        ("guard", "filter hook prerouting priority -300", _guard(bridge, ranges if ground.masquerades else ())),
        ("loopback_out", "route hook output priority -300", _loopback_out(str(gateway))),
        # 127.0.0.1:p must not be reachable from a neighbour: there, the address is destination before routing.
        ("dnat_in", "nat hook prerouting priority -100", ["ip daddr 127.0.0.0/8 return", *relayed, *_DNAT, *six]),
        # A loopback source that loopback_out did not exchange cannot leave the machine: the relay's (see .proxy).
        ("dnat_out", "nat hook output priority -100", ["ip saddr 127.0.0.0/8 return", *_DNAT]),
        ("forward", "filter hook forward priority 0", _forward(bridge, ground)),
        ("postrouting", "nat hook postrouting priority 100", _postrouting(bridge, ranges, ground.masquerades)),
        ("loopback_in", "filter hook input priority 150", [_loopback_in(bridge, str(gateway))]),
    ]


def _guard(bridge: str, ranges: Sequence[str]) -> list[str]:
    """Before connection tracking, so these are addresses as they are on the wire.

    No loopback address comes over a wire (RFC 1122 §3.2.1.3), whatever ``route_localnet`` says (CVE-2020-8558);
    nobody but the bridge speaks to the containers' own addresses (direct routing by a neighbour). Only as long as there
    is a route to the bridge: rules that an instance left behind do not cut off a later one with the same range.
    ``ranges`` are those that leave the machine under its address; answers to the others come to their own.
    """
    return [
        'iifname != "lo" ip daddr 127.0.0.0/8 drop',
        'iifname != "lo" ip saddr 127.0.0.0/8 drop',
        *(f'iifname != {{ "lo", {bridge} }} {each.format("daddr")} fib daddr oifname {bridge} drop' for each in ranges),
    ]


def _loopback_out(gateway: str) -> list[str]:
    """See the package's docstring, "How 127.0.0.1 gets out"."""
    source = 'oifname "lo" ip saddr 127.0.0.1'
    return [
        f"{source} ip daddr . meta l4proto . th dport @loopback_address_ports ip saddr set {gateway}",
        f"{source} ip daddr 127.0.0.0/8 meta l4proto . th dport @loopback_ports ip saddr set {gateway}",
    ]


def _loopback_in(bridge: str, gateway: str) -> str:
    reply = f"iifname {bridge} ip saddr 127.0.0.0/8 ip daddr {gateway} ct status dnat ct direction reply"
    return f"{reply} ip daddr set 127.0.0.1"


def _forward(bridge: str, ground: Ground) -> list[str]:
    apart = [f"iifname {bridge} oifname {bridge} drop"] if ground.is_apart else []
    if ground.is_internal:
        return [f"iifname {bridge} oifname != {bridge} drop", f"oifname {bridge} iifname != {bridge} drop", *apart]
    rules = [
        f"oifname {bridge} ct state established,related accept",
        *apart,
        f"iifname {bridge} accept",
        f"oifname {bridge} ct status dnat accept",
        f"oifname {bridge} drop",
    ]
    for version, fence in ((4, ground.fence), (6, ground.fence6)):
        if fence:
            names = ", ".join(f'"{name}"' for name in fence)
            rules.append(f"meta nfproto ipv{version} iifname {{ {names} }} oifname {{ {names} }} drop")
    return rules


def _postrouting(bridge: str, ranges: Sequence[str], masquerades: bool) -> list[str]:
    """The second is the hairpin: a container that reaches another through the host's address must get its answer from
    there, not directly over the bridge."""
    return [
        f"{each.format('saddr')} oifname {which}"
        for each in ranges
        for which in (*([f"!= {bridge} masquerade"] if masquerades else ()), f"{bridge} ct status dnat masquerade")
    ]
