"""What the rules are about, and what they are made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from ipaddress import IPv4Network, IPv6Network
from typing import NamedTuple

Network = IPv4Network | IPv6Network
ServiceKey = tuple[str, str]
"""Namespace and name."""


class Target(NamedTuple):
    """Where packets of a service end up."""

    address: str
    port: int


class NamedPort(NamedTuple):
    """``protocol`` is TCP, UDP or SCTP; the name may be empty."""

    name: str
    protocol: str
    number: int


@dataclass(frozen=True, slots=True)
class StandIn:
    """Where this node serves a service itself, and what network policies take that for: a pod of ``namespace`` with
    ``labels`` (no namespace: something with a node's network, which is no pod to them), at ``address`` and ``ports``.
    """

    target: Target
    address: str
    ports: tuple[NamedPort, ...]
    namespace: str = ""
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Node:
    """Facts of this node. ``table`` names the tables. ``ports`` is what the names of the bridge's ports begin with.

    ``gateways`` are the bridge's own addresses, ``mac`` its link address. ``stand_ins``: services without a selector
    that this node serves itself. ``addresses`` are the node's own, as the API has them.
    """

    name: str
    table: str
    bridge: str
    mac: str
    ports: str
    pod_networks: tuple[Network, ...]
    gateways: tuple[str, ...]
    zone: str = ""
    stand_ins: Mapping[ServiceKey, StandIn] = field(default_factory=dict)
    addresses: tuple[str, ...] = ()


class Plane(Enum):
    """How a frontend is recognised: by address, protocol and port, or by protocol and port at any address of the node;
    in each case, one a family."""

    ADDRESS4 = "a4"
    ADDRESS6 = "a6"
    NODE4 = "n4"
    NODE6 = "n6"

    @property
    def is_node(self) -> bool:
        return self in (Plane.NODE4, Plane.NODE6)

    @property
    def is_ipv6(self) -> bool:
        return self in (Plane.ADDRESS6, Plane.NODE6)


class Frontend(NamedTuple):
    """``key`` in nft's words: ``10.96.0.1 . tcp . 80``, or ``tcp . 30080``. ``address`` is empty for a node port."""

    plane: Plane
    key: str
    address: str = ""

    @property
    def protocol(self) -> str:
        return self.key.split(" . ")[-2]

    @property
    def place(self) -> str:
        """The key without the protocol."""
        return self.key.replace(f"{self.protocol} . ", "", 1)

    @classmethod
    def at(cls, address: str, protocol: str, port: int) -> "Frontend":
        plane = Plane.ADDRESS6 if ":" in address else Plane.ADDRESS4
        return cls(plane, f"{address} . {protocol} . {port}", address)

    @classmethod
    def of_node(cls, is_ipv6: bool, protocol: str, port: int) -> "Frontend":
        return cls(Plane.NODE6 if is_ipv6 else Plane.NODE4, f"{protocol} . {port}")


@dataclass(frozen=True, slots=True)
class Entry:
    """What becomes of packets to a frontend.

    ``targets``: for who is inside (pods of this node, the node), and for everybody unless ``outside`` says otherwise.
    ``elsewhere``: there are endpoints, but perhaps none that may be used here: without targets, packets are then
    dropped, not refused. ``is_cluster``: a cluster address, for who is inside only. ``affinity_seconds`` 0: none.
    ``sources``: who may use it from outside, as networks; empty: everybody. ``serving``, of UDP: addresses that keep
    what they have.
    """

    frontend: Frontend
    targets: frozenset[Target]
    outside: frozenset[Target] | None = None
    elsewhere: bool = False
    is_cluster: bool = False
    affinity_seconds: int = 0
    sources: tuple[str, ...] = ()
    serving: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Port:
    """A pod's port of the bridge: what comes in there has these addresses, or is not forwarded."""

    link: str
    mac: str
    address: str


@dataclass(frozen=True, slots=True)
class ServicePlan:
    """All that follows from one service. ``local``: addresses of its endpoints that are on this node.

    ``health_port`` 0: nobody asks; else ``healthy`` local endpoints are told there.
    """

    entries: tuple[Entry, ...] = ()
    local: frozenset[str] = frozenset()
    health_port: int = 0
    healthy: int = 0


NOTHING = ServicePlan()


@dataclass(frozen=True, slots=True)
class Chain:
    """``hook`` as in ``type nat hook output priority -90``; empty: it is jumped to."""

    rules: tuple[str, ...]
    hook: str = ""
    family: str = "inet"


Elements = dict[str, dict[str, str]]
"""By set or map, then by key; the value is empty in a set."""


PORTS, PORT_SOURCES, PORT_SOURCES6 = "ports", "port-sources", "port-sources6"


def family_of(set_name: str) -> str:
    """Of the table that a set or map is in."""
    return "bridge" if set_name in (PORTS, PORT_SOURCES, PORT_SOURCES6) else "inet"


@dataclass(slots=True)
class Ruleset:
    """All of it. ``sets``: what stands between the braces of their declarations, by name (see :func:`family_of`)."""

    sets: dict[str, str] = field(default_factory=dict)
    chains: dict[str, Chain] = field(default_factory=dict)
    elements: Elements = field(default_factory=dict)


@dataclass(slots=True)
class Change:
    """The way from one ruleset to another. Chains that are set replace what was there under their names."""

    new_sets: dict[str, str] = field(default_factory=dict)
    old_sets: list[str] = field(default_factory=list)
    set_chains: dict[str, Chain] = field(default_factory=dict)
    old_chains: dict[str, Chain] = field(default_factory=dict)
    delete: Elements = field(default_factory=dict)
    add: Elements = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.new_sets or self.old_sets or self.set_chains or self.old_chains or self.delete or self.add)
