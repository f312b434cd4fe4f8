"""The networks of an instance: the default bridge, ``host`` and ``none``, and those that users make (``own``)."""

import logging
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from ipaddress import IPv4Address
from typing import Any

import msgspec
from msgspec.structs import replace

from wherry.engine.database import Database
from wherry.engine.events import EventSink
from wherry.engine.instance import Instance
from wherry.engine.networks import asked, plan, proxy, view
from wherry.engine.networks.apply import KernelPlumbing, Plumbing
from wherry.engine.networks.asked import Asked
from wherry.engine.networks.bridge import ANY, Bridge, Ranges, choose_addressing
from wherry.engine.networks.model import Attached, Endpoint, Network, PortBinding, Publication
from wherry.engine.networks.own import Joining, OwnNetworks
from wherry.engine.networks.ports import Hold, Ports
from wherry.engine.networks.rows import Rows
from wherry.engine.networks.turn import turn
from wherry.kit.durations import parse_moment
from wherry.kit.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable, WherryError

_log = logging.getLogger(__name__)
# The class has a method named list.
_Bindings = list[PortBinding]
_Attached = list[Attached]
_Names = list[str]
_Networks = list[Network]
_DRIVERS = {"bridge": "bridge", "host": "host", "none": "null"}


class Surroundings(msgspec.Struct, frozen=True):
    """What a test replaces."""

    plumbing: Callable[[], Plumbing] = KernelPlumbing
    hold: Hold = proxy.hold
    now_nanoseconds: Callable[[], int] = time.time_ns
    new_id: Callable[[], str] = msgspec.field(default=lambda: secrets.token_hex(32))


class Networks:
    """Wires network namespaces and publishes ports. Call it on the event loop's thread, after :meth:`start`.

    Publishing is a database row and one nft transaction, done at once. What is acknowledged is in the database: the
    next start repeats it.
    """

    def __init__(
        self,
        instance: Instance,
        database: Database,
        events: EventSink,
        settings: Ranges = ANY,
        surroundings: Surroundings = Surroundings(),
    ) -> None:
        self._instance = instance
        self._events = events
        self._settings = settings
        self._around = surroundings
        self._rows = Rows(database)
        self._ports = Ports(surroundings.hold)
        self._networks: dict[str, Network] = {}
        self._attached: dict[str, Attached] = {}
        self.own = OwnNetworks(
            instance, self._rows, surroundings.plumbing, surroundings.new_id, surroundings.now_nanoseconds
        )
        self._plumbing: Plumbing | None = None
        self._started: Bridge | None = None

    # Start and stop

    async def start(self) -> None:
        """Make bridge, rules and forwarding what the rows say; running traffic does not notice. Idempotent.

        Raises Unavailable when no address range is free, KernelError when the kernel refuses.
        """
        self._networks = self._built_in()
        network = self._networks["bridge"]
        self._attached = {one.container_id: one for one in self._rows.endpoints(network)}
        self._plumbing = plumbing = self._plumbing or self._around.plumbing()
        publications = [publication for one in self._attached.values() for publication in one.publications]
        with turn():
            net = choose_addressing(self._instance, plumbing, network, self._settings, in_use=bool(self._attached))
            if net != network.addressing:
                self._networks["bridge"] = replace(network, addressing=net)
                self._rows.put_network(self._networks["bridge"])
            self._started = bridge = self._started or Bridge(self._instance, net, plumbing)
            own = [network for network in self._rows.networks() if network.own]
            has_ipv6 = any(network.addressing and network.addressing.subnet6 for network in own)
            bridge.lay_ground(self._rows, [one.endpoint for one in self._attached.values()], publications, has_ipv6)
            self.own.start(own, plumbing)
        publications += self.own.publications()
        for lost in self._ports.reclaim(publications):
            _log.warning("published port %s is in use by another program; it goes on here", lost.host)

    async def stop(self, destroy: bool = False) -> None:
        """Let go of sockets and threads. ``destroy`` also removes bridge and rules, when no container uses them.

        Idempotent; afterwards only :meth:`discard` may be called, and does nothing.
        """
        bridge, plumbing = self._started, self._plumbing
        self._started = self._plumbing = None
        if bridge is None or plumbing is None:
            return
        self._ports.release(self.own.publications())
        await self.own.stop(destroy)
        await bridge.close()
        for one in self._attached.values():
            self._ports.release(one.publications)
        if destroy and not self._attached:
            with turn():
                bridge.destroy(self._rows)
        plumbing.close()

    async def restore(self) -> None:
        """Make the rules anew, when somebody has removed them. Idempotent."""
        publications = [each for one in self._attached.values() for each in one.publications]
        self._bridge.lay_rules(self._rows, publications)

    def recover(self, live: set[str]) -> None:
        """Release what belongs to containers that are not among the living. Idempotent."""
        members = {one.container_id for network in self.own for one in self.own.attached(network)}
        for container_id in sorted((self._attached.keys() | members) - live):
            self._detach(container_id)

    # What there is

    def get(self, name_or_id: str) -> Network:
        """By name, id or unambiguous beginning of an id; NotFound in Docker's words."""
        everything: _Networks = [*self._networks.values(), *self.own]
        for network in everything:
            if name_or_id in (network.name, network.id):
                return network
        found = [one for one in everything if name_or_id and one.id.startswith(name_or_id)]
        if len(found) > 1:
            raise Invalid(f"network {name_or_id} is ambiguous ({len(found)} matches found based on ID prefix)")
        if not found:
            raise NotFound(f"network {name_or_id} not found")
        return found[0]

    def list(self, filters: Mapping[str, Sequence[str]] | None = None) -> "list[Network]":
        """Those that match Docker's filters; Invalid for a filter that does not exist."""
        return [
            network
            for network in (*self._networks.values(), *self.own)
            if view.matches(network, filters or {}, in_use=bool(self.attached(network)))
        ]

    def inspect(self, name_or_id: str) -> dict[str, Any]:
        """Docker's JSON of a network with its containers."""
        network = self.get(name_or_id)
        return view.network_json(network, self.attached(network))

    def attached(self, network: Network) -> Sequence[Attached]:
        if network.own is not None:
            return self.own.attached(network)
        return [one for one in self._attached.values() if one.endpoint.network_id == network.id]

    def endpoint(self, container_id: str) -> Endpoint | None:
        attached = self._attached.get(container_id)
        return attached.endpoint if attached else None

    def places(self, container_id: str) -> "_Attached":
        """Everywhere a container is, in the order of its interfaces."""
        attached = self._attached.get(container_id)
        return [*([attached] if attached else ()), *self.own.of(container_id)]

    def publications(self, container_id: str) -> tuple[Publication, ...]:
        return tuple(each for one in self.places(container_id) for each in one.publications)

    def create(self, wanted: Asked) -> Network:
        """See :meth:`.own.OwnNetworks.create`."""
        asked.check(wanted)
        if wanted.has_ipv6:
            self._forward_ipv6()
        network = self.own.create(wanted)
        self._tell_of(network, "create")
        return network

    def _forward_ipv6(self) -> None:
        if self._plumbing is None or not self._plumbing.has_ipv6():
            raise Unavailable("this kernel has no IPv6 (there is no /proc/sys/net/ipv6): make the network without")
        with turn():
            self._bridge.forward(self._rows, [each for one in self._attached.values() for each in one.publications], 6)

    def remove(self, name_or_id: str) -> None:
        """Forbidden for a predefined one, and while somebody is on it; NotFound."""
        network = self.get(name_or_id)
        if network.own is None:
            raise Forbidden(f"{network.name} is a pre-defined network and cannot be removed")
        self.own.remove(network)
        self._tell_of(network, "destroy")

    def prune(self, filters: Mapping[str, Sequence[str]]) -> "_Names":
        """Remove those that nobody is on, and that match Docker's filters; their names."""
        until = parse_moment(filters["until"][0], self._around.now_nanoseconds()) if filters.get("until") else None
        rest = {kind: values for kind, values in filters.items() if kind != "until"}
        gone = []
        for network in list(self.own):
            is_old = until is None or network.created_nanoseconds < until
            if is_old and not self.own.attached(network) and view.matches(network, rest, in_use=False):
                self.remove(network.id)
                gone.append(network.name)
        self._events.publish("network", "prune", "", {"reclaimed": "0"})
        return gone

    async def join(self, netns_fd: int, network: Network, who: Joining) -> Attached:
        """Give a container's namespace a place on a network that a user made."""
        member = await self.own.join(netns_fd, network, who)
        self._tell("connect", member)
        return member

    def publish(self, member: Attached, ports: Sequence[PortBinding]) -> None:
        """Publish ports of a container on one of its networks, which has none yet. Raises as :meth:`connect`."""
        publications = self._claim(member.endpoint, member.container_name, ports)
        try:
            self._put_ports(member, publications)
        except BaseException:
            self._ports.release(publications)
            raise

    def _put_ports(self, member: Attached, publications: tuple[Publication, ...]) -> None:
        if member.endpoint.network_id != self._networks["bridge"].id:
            self.own.publish(member, publications)
            return
        changed = replace(member, publications=publications)
        self._rows.put_endpoint(changed)
        self._attached[member.container_id] = changed
        self._bridge.unpublish(member.publications)
        self._bridge.publish(publications)

    async def lead(self, netns_fd: int, network: Network, container_id: str, ports: Sequence[PortBinding]) -> None:
        """Make one of a container's networks its way to elsewhere, and publish its ports there: those it has had on
        another, else these. Idempotent. Raises as :meth:`connect`, and then all is as it was."""
        member = next(one for one in self.places(container_id) if one.endpoint.network_id == network.id)
        if not member.publications:
            self._move_ports(member, ports)
        if network.own is None:
            await self._bridge.lead(netns_fd, member.endpoint)
        else:
            await self.own.lead(netns_fd, member)

    def _move_ports(self, member: Attached, ports: Sequence[PortBinding]) -> None:
        before = [one for one in self.places(member.container_id) if one.publications]
        if not before:
            self.publish(member, ports)
            return
        for one in before:
            self._put_ports(one, ())
            self._ports.release(one.publications)
        address = member.endpoint.address
        moved = tuple(replace(each, address=address) for one in before for each in one.publications)
        for lost in self._ports.reclaim(moved):
            _log.warning("published port %s is in use by another program; it goes on here", lost.host)
        self._put_ports(member, moved)

    async def cut(self, member: Attached) -> None:
        """Take a container that runs off a network."""
        self._ports.release(member.publications)
        if member.endpoint.network_id == self._networks["bridge"].id:
            self._bridge.unpublish(member.publications)
            self._rows.delete_endpoint(member.container_id)
            self._attached.pop(member.container_id, None)
            await self._bridge.cut(member.endpoint)
        else:
            await self.own.cut(member)
        self._tell("disconnect", member)

    # Endpoints

    async def wire(self, netns_fd: int, interface: str = "eth0", is_way: bool = True, mac: str = "") -> Endpoint:
        """Connect a network namespace to the default bridge; nobody's until :meth:`connect`. ``mac`` empty: one that is
        made of its address.

        The descriptor is needed only until this returns or is cancelled. Raises Unavailable when the range is used up.
        Not remembered across a restart: a namespace that no container has yet ends with the node that made it.
        """
        network = self._networks["bridge"]

        def endpoint(address: IPv4Address) -> Endpoint:
            return plan.endpoint_of(network, self._around.new_id(), address, mac, interface)

        return await self._bridge.wire(netns_fd, endpoint, is_way=is_way)

    async def connect(
        self, endpoint: Endpoint, container_id: str, name: str, ports: Sequence[PortBinding]
    ) -> _Bindings:
        """Give a wired endpoint to a container and publish its ports: one row, one nft transaction.

        Returns the bindings with host port and address settled, one a family. All or nothing: Conflict in Docker's
        words when a port is taken, and the endpoint is as it was.
        """
        if container_id in self._attached:
            raise Conflict(f"container {container_id[:12]} is already attached to network {endpoint.network_name}")
        publications = self._claim(endpoint, name, ports)
        attached = Attached(endpoint, container_id, name.removeprefix("/"), publications)
        try:
            self._rows.put_endpoint(attached)
            self._bridge.publish(publications)
        except BaseException:
            self._rows.delete_endpoint(container_id)
            self._ports.release(publications)
            raise
        self._attached[container_id] = attached
        self._tell("connect", attached)
        return [publication.binding() for publication in publications]

    async def disconnect(self, container_id: str) -> None:
        """Unpublish and forget. Its link goes with its namespace, and then its address is free. Idempotent."""
        self._detach(container_id)

    async def discard(self, endpoint: Endpoint) -> None:
        """A wired endpoint that nobody wants any more. Idempotent."""
        if self._started is not None and all(one.endpoint != endpoint for one in self._attached.values()):
            self._started.unwire(endpoint)

    def rename(self, container_id: str, name: str) -> None:
        """The container's new name in inspections. Nothing when it has no endpoint."""
        attached = self._attached.get(container_id)
        if attached is not None:
            self._attached[container_id] = replace(attached, container_name=name.removeprefix("/"))
            self._rows.put_endpoint(self._attached[container_id])
        self.own.rename(container_id, name.removeprefix("/"))

    # Inside

    def _claim(self, endpoint: Endpoint, name: str, ports: Sequence[PortBinding]) -> tuple[Publication, ...]:
        own = self.get(endpoint.network_id).own
        if own is not None and own.host_address:
            ports = [replace(each, host_address=each.host_address or own.host_address) for each in ports]
        try:
            return tuple(self._ports.claim(endpoint.address, ports, endpoint.address6))
        except WherryError as error:
            raise type(error)(_framed(error, name, endpoint)) from error

    @property
    def _bridge(self) -> Bridge:
        if self._started is None:
            raise Unavailable("networks are not started")
        return self._started

    def _built_in(self) -> dict[str, Network]:
        known = {network.name: network for network in self._rows.networks() if network.own is None}
        for name, driver in _DRIVERS.items():
            if name not in known:
                known[name] = Network(self._around.new_id(), name, driver, self._around.now_nanoseconds())
                self._rows.put_network(known[name])
        return known

    def _detach(self, container_id: str) -> None:
        self.own.end_names(container_id)
        for member in self.own.of(container_id):
            self.own.leave(member)
            self._ports.release(member.publications)
            self._tell("disconnect", member)
        attached = self._attached.get(container_id)
        if attached is None:
            return
        self._bridge.unpublish(attached.publications)
        self._rows.delete_endpoint(container_id)
        del self._attached[container_id]
        self._ports.release(attached.publications)
        self._bridge.unwire(attached.endpoint)
        self._tell("disconnect", attached)

    def _tell_of(self, network: Network, action: str) -> None:
        self._events.publish("network", action, network.id, {"name": network.name, "type": network.driver})

    def _tell(self, action: str, attached: Attached) -> None:
        endpoint = attached.endpoint
        facts = {"container": attached.container_id, "name": endpoint.network_name, "type": "bridge"}
        self._events.publish("network", action, endpoint.network_id, facts)


def _framed(error: WherryError, name: str, endpoint: Endpoint) -> str:
    """Docker's frame around what went wrong with ports (libnetwork, sandbox.populateNetworkResources)."""
    where = f"endpoint {name.removeprefix('/')} ({endpoint.endpoint_id})"
    return f"driver failed programming external connectivity on {where}: {error}"
