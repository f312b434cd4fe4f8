"""The networks that users make: a bridge, a range and rules each; names for whoever is on them.

Made and removed at once, under one turn with other instances. Rows come first: a start makes of them what a crash, a
reboot or ``down`` has taken away.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import asdict, replace

from wherry.engine.instance import Instance
from wherry.engine.networks import asked, plan
from wherry.engine.networks.apply import Plumbing
from wherry.engine.networks.asked import Asked
from wherry.engine.networks.bridge import Bridge
from wherry.engine.networks.model import Attached, Endpoint, Network, Own, Publication
from wherry.engine.networks.rows import Rows
from wherry.engine.networks.turn import turn
from wherry.kit.errors import Conflict, Forbidden

if TYPE_CHECKING:
    from wherry.engine.networks.nameserver import Names, NameServer


class Joining(msgspec.Struct, frozen=True):
    """Who joins a network, and how. ``address`` None: the next free one. ``is_way``: it is its way to elsewhere.
    ``sysctls`` as :class:`.endpointoptions.EndpointOptions` has them."""

    container_id: str
    name: str
    aliases: tuple[str, ...] = ()
    interface: str = "eth0"
    address: IPv4Address | None = None
    mac: str = ""
    links: tuple[str, ...] = ()
    is_way: bool = True
    address6: IPv6Address | None = None
    sysctls: tuple[tuple[str, str], ...] = ()


class OwnNetworks:
    """By id. Call it on the event loop's thread, after :meth:`start`."""

    def __init__(
        self,
        instance: Instance,
        rows: Rows,
        plumbing: Callable[[], Plumbing],
        new_id: Callable[[], str],
        now: Callable[[], int],
    ) -> None:
        """``plumbing`` makes one: each network has its own, as each has a thread of its own that uses it."""
        self._instance = instance
        self._rows = rows
        self._make_plumbing = plumbing
        self._new_id = new_id
        self._now = now
        self._networks: dict[str, Network] = {}
        self._bridges: dict[str, Bridge] = {}
        self._members: dict[tuple[str, str], Attached] = {}
        self._plumbings: dict[str, Plumbing] = {}
        self._servers: dict[str, NameServer] = {}

    # Start and stop

    def start(self, networks: Iterable[Network], plumbing: Plumbing) -> None:
        """Make bridges and rules what the rows say. Idempotent."""
        self._networks = {network.id: network for network in networks}
        self._remove_strangers(plumbing)
        self._members = {_key(one): one for one in self._rows.members()}
        for network in self._networks.values():
            if network.id not in self._bridges:
                self._plumbings[network.id] = self._make_plumbing()
            self._lay(network)

    def _remove_strangers(self, plumbing: Plumbing) -> None:
        """Bridges without a row: of a removal that a crash cut short."""
        known = {network.own.slot for network in self._networks.values() if network.own}
        for link in plumbing.links():
            slot = plan.slot_of(self._instance, link)
            if slot is not None and slot not in known:
                for port in plumbing.bridge_ports(link):
                    plumbing.remove_link(port)
                plumbing.remove_rules(f"{self._instance.nft_table}-{slot}")
                plumbing.remove_link(link)

    def _lay(self, network: Network) -> None:
        assert network.addressing is not None
        bridge = self._bridges.get(network.id)
        if bridge is None:
            plumbing = self._plumbings[network.id]
            bridge = self._bridges[network.id] = Bridge(self._instance, network.addressing, plumbing, network.own)
        members = self.attached(network)
        published = [each for one in members for each in one.publications]
        bridge.lay_ground(self._rows, [one.endpoint for one in members], published)

    async def stop(self, destroy: bool) -> None:
        """Let go; ``destroy`` also removes what no container uses from the kernel."""
        for server in self._servers.values():
            server.close()
        self._servers.clear()
        bridges, self._bridges = self._bridges, {}
        for network_id, bridge in bridges.items():
            await bridge.close()
            if destroy and not self.attached(self._networks[network_id]):
                bridge.remove()
            self._plumbings.pop(network_id).close()

    # What there is

    def __iter__(self) -> Iterator[Network]:
        return iter(list(self._networks.values()))

    def attached(self, network: Network) -> Sequence[Attached]:
        return [one for one in self._members.values() if one.endpoint.network_id == network.id]

    def of(self, container_id: str) -> Sequence[Attached]:
        """A container's places, in the order of its interfaces."""
        found = [one for (owner, _), one in self._members.items() if owner == container_id]
        return sorted(found, key=lambda one: _place_of(one.endpoint.interface))

    def publications(self) -> Sequence[Publication]:
        return [each for one in self._members.values() for each in one.publications]

    # Networks

    def create(self, wanted: Asked) -> Network:
        """Conflict when there is one of that name; Invalid, Forbidden, Unsupported, Unavailable."""
        options = asked.check(wanted)
        if any(network.name == wanted.name for network in self._networks.values()):
            raise Conflict(f"network with name {wanted.name} already exists")
        plumbing = self._make_plumbing()
        with turn(), ExitStack() as undo:
            undo.callback(plumbing.close)
            if options.bridge and options.bridge in plumbing.links():
                raise Forbidden(f"cannot create network {wanted.name}: there is a link {options.bridge} already")
            network_id = self._new_id()
            place = asked.place(wanted, asked.Taken(plumbing.taken(""), plumbing.taken6("")), network_id)
            slot = plan.free_slot({network.own.slot for network in self._networks.values() if network.own})
            given = {"is_internal": wanted.is_internal, "is_attachable": wanted.is_attachable, **asdict(options)}
            own = Own(slot, **given, range=place.range, reserved=place.reserved)
            facts = (network_id, wanted.name, "bridge", self._now(), place.net)
            network = Network(*facts, dict(wanted.options), dict(wanted.labels), own)
            self._rows.put_network(network)
            self._networks[network.id] = network
            self._plumbings[network.id] = plumbing
            undo.pop_all()
            try:
                self._lay(network)
            except BaseException:
                self._forget(network)
                raise
        return network

    def remove(self, network: Network) -> None:
        """Forbidden while there is somebody on it."""
        members = self.attached(network)
        if members:
            who = ", ".join(f'name:"{one.container_name}" id:"{one.container_id[:12]}"' for one in members)
            raise Forbidden(f"error while removing network: network {network.name} has active endpoints ({who})")
        self._forget(network)

    def _forget(self, network: Network) -> None:
        """The row goes last: by it, a start finds what a crash has left, whatever its bridge is called."""
        bridge = self._bridges.get(network.id)
        if bridge is not None:
            bridge.dismiss()
            del self._bridges[network.id]
        self._rows.delete_network(network.id)
        del self._networks[network.id]
        self._plumbings.pop(network.id).close()

    # Members

    async def join(self, netns_fd: int, network: Network, who: Joining) -> Attached:
        """Give a namespace a place on it. Nothing stays when it fails or is cancelled."""
        if (who.container_id, network.id) in self._members:
            raise Conflict(f"container {who.container_id[:12]} is already attached to network {network.name}")
        bridge = self._bridges[network.id]

        def endpoint(address: IPv4Address) -> Endpoint:
            return plan.endpoint_of(network, self._new_id(), address, who.mac, who.interface)

        is_way = who.is_way and not network.is_internal
        made = await bridge.wire(netns_fd, endpoint, who.address, is_way, who.address6)
        member = Attached(made, who.container_id, who.name.removeprefix("/"), aliases=who.aliases, links=who.links)
        try:
            if who.sysctls:
                await bridge.tune(netns_fd, [(path.format(who.interface), value) for path, value in who.sysctls])
            self._rows.put_member(member)
        except BaseException:
            bridge.unwire(made)
            raise
        self._members[_key(member)] = member
        return member

    def publish(self, member: Attached, publications: tuple[Publication, ...]) -> None:
        """Lead these ports of the host to it, and no others."""
        bridge = self._bridges[member.endpoint.network_id]
        changed = replace(member, publications=publications)
        self._rows.put_member(changed)
        self._members[_key(member)] = changed
        bridge.unpublish(member.publications)
        bridge.publish(publications)

    async def lead(self, netns_fd: int, member: Attached) -> None:
        """Its namespace's way to elsewhere is this network."""
        await self._bridges[member.endpoint.network_id].lead(netns_fd, member.endpoint)

    def leave(self, member: Attached) -> None:
        """Its link goes with its namespace."""
        self._forget_member(member).unwire(member.endpoint)

    async def cut(self, member: Attached) -> None:
        """Leave, while the namespace goes on."""
        await self._forget_member(member).cut(member.endpoint)

    def _forget_member(self, member: Attached) -> Bridge:
        bridge = self._bridges[member.endpoint.network_id]
        bridge.unpublish(member.publications)
        self._rows.delete_member(member)
        self._members.pop(_key(member), None)
        return bridge

    def rename(self, container_id: str, name: str) -> None:
        for member in self.of(container_id):
            self._members[_key(member)] = changed = replace(member, container_name=name)
            self._rows.put_member(changed)

    # Names

    async def serve_names(self, netns_fd: int, container_id: str, servers: Sequence[str]) -> None:
        """Answer what a container asks; ``servers`` know everything else. Nothing when it is served already."""
        if container_id in self._servers:
            return
        member = self.of(container_id)[0]
        from wherry.engine.networks.nameserver import NameServer  # what most instances do without

        sockets = self._plumbings[member.endpoint.network_id].listen(netns_fd)
        server = NameServer(self._names(container_id, servers))
        await server.start(sockets)
        self._servers[container_id] = server

    def end_names(self, container_id: str) -> None:
        """Idempotent."""
        server = self._servers.pop(container_id, None)
        if server is not None:
            server.close()

    def _names(self, container_id: str, servers: Sequence[str]) -> "Names":
        from wherry.engine.networks.nameserver import Names

        def addresses(name: str) -> list[IPv4Address | IPv6Address] | None:
            linked = {
                link.partition(":")[0] for one in self.of(container_id) for link in one.links if _means(link, name)
            }
            found = [
                ip_address(address)
                for one in self._neighbours(container_id)
                if _is_called(one, name) or one.container_name in linked
                for address in one.endpoint.addresses
            ]
            return found or None

        def name(address: IPv4Address | IPv6Address) -> str | None:
            neighbours = self._neighbours(container_id)
            names = (f"{one.container_name}.{one.endpoint.network_name}" for one in neighbours
                     if str(address) in one.endpoint.addresses)  # fmt: skip
            return next(names, None)

        closed = all(self._networks[one.endpoint.network_id].is_internal for one in self.of(container_id))
        return Names(addresses, name, () if closed else servers)

    def _neighbours(self, container_id: str) -> list[Attached]:
        mine = {one.endpoint.network_id for one in self.of(container_id)}
        return [one for one in self._members.values() if one.endpoint.network_id in mine]


def _key(member: Attached) -> tuple[str, str]:
    return member.container_id, member.endpoint.network_id


def _place_of(interface: str) -> tuple[bool, int, str]:
    """Those of our choice by their numbers, then those that users have named."""
    number = interface.removeprefix("eth")
    is_ours = interface.startswith("eth") and number.isdigit()
    return not is_ours, int(number) if is_ours else 0, interface


def _means(link: str, name: str) -> bool:
    return link.rpartition(":")[2].lower() == name


def _is_called(member: Attached, name: str) -> bool:
    """Names count without regard to case, with or without that of the network behind them (libnetwork, sandbox.go)."""
    own = (member.container_name, *member.aliases)
    bare = name.removesuffix(f".{member.endpoint.network_name.lower()}")
    return any(each.lower() in (name, bare) for each in own)
