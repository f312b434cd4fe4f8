"""Puts containers on networks and takes them off: all of them at a start, one at a user's wish."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
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
        has_way = DEFAULT in wanted
        for name, settings in wanted.items():
            if name == DEFAULT:
                continue
            network = networks.get(name)
            is_way = not has_way and not _is_internal(network)
            member = await self._join(container, netns_fd, network, settings, is_way)
            if is_way:
                has_way = True
                networks.publish(member, bindings(container.host, container.config))
        await self._serve(container, netns_fd)

    async def _join(
        self, container: Container, netns_fd: int, network: Network, settings: EndpointSettings, is_way: bool
    ) -> Attached:
        networks = self._around.networks
        who = Joining(
            container.id,
            container.name,
            memberships.aliases(container.id, container.config, settings),
            _free_interface(networks.places(container.id)),
            memberships.address(settings),
            settings.MacAddress,
            memberships.links(settings),
            is_way,
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
                await self._connect_running(container, network, settings)
            self._remember(container, {**wanted, network.name: settings})

    async def _connect_running(self, container: Container, network: Network, settings: EndpointSettings) -> None:
        networks = self._around.networks
        places = networks.places(container.id)
        has_way = any(not _is_internal(networks.get(one.endpoint.network_id)) for one in places)
        with self._netns(container) as netns_fd:
            if network.own is None:
                endpoint = await networks.wire(netns_fd, _free_interface(places), is_way=not has_way)
                await networks.connect(endpoint, container.id, container.name, ())
            else:
                await self._join(container, netns_fd, network, settings, is_way=not has_way)
                await self._serve(container, netns_fd)
        self._write_files(container)

    async def disconnect(self, container: Container, ref: str) -> None:
        """Take it off a network, at once if it runs. NotFound, Forbidden when it is not on it."""
        networks = self._around.networks
        network = networks.get(ref)
        async with self._around.registry.live(container).lock:
            wanted = memberships.of(container)
            if network.name not in wanted:
                raise Forbidden(f"container {container.id} is not connected to network {network.name}")
            for place in networks.places(container.id):
                if place.endpoint.network_id == network.id:
                    await networks.cut(place)
            self._remember(container, {name: one for name, one in wanted.items() if name != network.name})
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


def _is_internal(network: Network) -> bool:
    return network.own is not None and network.own.is_internal


def _resolv_conf() -> str:
    try:
        return Path("/etc/resolv.conf").read_text()
    except OSError:
        return ""
