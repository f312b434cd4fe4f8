"""The networks of an instance: the default bridge, ``host`` and ``none``."""

import asyncio
import logging
import os
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from wherry.engine.database import Database
from wherry.engine.events import EventSink
from wherry.engine.instance import Instance
from wherry.engine.networks import plan, proxy, rules, view
from wherry.engine.networks.apply import KernelPlumbing, Plumbing, Wire
from wherry.engine.networks.model import Addressing, Attached, Endpoint, Network, PortBinding, Publication
from wherry.engine.networks.ports import Hold, Ports
from wherry.engine.networks.rows import Rows
from wherry.kit.errors import Conflict, NotFound, Unavailable, Unsupported
from wherry.linux.errors import KernelError

_log = logging.getLogger(__name__)
_Bindings = list[PortBinding]
_DRIVERS = {"bridge": "bridge", "host": "host", "none": "null"}


@dataclass(frozen=True, slots=True)
class Settings:
    """``address_pool``: the default bridge's range; None: chosen at the first start (:func:`.plan.choose_subnet`)."""

    address_pool: IPv4Network | None = None


@dataclass(slots=True)
class Surroundings:
    """What a test replaces."""

    plumbing: Callable[[], Plumbing] = KernelPlumbing
    hold: Hold = proxy.hold
    now_nanoseconds: Callable[[], int] = time.time_ns
    new_id: Callable[[], str] = field(default=lambda: secrets.token_hex(32))


class Networks:
    """Wires network namespaces and publishes ports. Call it on the event loop's thread, after :meth:`start`.

    What takes the kernel milliseconds (veth pairs) runs in one thread beside the loop; publishing is a database row and
    one nft transaction, done at once. What is acknowledged is in the database: the next start repeats it.
    """

    def __init__(
        self,
        instance: Instance,
        database: Database,
        events: EventSink,
        settings: Settings = Settings(),
        surroundings: Surroundings | None = None,
    ) -> None:
        self._instance = instance
        self._events = events
        self._settings = settings
        self._around = surroundings or Surroundings()
        self._rows = Rows(database)
        self._ports = Ports(self._around.hold)
        self._networks: dict[str, Network] = {}
        self._attached: dict[str, Attached] = {}
        self._used: set[IPv4Address] = set()
        self._last: IPv4Address | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._plumbing_made: Plumbing | None = None
        self._cleaning: set[asyncio.Future[None]] = set()

    # Start and stop

    async def start(self) -> None:
        """Make bridge, rules and forwarding what the rows say. Idempotent; running traffic does not notice.

        Raises Unavailable when no address range is free, KernelError when the kernel refuses.
        """
        self._thread = self._thread or ThreadPoolExecutor(1, thread_name_prefix="networks")
        self._plumbing_made = self._plumbing_made or self._around.plumbing()
        self._networks = self._built_in()
        bridge = self._bridge
        self._attached = {one.container_id: one for one in self._rows.endpoints(bridge)}
        self._used = {IPv4Address(one.endpoint.address) for one in self._attached.values()}
        self._last = max(self._used, default=None)
        self._lay_ground()
        lost = self._ports.reclaim(self._publications())
        for publication in lost:
            _log.warning("published port %s is in use by another program; it goes on here", publication.host)

    async def stop(self, destroy: bool = False) -> None:
        """Let go of sockets and threads. ``destroy`` also removes bridge and rules, when no container uses them.

        Idempotent; afterwards only :meth:`discard` may be called, and does nothing.
        """
        while self._cleaning:
            await asyncio.wait(self._cleaning)
        self._ports.release(self._publications())
        if self._thread is not None:
            self._thread.shutdown()
        if self._plumbing_made is not None:
            if destroy and not self._attached:
                self._destroy(self._plumbing_made)
            self._plumbing_made.close()
        self._thread = self._plumbing_made = None

    def recover(self, live: set[str]) -> None:
        """Release what belongs to containers that are not among the living. Idempotent."""
        for container_id in sorted(self._attached.keys() - live):
            self._detach(container_id)

    # What there is

    def get(self, name_or_id: str) -> Network:
        """By name, id or unambiguous beginning of an id; NotFound in Docker's words."""
        network = self._networks.get(name_or_id)
        if network is None and name_or_id:
            found = [one for one in self._networks.values() if one.id.startswith(name_or_id)]
            network = found[0] if len(found) == 1 else None
        if network is None:
            raise NotFound(f"network {name_or_id} not found")
        return network

    def list(self, filters: Mapping[str, Sequence[str]] | None = None) -> "list[Network]":
        return [
            network
            for network in self._networks.values()
            if view.matches(network, filters or {}, in_use=bool(self.attached(network)))
        ]

    def inspect(self, name_or_id: str) -> dict[str, Any]:
        """Docker's JSON of a network with its containers."""
        network = self.get(name_or_id)
        return view.network_json(network, self.attached(network))

    def attached(self, network: Network) -> Sequence[Attached]:
        return [one for one in self._attached.values() if one.endpoint.network_id == network.id]

    def endpoint(self, container_id: str) -> Endpoint | None:
        attached = self._attached.get(container_id)
        return attached.endpoint if attached else None

    def publications(self, container_id: str) -> tuple[Publication, ...]:
        attached = self._attached.get(container_id)
        return attached.publications if attached else ()

    def create(self, name: str) -> Network:
        """Networks of one's own are not there yet: Unsupported."""
        raise Unsupported(f"cannot create network {name}: this version has the networks bridge, host and none only")

    def remove(self, name_or_id: str) -> None:
        """Forbidden by Docker for the built-in ones, and there are no others: Conflict, or NotFound."""
        raise Conflict(f"{self.get(name_or_id).name} is a pre-defined network and cannot be removed")

    # Endpoints

    async def wire(self, netns_fd: int) -> Endpoint:
        """Connect a fresh network namespace to the default bridge; nobody's until :meth:`connect`.

        The descriptor is needed only until this returns or is cancelled. Raises Unavailable when the range is used up.
        Not remembered across a restart: a namespace that no container has yet ends with the node that made it.
        """
        bridge, net = self._bridge, self._net
        address = plan.free_address(net, self._used, self._last)
        if address is None:
            raise Unavailable(
                f"no available IPv4 addresses on this network's address pools: {bridge.name} ({bridge.id[:12]})"
            )
        self._used.add(address)
        self._last = address
        endpoint = self._endpoint(bridge, net, address)
        duplicate = os.dup(netns_fd)  # the thread may outlive the caller's interest
        laying = self._in_thread(lambda: self._lay(duplicate, endpoint))
        try:
            await asyncio.shield(laying)
        except asyncio.CancelledError:
            laying.add_done_callback(lambda _: self._unlay(endpoint))
            raise
        except BaseException:
            self._used.discard(address)
            raise
        return endpoint

    async def connect(
        self, endpoint: Endpoint, container_id: str, name: str, ports: Sequence[PortBinding]
    ) -> _Bindings:
        """Give a wired endpoint to a container and publish its ports: one row, one nft transaction.

        Returns the bindings with host port and address settled, one a family. All or nothing: Conflict in Docker's
        words when a port is taken, and the endpoint is as it was.
        """
        if container_id in self._attached:
            raise Conflict(f"container {container_id[:12]} is already attached to network {endpoint.network_name}")
        try:
            publications = tuple(self._ports.claim(endpoint.address, ports))
        except (Conflict, KernelError) as error:
            raise _undelivered(error, name, endpoint) from error
        attached = Attached(endpoint, container_id, name.removeprefix("/"), publications)
        try:
            self._rows.put_endpoint(attached)
            self._plumbing.publish(self._instance.nft_table, publications)
        except BaseException:
            self._rows.delete_endpoint(container_id)
            self._ports.release(publications)
            raise
        self._attached[container_id] = attached
        self._tell("connect", attached)
        return [publication.binding() for publication in publications]

    async def disconnect(self, container_id: str) -> None:
        """Unpublish and forget; its link goes, and its address becomes free, a moment later. Idempotent."""
        self._detach(container_id)

    async def discard(self, endpoint: Endpoint) -> None:
        """A wired endpoint that nobody wants any more. Idempotent."""
        if self._thread is not None and all(one.endpoint != endpoint for one in self._attached.values()):
            self._unlay(endpoint)

    def rename(self, container_id: str, name: str) -> None:
        """The container's new name in inspections. Nothing when it has no endpoint."""
        attached = self._attached.get(container_id)
        if attached is not None:
            self._attached[container_id] = replace(attached, container_name=name.removeprefix("/"))
            self._rows.put_endpoint(self._attached[container_id])

    # Inside

    @property
    def _plumbing(self) -> Plumbing:
        if self._plumbing_made is None:
            raise Unavailable("networks are not started")
        return self._plumbing_made

    @property
    def _bridge(self) -> Network:
        return self._networks["bridge"]

    @property
    def _net(self) -> Addressing:
        net = self._bridge.addressing
        if net is None:
            raise Unavailable("networks are not started")
        return net

    def _built_in(self) -> dict[str, Network]:
        known = {network.name: network for network in self._rows.networks()}
        for name, driver in _DRIVERS.items():
            if name not in known:
                known[name] = Network(self._around.new_id(), name, driver, self._around.now_nanoseconds())
                self._rows.put_network(known[name])
        return known

    def _lay_ground(self) -> None:
        """Rules first: no packet is forwarded before they say how."""
        plumbing, instance = self._plumbing, self._instance
        net = self._choose_addressing()
        fence = self._rows.fence()
        ground = rules.Ground(instance.nft_table, instance.bridge, net, fence or ())
        plumbing.set_rules(ground, self._publications())
        plumbing.ensure_bridge(instance.bridge, plan.mac_of(net.gateway), plan.interface_of(net, net.gateway))
        owned = {plan.host_link(instance, net, address) for address in self._used}
        for link in plan.unowned(plumbing.bridge_ports(instance.bridge), owned):
            plumbing.remove_link(link)
        self._turn_forwarding_on(ground)

    def _turn_forwarding_on(self, ground: rules.Ground) -> None:
        """When it was off, the links that were there go on not forwarding to each other: the fence."""
        others = tuple(name for name in self._plumbing.links() if name not in ("lo", self._instance.bridge))
        if self._plumbing.is_forwarding():
            return
        self._rows.put_fence(others)
        self._plumbing.set_rules(replace(ground, fence=others), self._publications())
        self._plumbing.set_forwarding(True)
        _log.info("turned IPv4 forwarding on (net.ipv4.ip_forward)")

    def _choose_addressing(self) -> Addressing:
        bridge, taken = self._bridge, self._plumbing.taken(self._instance.bridge)
        pool = self._settings.address_pool
        known = bridge.addressing
        if known is not None and (self._attached or plan.is_usable(known.subnet, pool, taken)):
            return known
        subnet = pool or plan.choose_subnet(taken, self._instance.name == "default")
        if subnet is None:
            raise Unavailable(
                "no address range is free for the default bridge: 172.17.0.0/16 to 172.31.0.0/16 and 192.168.0.0/16 all"
                " have routes; give one in the settings"
            )
        net = plan.addressing(subnet)
        self._networks["bridge"] = replace(bridge, addressing=net)
        self._rows.put_network(self._bridge)
        return net

    def _destroy(self, plumbing: Plumbing) -> None:
        instance = self._instance
        for link in plumbing.bridge_ports(instance.bridge):
            plumbing.remove_link(link)
        plumbing.remove_link(instance.bridge)
        plumbing.remove_rules(instance.nft_table)
        fence = self._rows.fence()
        if fence is None:
            return
        if set(plumbing.links()) <= {"lo", *fence}:
            plumbing.set_forwarding(False)  # nobody came to rely on it since we turned it on
        self._rows.put_fence(None)

    def _publications(self) -> Sequence[Publication]:
        return [publication for one in self._attached.values() for publication in one.publications]

    def _endpoint(self, network: Network, net: Addressing, address: IPv4Address) -> Endpoint:
        return Endpoint(
            network.id,
            network.name,
            self._around.new_id(),
            str(address),
            net.subnet.prefixlen,
            str(net.gateway),
            plan.mac_of(address),
        )

    def _lay(self, netns_fd: int, endpoint: Endpoint) -> None:
        try:
            address, net = IPv4Address(endpoint.address), self._net
            wire = Wire(
                plan.host_link(self._instance, net, address),
                endpoint.interface,
                endpoint.mac,
                plan.interface_of(net, address),
                net.gateway,
            )
            self._plumbing.lay(netns_fd, self._instance.bridge, wire)
        finally:
            os.close(netns_fd)

    def _unlay(self, endpoint: Endpoint) -> None:
        """Remove its link in the background; only then may another have its address."""
        address = IPv4Address(endpoint.address)
        link = plan.host_link(self._instance, self._net, address)
        removing = self._in_thread(lambda: self._plumbing.remove_link(link))
        self._cleaning.add(removing)
        removing.add_done_callback(lambda done: self._unlaid(done, address))

    def _unlaid(self, done: "asyncio.Future[None]", address: IPv4Address) -> None:
        self._cleaning.discard(done)
        if not done.cancelled() and done.exception() is not None:
            _log.error("the link of %s stays until the next start: %s", address, done.exception())
        else:
            self._used.discard(address)

    def _detach(self, container_id: str) -> None:
        attached = self._attached.get(container_id)
        if attached is None:
            return
        self._plumbing.unpublish(self._instance.nft_table, attached.publications)
        self._rows.delete_endpoint(container_id)
        del self._attached[container_id]
        self._ports.release(attached.publications)
        self._unlay(attached.endpoint)
        self._tell("disconnect", attached)

    def _tell(self, action: str, attached: Attached) -> None:
        endpoint = attached.endpoint
        facts = {"container": attached.container_id, "name": endpoint.network_name, "type": "bridge"}
        self._events.publish("network", action, endpoint.network_id, facts)

    def _in_thread(self, work: Callable[[], None]) -> "asyncio.Future[None]":
        return asyncio.get_running_loop().run_in_executor(self._thread, work)


def _undelivered(error: Exception, name: str, endpoint: Endpoint) -> Exception:
    """Docker's frame around what went wrong with ports (libnetwork, sandbox.populateNetworkResources)."""
    message = (
        f"driver failed programming external connectivity on endpoint {name.removeprefix('/')} "
        f"({endpoint.endpoint_id}): {error}"
    )
    return type(error)(message) if isinstance(error, Conflict) else Unavailable(message)
