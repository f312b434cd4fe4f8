"""Puts containers on networks and takes them off: all of them at a start, one at a user's wish."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from msgspec.structs import replace

from wherry.engine.containers import etcfiles, memberships
from wherry.engine.containers.memberships import DEFAULT
from wherry.engine.containers.model import EndpointSettings
from wherry.engine.containers.ports import bindings
from wherry.engine.containers.row import Container
from wherry.engine.containers.surroundings import Surroundings
from wherry.engine.networks.files import name_servers
from wherry.engine.networks.model import Attached, Network
from wherry.engine.networks.own import Joining
from wherry.kit.errors import Forbidden, Invalid, NotFound
from wherry.linux.namespaces import open_namespace

OpenNamespace = Callable[[int], int]


def _open(pid: int) -> int:
    return open_namespace(pid, "net")


class Joiner:
    """``open_netns`` gives a descriptor of the network namespace of a process."""

    def __init__(self, around: Surroundings, open_netns: OpenNamespace = _open) -> None:
        self._around = around
        self._open = open_netns

    # At a start

    async def join_all(self, container: Container, netns_fd: int) -> None:
        """The networks that users made, after the default bridge. What fails leaves some joined: disconnect then."""
        networks = self._around.networks
        wanted = memberships.of(container)
        way = memberships.way(wanted, networks.get)
        for name, settings in wanted.items():
            if name == DEFAULT:
                continue
            is_way = name == way and DEFAULT not in wanted  # the default bridge has laid one already
            member = await self._join(container, netns_fd, networks.get(name), settings, is_way)
            if is_way:
                networks.publish(member, bindings(container.host, container.config))
        if way != DEFAULT and DEFAULT in wanted:
            await self._lead(container, netns_fd, wanted)
        await self._serve(container, netns_fd)

    async def _join(
        self, container: Container, netns_fd: int, network: Network, settings: EndpointSettings, is_way: bool
    ) -> Attached:
        networks = self._around.networks
        options = memberships.options(settings)
        who = Joining(
            container.id,
            container.name,
            memberships.aliases(container.id, container.config, settings),
            options.interface or _free_interface(networks.places(container.id)),
            memberships.address(settings),
            settings.MacAddress,
            memberships.links(settings),
            is_way,
            memberships.address6(settings),
            options.sysctls,
        )
        return await networks.join(netns_fd, network, who)

    async def _serve(self, container: Container, netns_fd: int) -> None:
        """Names, on a network where there are any."""
        own = self._around.networks.own
        if own.of(container.id):
            servers = list(container.host.Dns or ()) or name_servers(_resolv_conf())
            await own.serve_names(netns_fd, container.id, servers)

    async def resume(self, container: Container) -> None:
        """Answer a container again that an engine before us has started."""
        if self._around.networks.own.of(container.id) and container.pid:
            with self._netns(container) as netns_fd:
                await self._serve(container, netns_fd)

    # At a user's wish

    async def connect(self, container: Container, ref: str, settings: EndpointSettings) -> None:
        """Put it on one more network, at once if it runs. NotFound, Forbidden, Invalid."""
        network = self._around.networks.get(ref)
        async with self._around.registry.live(container).lock:
            self._check(container, network)
            memberships.check(network.name, settings)
            wanted = memberships.of(container)
            if network.name in wanted:
                raise Forbidden(f"endpoint with name {container.name} already exists in network {network.name}")
            if container.pid:
                await self._connect_running(container, network, {**wanted, network.name: settings})
            self._remember(container, {**wanted, network.name: settings})

    async def _connect_running(
        self, container: Container, network: Network, wanted: dict[str, EndpointSettings]
    ) -> None:
        networks = self._around.networks
        with self._netns(container) as netns_fd:
            if network.own is None:
                interface = _free_interface(networks.places(container.id))
                mac = wanted[network.name].MacAddress
                endpoint = await networks.wire(netns_fd, interface, is_way=False, mac=mac)
                await networks.connect(endpoint, container.id, container.name, ())
            else:
                await self._join(container, netns_fd, network, wanted[network.name], is_way=False)
            try:
                await self._lead(container, netns_fd, wanted)
            except BaseException:
                await self._leave(container, network)
                raise
            await self._serve(container, netns_fd)
        self._write_files(container)

    async def _lead(self, container: Container, netns_fd: int, wanted: dict[str, EndpointSettings]) -> None:
        """Of the networks it is on, these have come or stay: the best of them is its way, and has its ports."""
        networks = self._around.networks
        way = memberships.way(wanted, networks.get)
        if way is not None:
            ports = bindings(container.host, container.config)
            await networks.lead(netns_fd, networks.get(way), container.id, ports)

    async def _leave(self, container: Container, network: Network) -> None:
        for place in self._around.networks.places(container.id):
            if place.endpoint.network_id == network.id:
                await self._around.networks.cut(place)

    async def disconnect(self, container: Container, ref: str) -> None:
        """Take it off a network, at once if it runs. NotFound, Forbidden when it is not on it."""
        networks = self._around.networks
        network = networks.get(ref)
        async with self._around.registry.live(container).lock:
            wanted = memberships.of(container)
            if network.name not in wanted:
                raise Forbidden(f"container {container.id} is not connected to network {network.name}")
            rest = {name: one for name, one in wanted.items() if name != network.name}
            if container.pid:
                with suppress(NotFound), self._netns(container) as netns_fd:  # it may have just ended
                    await self._lead(container, netns_fd, rest)
            await self._leave(container, network)
            self._remember(container, rest)
            if container.pid:
                self._write_files(container)

    def _check(self, container: Container, network: Network) -> None:
        if network.driver != "bridge":
            raise Forbidden(
                f"container cannot be connected to {network.name} network: it has that from its start or not"
            )
        if memberships.is_alone(container.host) or container.pod is not None:
            mode = container.host.NetworkMode or "its pod's"
            raise Invalid(f"container {container.id[:12]} has the network {mode} and cannot be connected to others")

    def _remember(self, container: Container, wanted: dict[str, EndpointSettings]) -> None:
        container.networking = replace(container.networking, EndpointsConfig=dict(wanted))
        if container.host.NetworkMode in ("", "default"):
            container.host.NetworkMode = DEFAULT
        self._around.registry.save(container)

    def _write_files(self, container: Container) -> None:
        """Its addresses, and where it asks for names."""
        endpoints = [one.endpoint for one in self._around.networks.places(container.id)]
        is_named = bool(self._around.networks.own.of(container.id))
        etcfiles.write(self._around.directory(container), container, endpoints, is_named)

    @contextmanager
    def _netns(self, container: Container) -> Iterator[int]:
        try:
            fd = self._open(container.pid)
        except OSError as error:
            raise NotFound(f"container {container.id} has just ended") from error
        try:
            yield fd
        finally:
            os.close(fd)


def _free_interface(places: Sequence[Attached]) -> str:
    used = {one.endpoint.interface for one in places}
    return next(name for number in range(len(used) + 1) if (name := f"eth{number}") not in used)


def _resolv_conf() -> str:
    try:
        return Path("/etc/resolv.conf").read_text()
    except OSError:
        return ""
