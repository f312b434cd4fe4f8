"""The engine of one instance, put together from top to bottom. Nothing else knows how the parts meet."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from ipaddress import IPv4Network, IPv6Network
from typing import TYPE_CHECKING

import msgspec

from wherry.app.builder import Builder
from wherry.app.config import Settings
from wherry.app.names import is_dual
from wherry.dockerapi.app import create_app, serve
from wherry.dockerapi.services import Services
from wherry.engine.build.cache import BuildCache
from wherry.engine.containers import Containers, Rules
from wherry.engine.containers.facts import thermal_files
from wherry.engine.containers.spec import ahead
from wherry.engine.content import ContentStore
from wherry.engine.database import Database
from wherry.engine.distribution.distribution import Distribution
from wherry.engine.distribution.endpoints import Endpoints
from wherry.engine.events import Events
from wherry.engine.images import Images
from wherry.engine.instance import Instance
from wherry.engine.networks import Networks, Ranges
from wherry.engine.registry.owner import RegistryOwner
from wherry.engine.runtime.client import ShimRuntime
from wherry.engine.runtime.spawning import Launched
from wherry.engine.snapshots import OverlaySnapshots
from wherry.engine.trash import Trash
from wherry.engine.volumes import Volumes
from wherry.http.server import UnixServer
from wherry.kit.errors import Unavailable, WherryError
from wherry.linux.cgroup import Cgroup, layout

if TYPE_CHECKING:
    from wherry.registryapi.server import RegistryServer


class NotServed(WherryError):
    """What the settings ask for cannot be had here, a registry or addresses: trying again will not help."""


class Engine(msgspec.Struct):
    """The parts that have a life: started in :meth:`start`, ended in :meth:`stop` or :meth:`tear_down`."""

    instance: Instance
    database: Database
    images: Images
    networks: Networks
    runtime: ShimRuntime
    containers: Containers
    services: Services
    registries: Distribution
    events: Events
    socket_group: str
    serve_registry: "Callable[[], Awaitable[RegistryServer]] | None" = None
    server: UnixServer | None = None
    registry: "RegistryServer | None" = None

    async def start(self) -> None:
        """Find everything again, put right what a crash left, then answer. Raises NotServed."""
        self.images.recover()
        Trash(self.instance.tmp).sweep()
        if self.serve_registry is not None:  # before anything is made in the kernel: it may be refused
            self.registry = await self.serve_registry()
        await self.runtime.start()
        try:
            await self.networks.start()
        except Unavailable as error:
            await self.runtime.close()
            raise NotServed(error.message) from error
        await self.containers.start_up()
        self.server = await serve(create_app(self.services), self.instance.socket, self.socket_group)

    async def stop(self) -> None:
        """Let go of everything; containers, their networks and logs go on."""
        if self.server is not None:
            await self.server.stop()
        if self.registry is not None:
            await self.registry.stop()
        await self.containers.close()
        await self.networks.stop(destroy=False)
        await self.runtime.close()
        self.database.close()

    async def tear_down(self) -> None:
        """End the containers, each in its own way, and remove what the instance made in the kernel. Data stays."""
        await self.containers.shut_down()
        await self.networks.stop(destroy=True)
        await self.stop()
        if self.instance.pods.exists():  # else there was never a cluster
            from wherry.app import nodenetwork
            from wherry.node.pods.volumes.mounting import KernelMounter

            await asyncio.to_thread(nodenetwork.remove, self.instance)
            await asyncio.to_thread(KernelMounter().unmount_below, self.instance.pods)
        await asyncio.to_thread(Cgroup.at(self.instance.cgroup_parent, layout()).delete)


def build(settings: Settings, spawner: Launched | None = None) -> Engine:
    """Make the parts, ``spawner`` among them; touches the instance's directories, starts nothing."""
    instance = settings.instance
    for directory in (instance.root, instance.run, instance.containers, instance.volumes, instance.tmp):
        directory.mkdir(parents=True, exist_ok=True)
    events = Events()
    database = Database(instance.database)
    content = ContentStore(instance.content)
    snapshots = OverlaySnapshots(instance.snapshots, instance.tmp)
    images = Images(database, content, snapshots, events, instance.tmp)
    networks = Networks(instance, database, events, ranges_of(settings))
    volumes = Volumes(instance, database, events)
    runtime = ShimRuntime(instance, ahead(thermal_files()), spawner)
    rules = rules_of(settings)
    containers = Containers(instance, database, runtime, images, snapshots, networks, volumes, events, rules)
    cache = BuildCache(database)
    images.add_owner(cache)
    images.add_owner(RegistryOwner(database))  # also of an instance that serves none this time
    registries = Distribution(images, content, Endpoints(settings.registries_mirrors, settings.registries_insecure))
    builder = Builder(
        instance, cache, content, snapshots, images, containers, volumes, registries, settings.build_cache_bytes
    )
    services = Services(instance, containers, images, registries, networks, volumes, events, builder)
    engine = Engine(
        instance, database, images, networks, runtime, containers, services, registries, events, settings.socket_group
    )  # fmt: skip
    if settings.registry_listen:
        engine.serve_registry = partial(_serve_registry, settings, database, content, images)
    return engine


async def _serve_registry(
    settings: Settings, database: Database, content: ContentStore, images: Images
) -> "RegistryServer":
    from wherry.app.registry import serve_beside  # 5 MB that most instances do without

    try:
        return await serve_beside(settings, database, content, images)
    except WherryError as error:
        raise NotServed(f"registry: {error.message}") from error


def ranges_of(settings: Settings) -> Ranges:
    """What the settings say of addresses of containers."""
    four, six = (*settings.node_pod_cidr, "", "")[:2]
    return Ranges(IPv4Network(four) if four else None, is_dual(settings), IPv6Network(six) if six else None)


def rules_of(settings: Settings) -> Rules:
    """What the settings say of containers."""
    return Rules(
        first_id=settings.containers_id_first,
        id_count=settings.containers_id_count,
        warm=settings.containers_warm,
        stop_seconds=settings.containers_stop_timeout,
    )
