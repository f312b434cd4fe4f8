"""The effects of networks on the kernel: one method an action, each idempotent."""

import errno
import logging
import socket
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from typing import Protocol

import msgspec

from wherry.engine.networks import flows, plan, rules
from wherry.engine.networks.model import Publication
from wherry.linux import forwarding
from wherry.linux.conntrack import Conntrack
from wherry.linux.errors import KernelError
from wherry.linux.links import Links, VethEnd
from wherry.linux.netlink import inside
from wherry.linux.nftables import Nftables
from wherry.linux.sysctl import read_net, write_net

_log = logging.getLogger(__name__)
_IP_FREEBIND = 15  # include/uapi/linux/in.h; the module socket has no name for it


class Wire(msgspec.Struct, frozen=True):
    """A veth pair to be: its end on the host, and what the end inside is called and given. The addresses of IPv6 come
    together, or not at all. ``is_way``: it is the way to elsewhere. ``is_apart``: the
    bridge passes nothing on to others that are, too, or from them."""

    host_link: str
    interface: str
    mac: str
    address: IPv4Interface
    gateway: IPv4Address
    address6: IPv6Interface | None = None
    gateway6: IPv6Address | None = None
    mtu: int = 0
    is_way: bool = True
    is_apart: bool = False


class NameSockets(msgspec.Struct, frozen=True):
    """Sockets of a name server, not blocking; the second listens. Their owner closes them."""

    udp: socket.socket
    tcp: socket.socket


class Plumbing(Protocol):
    """What networks ask of the kernel. Every call may raise KernelError. Not for two threads at a time, except that
    ``publish`` and ``unpublish`` may run beside the others."""

    def taken(self, bridge: str) -> list[IPv4Network]:
        """Ranges that routes and addresses of this machine use, those of ``bridge`` excepted."""
        ...

    def taken6(self, bridge: str) -> list[IPv6Network]:
        """The same of IPv6; not what every link has."""
        ...

    def has_ipv6(self) -> bool: ...
    def links(self, version: int = 4) -> list[str]:
        """Of version 6: those only that take part in it."""
        ...

    def bridge_ports(self, bridge: str) -> list[str]: ...
    def ensure_bridge(
        self, name: str, mac: str, address: IPv4Interface, address6: IPv6Interface | None = None
    ) -> None: ...
    def is_forwarding(self, version: int = 4) -> bool: ...
    def set_forwarding(self, on: bool, version: int = 4) -> None: ...
    def fence(self, version: int = 4) -> tuple[str, ...] | None:
        """What an instance has written down for all: the links from before it turned forwarding on."""
        ...

    def set_fence(self, links: Sequence[str] | None, version: int = 4) -> None: ...
    def lay(self, netns_fd: int, bridge: str, wire: Wire) -> None:
        """Connect a fresh namespace; nothing is left of it when this fails."""
        ...

    def lead(self, netns_fd: int, wire: Wire) -> None:
        """From now on this wire, which has been laid, is the way to elsewhere, and no other is. Idempotent."""
        ...

    def tune(self, netns_fd: int, settings: Sequence[tuple[str, str]]) -> None:
        """Settings of a link inside, by their paths below ``net``."""
        ...

    def set_neighbours(self, bridge: str, known: Mapping[IPv6Address, str]) -> None:
        """Those on the bridge that have an address of IPv6, and their link addresses, are exactly these. Idempotent."""
        ...

    def forget(self, bridge: str, address: IPv6Address) -> None:
        """Nobody on the bridge has the address any more. Idempotent."""
        ...

    def remove_link(self, name: str) -> None: ...
    def set_rules(self, ground: rules.Ground, publications: Sequence[Publication]) -> None: ...
    def remove_rules(self, table: str) -> None: ...
    def publish(self, table: str, publications: Sequence[Publication]) -> None: ...
    def unpublish(self, table: str, publications: Sequence[Publication]) -> None: ...
    def forget_flows(self, publications: Sequence[Publication]) -> None:
        """Of UDP connections to these ports, all: the next packet of each goes where the port leads now, if it does."""
        ...

    def listen(self, netns_fd: int) -> NameSockets:
        """Take what is asked of a name server at :data:`.rules.NAME_SERVER` inside a namespace."""
        ...

    def close(self) -> None: ...


class KernelPlumbing:
    """The machine's own. It speaks to the network namespace in which it was made."""

    def __init__(self) -> None:
        self._links = Links()
        self._nftables = Nftables()

    def close(self) -> None:
        self._links.close()
        self._nftables.close()

    def taken(self, bridge: str) -> list[IPv4Network]:
        own = self._links.get(bridge)
        index = own.index if own else -1
        used = [network for network, link in self._links.routes() if link != index]
        for link, addresses in self._links.addresses().items():
            used += [address.network for address in addresses if link != index]
        return used

    def taken6(self, bridge: str) -> list[IPv6Network]:
        own = self._links.get(bridge)
        index = own.index if own else -1
        used = [network for network, link in self._links.routes6() if link != index]
        for link, addresses in self._links.addresses6().items():
            used += [address.network for address in addresses if link != index]
        return [network for network in used if not network.is_link_local]

    def has_ipv6(self) -> bool:
        return forwarding.has_ipv6()

    def links(self, version: int = 4) -> list[str]:
        found = [link.name for link in self._links.all()]
        return found if version == 4 else [each for each in found if read_net(f"ipv6/conf/{each}/disable_ipv6") == "0"]

    def bridge_ports(self, bridge: str) -> list[str]:
        own = self._links.get(bridge)
        return [link.name for link in self._links.all() if own and link.master == own.index]

    def ensure_bridge(self, name: str, mac: str, address: IPv4Interface, address6: IPv6Interface | None = None) -> None:
        self._links.add_bridge(name, mac)
        bridge = self._index(name)
        for other in self._links.addresses().get(bridge, []):
            if other != address:
                self._links.remove_address(bridge, other)
        self._links.add_address(bridge, address)
        if address6 is None:
            _without_ipv6(name)
        else:
            _with_ipv6(name)
            for old in self._links.addresses6().get(bridge, []):
                if old != address6:
                    self._links.remove_address(bridge, old)
            self._links.add_address(bridge, address6)
        self._links.set_up(bridge, name)

    def is_forwarding(self, version: int = 4) -> bool:
        return forwarding.is_on() if version == 4 else forwarding.is_on6()

    def set_forwarding(self, on: bool, version: int = 4) -> None:
        (forwarding.set_on if version == 4 else forwarding.set_on6)(on)

    def fence(self, version: int = 4) -> tuple[str, ...] | None:
        for each in self._nftables.list_table("inet", rules.SHARED) or ():
            if each.get("set", {}).get("name") == f"links{version}":
                return tuple(sorted(each["set"].get("elem") or ()))
        return None

    def set_fence(self, links: Sequence[str] | None, version: int = 4) -> None:
        others = self.fence(10 - version) is not None
        self._nftables.run(rules.remember(links, version, others), step="write down links")

    def lay(self, netns_fd: int, bridge: str, wire: Wire) -> None:
        far = VethEnd(netns_fd, wire.interface, wire.mac, wire.mtu)
        try:
            self._links.add_veth(wire.host_link, self._index(bridge), far)
        except KernelError as error:
            # Only a crash leaves a link of this name behind (its address was free), perhaps with a dying namespace.
            if error.errno != errno.EEXIST or self._links.get(wire.host_link) is None:
                raise
            self._links.delete(wire.host_link)
            self._links.add_veth(wire.host_link, self._index(bridge), far)
        try:
            self._configure(netns_fd, wire)
            if wire.address6 is not None:
                self._links.add_neighbour(self._index(bridge), wire.address6.ip, wire.mac)
        except BaseException:
            self._links.delete(wire.host_link)
            raise

    def lead(self, netns_fd: int, wire: Wire) -> None:
        with inside(netns_fd):
            links = Links()
        with links:
            _lead(links, _end(links, wire), wire)

    def tune(self, netns_fd: int, settings: Sequence[tuple[str, str]]) -> None:
        with inside(netns_fd):
            for path, value in settings:
                write_net(path, value)

    def set_neighbours(self, bridge: str, known: Mapping[IPv6Address, str]) -> None:
        index = self._index(bridge)
        found = self._links.neighbours(index)
        for address in found.keys() - known.keys():
            self._links.remove_neighbour(index, address)
        for address, mac in known.items():
            if found.get(address) != mac:
                self._links.add_neighbour(index, address, mac)

    def forget(self, bridge: str, address: IPv6Address) -> None:
        own = self._links.get(bridge)
        if own is not None:
            self._links.remove_neighbour(own.index, address)

    def remove_link(self, name: str) -> None:
        self._links.delete(name)

    def set_rules(self, ground: rules.Ground, publications: Sequence[Publication]) -> None:
        self._nftables.run(rules.ruleset(ground, publications), step="set nft rules")

    def remove_rules(self, table: str) -> None:
        self._nftables.run(rules.remove(table), step="remove nft rules")

    def publish(self, table: str, publications: Sequence[Publication]) -> None:
        self._run(rules.elements("add", table, publications), "publish ports")

    def unpublish(self, table: str, publications: Sequence[Publication]) -> None:
        """Idempotent: adding first makes the deletion of what is not there succeed, in the same transaction."""
        added, deleted = (rules.elements(verb, table, publications) for verb in ("add", "delete"))
        self._run(added + "\n" + deleted, "unpublish ports")

    def forget_flows(self, publications: Sequence[Publication]) -> None:
        own = {str(each.ip) for addresses in self._links.addresses().values() for each in addresses}
        is_stale = flows.stale(publications, own)
        try:
            with Conntrack() as conntrack:
                for flow in [each for each in conntrack.flows() if is_stale(each)]:
                    conntrack.forget(flow)
        except KernelError as error:  # the rules are right; what is under way comes to its end by time
            _log.warning("UDP connections to published ports: %s", error)

    def listen(self, netns_fd: int) -> NameSockets:
        """At ports of their own, which port 53 is led to: a container may have a name server itself, at every address
        (libnetwork, resolver_unix.go)."""
        with inside(netns_fd):
            udp, tcp = socket.socket(type=socket.SOCK_DGRAM), socket.socket()
            nftables = Nftables()
        try:
            for each in (udp, tcp):
                each.setblocking(False)
                each.setsockopt(socket.IPPROTO_IP, _IP_FREEBIND, 1)  # the loopback link may not be up yet
                each.bind((rules.NAME_SERVER, 0))
            tcp.listen()
            with nftables:
                nftables.run(rules.names(udp.getsockname()[1], tcp.getsockname()[1]), step="lead names to the engine")
        except BaseException:
            udp.close()
            tcp.close()
            raise
        return NameSockets(udp, tcp)

    def _run(self, script: str, step: str) -> None:
        if script.strip():
            self._nftables.run(script + "\n", step=step)

    def _configure(self, netns_fd: int, wire: Wire) -> None:
        _without_ipv6(wire.host_link)
        port = self._index(wire.host_link)
        # Needed where br_netfilter is on (bridge-nf-call-iptables, Docker's and Kubernetes' habit): then a container
        # that reaches its own published port is redirected within the bridge, back through the port it came from.
        self._links.set_hairpin(port)
        if wire.is_apart:
            self._links.set_isolated(port)
        self._links.set_up(port, wire.host_link)
        with inside(netns_fd):
            (_without_ipv6 if wire.address6 is None else _with_ipv6)(wire.interface)
            links = Links()
        with links:
            end = _end(links, wire)
            links.add_address(end, wire.address)
            links.set_up(end, wire.interface)
            if wire.address6 is not None and wire.gateway6 is not None:
                # Nobody but the gateway is a neighbour, and where that is need not be asked.
                links.add_address(end, IPv6Interface(wire.address6.ip))
                links.add_neighbour(end, wire.gateway6, plan.mac_of(wire.gateway))
                links.add_route6(wire.address6.network, wire.gateway6, end)
            if wire.is_way:
                _lead(links, end, wire)

    def _index(self, name: str) -> int:
        link = self._links.get(name)
        if link is None:
            raise KernelError(errno.ENODEV, "find link", name)
        return link.index


def _end(links: Links, wire: Wire) -> int:
    """Of the link inside: its index."""
    end = links.get(wire.interface)
    if end is None:
        raise KernelError(errno.ENODEV, "find link inside", wire.interface)
    return end.index


def _lead(links: Links, end: int, wire: Wire) -> None:
    """A route to everywhere takes the place of the one that is there."""
    links.add_default_route(wire.gateway)
    if wire.gateway6 is not None:
        links.add_default_route(wire.gateway6, end)


_QUIET = {"accept_ra": "0", "accept_redirects": "0", "addr_gen_mode": "1", "disable_ipv6": "0"}
"""In this order: no router is believed, nobody is sent elsewhere, and no address comes by itself
(IN6_ADDR_GEN_MODE_NONE): by link-local ones, containers would talk past all rules about addresses."""


def _with_ipv6(link: str) -> None:
    for name, value in _QUIET.items():
        write_net(f"ipv6/conf/{link}/{name}", value)


def _without_ipv6(link: str) -> None:
    """An IPv4-only network has no IPv6 at all, not even link-local, and believes no router (CVE-2024-32473,
    CVE-2020-10749). Before the link is up. Nothing to do where the kernel has no IPv6."""
    for name in ("accept_ra", "disable_ipv6"):
        try:
            write_net(f"ipv6/conf/{link}/{name}", "0" if name == "accept_ra" else "1")
        except KernelError as error:
            if error.errno != errno.ENOENT:
                raise
