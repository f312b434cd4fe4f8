"""The effects of networks on the kernel: one method an action, each idempotent."""

import errno
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Protocol

import msgspec

from wherry.engine.networks import rules
from wherry.engine.networks.model import Publication
from wherry.linux.errors import KernelError
from wherry.linux.links import Links, VethEnd
from wherry.linux.netlink import inside
from wherry.linux.nftables import Nftables
from wherry.linux.sysctl import read_net, write_net


class Wire(msgspec.Struct, frozen=True):
    """A veth pair to be: its end on the host, and what the end inside is called and given."""

    host_link: str
    interface: str
    mac: str
    address: IPv4Interface
    gateway: IPv4Address


class Plumbing(Protocol):
    """What networks ask of the kernel. Every call may raise KernelError. Not for two threads at a time, except that
    ``publish`` and ``unpublish`` may run beside the others."""

    def taken(self, bridge: str) -> list[IPv4Network]:
        """Ranges that routes and addresses of this machine use, those of ``bridge`` excepted."""
        ...

    def links(self) -> list[str]: ...
    def bridge_ports(self, bridge: str) -> list[str]: ...
    def ensure_bridge(self, name: str, mac: str, address: IPv4Interface) -> None: ...
    def is_forwarding(self) -> bool: ...
    def set_forwarding(self, on: bool) -> None: ...
    def lay(self, netns_fd: int, bridge: str, wire: Wire) -> None:
        """Connect a fresh namespace; nothing is left of it when this fails."""
        ...

    def remove_link(self, name: str) -> None: ...
    def set_rules(self, ground: rules.Ground, publications: Sequence[Publication]) -> None: ...
    def remove_rules(self, table: str) -> None: ...
    def publish(self, table: str, publications: Sequence[Publication]) -> None: ...
    def unpublish(self, table: str, publications: Sequence[Publication]) -> None: ...
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

    def links(self) -> list[str]:
        return [link.name for link in self._links.all()]

    def bridge_ports(self, bridge: str) -> list[str]:
        own = self._links.get(bridge)
        return [link.name for link in self._links.all() if own and link.master == own.index]

    def ensure_bridge(self, name: str, mac: str, address: IPv4Interface) -> None:
        self._links.add_bridge(name, mac)
        bridge = self._index(name)
        for other in self._links.addresses().get(bridge, []):
            if other != address:
                self._links.remove_address(bridge, other)
        self._links.add_address(bridge, address)
        _without_ipv6(name)
        self._links.set_up(bridge, name)

    def is_forwarding(self) -> bool:
        return read_net("ipv4/ip_forward") == "1"

    def set_forwarding(self, on: bool) -> None:
        write_net("ipv4/ip_forward", "1" if on else "0")

    def lay(self, netns_fd: int, bridge: str, wire: Wire) -> None:
        far = VethEnd(netns_fd, wire.interface, wire.mac)
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
        except BaseException:
            self._links.delete(wire.host_link)
            raise

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

    def _run(self, script: str, step: str) -> None:
        if script.strip():
            self._nftables.run(script + "\n", step=step)

    def _configure(self, netns_fd: int, wire: Wire) -> None:
        _without_ipv6(wire.host_link)
        port = self._index(wire.host_link)
        # Needed where br_netfilter is on (bridge-nf-call-iptables, Docker's and Kubernetes' habit): then a container
        # that reaches its own published port is redirected within the bridge, back through the port it came from.
        self._links.set_hairpin(port)
        self._links.set_up(port, wire.host_link)
        with inside(netns_fd):
            _without_ipv6(wire.interface)
            links = Links()
        with links:
            end = links.get(wire.interface)
            if end is None:
                raise KernelError(errno.ENODEV, "find link inside", wire.interface)
            links.add_address(end.index, wire.address)
            links.set_up(end.index, wire.interface)
            links.add_default_route(wire.gateway)

    def _index(self, name: str) -> int:
        link = self._links.get(name)
        if link is None:
            raise KernelError(errno.ENODEV, "find link", name)
        return link.index


def _without_ipv6(link: str) -> None:
    """An IPv4-only network has no IPv6 at all, not even link-local, and believes no router (CVE-2024-32473,
    CVE-2020-10749). Before the link is up. Nothing to do where the kernel has no IPv6."""
    for name in ("accept_ra", "disable_ipv6"):
        try:
            write_net(f"ipv6/conf/{link}/{name}", "0" if name == "accept_ra" else "1")
        except KernelError as error:
            if error.errno != errno.ENOENT:
                raise
