"""A kernel's networks in memory: for tests of what stands above."""

import errno
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network

from msgspec.structs import replace

from wherry.engine.networks.apply import NameSockets, Wire
from wherry.engine.networks.model import Publication
from wherry.engine.networks.rules import Ground
from wherry.linux.errors import KernelError


@dataclass(slots=True)
class FakePlumbing:
    """Does what :class:`.apply.Plumbing` says; the fields are the state, for a test to set and to look at.

    ``wires`` by the name of the link on the host; ``refuse`` names calls that fail with EPERM.
    """

    routes: list[IPv4Network] = field(default_factory=list)
    routes6: list[IPv6Network] = field(default_factory=list)
    other_links: list[str] = field(default_factory=lambda: ["lo", "eth0"])
    bridges: dict[str, IPv4Interface] = field(default_factory=dict)
    bridges6: dict[str, IPv6Interface] = field(default_factory=dict)
    neighbours: set[IPv6Address] = field(default_factory=set)
    wires: dict[str, Wire] = field(default_factory=dict)
    masters: dict[str, str] = field(default_factory=dict)
    tables: dict[str, Ground] = field(default_factory=dict)
    published: dict[str, set[Publication]] = field(default_factory=dict)
    forwarding: bool = False
    forwarding6: bool = False
    ipv6: bool = True
    fences: dict[int, tuple[str, ...]] = field(default_factory=dict)
    refuse: set[str] = field(default_factory=set)
    forgotten: list[Publication] = field(default_factory=list)
    listening: list[tuple[int, int]] = field(default_factory=list)
    tuned: list[tuple[str, str]] = field(default_factory=list)

    def taken(self, bridge: str) -> list[IPv4Network]:
        return [*self.routes, *(address.network for name, address in self.bridges.items() if name != bridge)]

    def taken6(self, bridge: str) -> list[IPv6Network]:
        return [*self.routes6, *(address.network for name, address in self.bridges6.items() if name != bridge)]

    def has_ipv6(self) -> bool:
        return self.ipv6

    def links(self, version: int = 4) -> list[str]:
        if version == 6:
            return [*self.other_links, *self.bridges6]
        return [*self.other_links, *self.bridges, *self.wires]

    def bridge_ports(self, bridge: str) -> list[str]:
        return [link for link in self.wires if self.masters[link] == bridge] if bridge in self.bridges else []

    def ensure_bridge(self, name: str, mac: str, address: IPv4Interface, address6: IPv6Interface | None = None) -> None:
        self._maybe_refuse("ensure_bridge")
        self.bridges[name] = address
        self.bridges6.pop(name, None)
        if address6 is not None:
            self.bridges6[name] = address6

    def is_forwarding(self, version: int = 4) -> bool:
        return self.forwarding if version == 4 else self.forwarding6

    def set_forwarding(self, on: bool, version: int = 4) -> None:
        if version == 4:
            self.forwarding = on
        else:
            self.forwarding6 = on

    def fence(self, version: int = 4) -> tuple[str, ...] | None:
        return self.fences.get(version)

    def set_fence(self, links: Sequence[str] | None, version: int = 4) -> None:
        self.fences.pop(version, None)
        if links is not None:
            self.fences[version] = tuple(sorted(links))

    def lay(self, netns_fd: int, bridge: str, wire: Wire) -> None:
        self._maybe_refuse("lay")
        self.wires[wire.host_link] = wire
        self.masters[wire.host_link] = bridge
        if wire.address6 is not None:
            self.neighbours.add(wire.address6.ip)

    def lead(self, netns_fd: int, wire: Wire) -> None:
        self._maybe_refuse("lead")
        for name, other in self.wires.items():
            self.wires[name] = replace(other, is_way=name == wire.host_link)

    def tune(self, netns_fd: int, settings: Sequence[tuple[str, str]]) -> None:
        self._maybe_refuse("tune")
        self.tuned += settings

    def set_neighbours(self, bridge: str, known: Mapping[IPv6Address, str]) -> None:
        self.neighbours = set(known)

    def forget(self, bridge: str, address: IPv6Address) -> None:
        self.neighbours.discard(address)

    def remove_link(self, name: str) -> None:
        self._maybe_refuse("remove_link")
        self.wires.pop(name, None)
        self.masters.pop(name, None)
        self.bridges.pop(name, None)
        self.bridges6.pop(name, None)

    def set_rules(self, ground: Ground, publications: Sequence[Publication]) -> None:
        self.tables[ground.table] = ground
        self.published[ground.table] = set(publications)

    def remove_rules(self, table: str) -> None:
        self.tables.pop(table, None)
        self.published.pop(table, None)

    def publish(self, table: str, publications: Sequence[Publication]) -> None:
        self._maybe_refuse("publish")
        self.published[table] |= set(publications)

    def unpublish(self, table: str, publications: Sequence[Publication]) -> None:
        self.published[table] -= set(publications)

    def forget_flows(self, publications: Sequence[Publication]) -> None:
        self.forgotten += publications

    def listen(self, netns_fd: int) -> NameSockets:
        """On this machine's own loopback."""
        self._maybe_refuse("listen")
        udp, tcp = socket.socket(type=socket.SOCK_DGRAM), socket.socket()
        for each in (udp, tcp):
            each.setblocking(False)
            each.bind(("127.0.0.1", 0))
        tcp.listen()
        self.listening.append((udp.getsockname()[1], tcp.getsockname()[1]))
        return NameSockets(udp, tcp)

    def close(self) -> None:
        """Nothing is open."""

    def _maybe_refuse(self, call: str) -> None:
        if call in self.refuse:
            raise KernelError(errno.EPERM, call)
