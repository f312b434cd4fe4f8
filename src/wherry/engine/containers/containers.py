"""The containers of an instance: what the Docker API, and later the node agent, asks of them."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from wherry.engine.containers import attaching, logs, memberships, top, updating
from wherry.engine.containers.creation import Created, Creation, Request
from wherry.engine.containers.execs import Client, Execs, Record
from wherry.engine.containers.facts import LOG_NAME
from wherry.engine.containers.figures import Figures
from wherry.engine.containers.filters import Filters
from wherry.engine.containers.healthchecks import HealthChecks
from wherry.engine.containers.idranges import IdRanges
from wherry.engine.containers.joining import Joiner
from wherry.engine.containers.lifecycle import Lifecycle
from wherry.engine.containers.listing import Listing
from wherry.engine.containers.logs import LogLine, LogOptions
from wherry.engine.containers.model import (
    Config,
    EndpointSettings,
    ExecConfig,
    HostConfig,
    NetworkingConfig,
    UpdateConfig,
)
from wherry.engine.containers.needs import Group, ImageSource, real_group
from wherry.engine.containers.pool import Pool
from wherry.engine.containers.recovery import Recovery
from wherry.engine.containers.registry import Registry
from wherry.engine.containers.removal import Removal
from wherry.engine.containers.row import Container
from wherry.engine.containers.rules import Rules
from wherry.engine.containers.runs import Runs
from wherry.engine.containers.signals import Signals
from wherry.engine.containers.surroundings import Surroundings, Work
from wherry.engine.containers.waiting import WaitResult
from wherry.engine.database import Database
from wherry.engine.events import EventSink
from wherry.engine.images.model import ImageUse
from wherry.engine.instance import Instance
from wherry.engine.networks import Networks
from wherry.engine.runtime.model import Runtime
from wherry.engine.sandboxes import Sandboxes, groups
from wherry.engine.sandboxes.making import Around as SandboxAround
from wherry.engine.sandboxes.needs import Pins
from wherry.engine.sandboxes.pins import KernelPins
from wherry.engine.snapshots import Snapshots
from wherry.engine.volumes import Volumes
from wherry.kit.errors import Conflict, Invalid, NotFound
from wherry.linux.cgroup import layout

if TYPE_CHECKING:
    from wherry.engine.containers.asked import Commit
    from wherry.engine.containers.filesystem import Filesystems
    from wherry.engine.containers.pods import PodContainers
    from wherry.engine.containers.steps import Steps


class Pruned(msgspec.Struct, frozen=True):
    ids: Sequence[str] = msgspec.field(default_factory=list)
    bytes: int = 0


class Attachable(msgspec.Struct, frozen=True):
    """Whose streams a client asks for."""

    id: str
    tty: bool
    running: bool


class Containers:
    """References are an id, the unambiguous beginning of one, or a name; documents are Docker's JSON.

    ``now`` is the time in nanoseconds since 1970. Call it on the event loop's thread.
    """

    def __init__(
        self,
        instance: Instance,
        database: Database,
        runtime: Runtime,
        images: ImageSource,
        snapshots: Snapshots,
        networks: Networks,
        volumes: Volumes,
        events: EventSink,
        rules: Rules = Rules(),  # noqa: B008 (frozen)
        now: Callable[[], int] = time.time_ns,
        group: Callable[[str], Group] = real_group,
        pins: Pins | None = None,
    ) -> None:
        registry = Registry(database)
        ranges = IdRanges(rules.first_id, rules.id_count)
        pool = Pool(runtime, networks, ranges, rules.warm)
        sandboxes = Sandboxes(
            database,
            SandboxAround(
                instance,
                runtime,
                networks,
                pool,
                pins or KernelPins(instance.sandboxes),
                group,
                lambda: groups.there(instance.cgroup_parent, layout()),
                lambda first: self._release(first),
                now,
            ),
        )
        around = Surroundings(
            instance,
            runtime,
            images,
            snapshots,
            networks,
            volumes,
            events,
            registry,
            ranges,
            pool,
            sandboxes,
            group,
            now,
        )
        self._around = around
        self._registry = registry
        self._work = Work()
        signals = Signals(around)
        removal = Removal(around, signals)
        self._execs = Execs(around, self._work)
        runs = Runs(around, removal, HealthChecks(around, self._execs, self._work), self._work)
        self._removal = removal
        self._lifecycle = Lifecycle(around, runs, signals, removal, rules.stop_seconds)
        self._recovery = Recovery(around, self._lifecycle, runs, removal)
        self._creation = Creation(around)
        self._joiner = Joiner(around)
        self._listing = Listing(around, self._execs)
        self._figures = Figures(around)
        volumes.users = registry.volume_users
        for container in registry:
            if container.ids is not None:
                ranges.claim(container.ids)
        for sandbox in sandboxes:
            if sandbox.ids is not None:
                ranges.claim(sandbox.ids)

    def _release(self, first: int) -> None:
        """A sandbox is gone, and its ids with it, unless a container that is left has joined it."""
        if all(one.ids != first for one in self._registry):
            self._around.ranges.release(first)

    # Start and end of the engine

    async def start_up(self) -> None:
        """Find running containers again, take note of those that ended meanwhile, and start what policies ask for."""
        await self._recovery.start_up()

    async def close(self) -> None:
        """Let go; containers go on."""
        await self._work.close()
        await self._around.sandboxes.close()
        await self._around.pool.close()
        self._around.changes.close()
        await self._around.trash.settle()

    async def shut_down(self) -> None:
        """Stop every container, each in its own way (``wherry down``)."""
        await self._recovery.shut_down()
        if "steps" in self.__dict__:
            await self.steps.settle()

    @cached_property
    def steps(self) -> "Steps":
        """Runs the steps of builds: as containers, but without a row. Loaded when something is built."""
        from wherry.engine.containers.steps import Steps

        return Steps(self._around, self._work)

    @cached_property
    def pods(self) -> "PodContainers":
        """The containers of pods. Loaded when there is an agent."""
        from wherry.engine.containers.pods import PodContainers

        return PodContainers(self._around, self._creation, self._lifecycle, self._removal, self._execs, self._work)

    @cached_property
    def files(self) -> "Filesystems":
        """Containers' files, seen and changed from outside. Loaded when somebody asks for them."""
        from wherry.engine.containers.filesystem import Filesystems

        return Filesystems(self._around)

    async def commit(self, ref: str, wanted: "Commit") -> str:
        """``docker commit``; the new image's id."""
        from wherry.engine.containers.committing import Commits

        return await Commits(self._around, self._lifecycle).commit(ref, wanted)

    # What there is

    def list(
        self, *, all: bool = False, limit: int = 0, size: bool = False, filters: Filters | None = None
    ) -> "list[dict[str, Any]]":
        """``docker ps``, the newest first."""
        return self._listing.summaries(filters or {}, everything=all, limit=limit, size=size)

    def inspect(self, ref: str, size: bool = False) -> dict[str, Any]:
        """``docker inspect``."""
        return self._listing.inspect(self._registry.get(ref), size)

    def states(self) -> Iterable[str]:
        return [str(one.state) for one in self._registry]

    def image_users(self, image_id: str) -> Sequence[ImageUse]:
        return self._registry.image_users(image_id)

    # Changes

    async def create(
        self,
        name: str | None,
        config: Config,
        host: HostConfig,
        networking: NetworkingConfig | None = None,
        platform: str | None = None,
    ) -> Created:
        """A new container. NotFound is a missing image, Invalid and Conflict say what else is wrong."""
        networks = memberships.settle(
            networking or NetworkingConfig(), host, self._network_name, config.MacAddress or ""
        )
        request = Request(config, host, networks, name, platform)
        container, warnings = self._creation.create(request)
        self._around.tell(container, "create")
        return Created(container.id, warnings)

    def _network_name(self, ref: str) -> str:
        """NotFound would mean to a client that the image is missing."""
        try:
            return self._around.networks.get(ref).name
        except NotFound as error:
            raise Invalid(error.message) from error

    async def connect(self, network: str, ref: str, settings: EndpointSettings) -> None:
        """``docker network connect``; NotFound, Forbidden, Invalid."""
        await self._joiner.connect(self._registry.get(ref), network, settings)

    async def disconnect(self, network: str, ref: str) -> None:
        """``docker network disconnect``; NotFound, Forbidden."""
        await self._joiner.disconnect(self._registry.get(ref), network)

    async def start(self, ref: str, detach_keys: str | None = None) -> None:
        """NotModified when it runs. ``detach_keys`` are those of clients: each has said its own when it attached."""
        await self._lifecycle.start(self._registry.get(ref))

    async def stop(self, ref: str, timeout: int | None = None, signal: str | None = None) -> None:
        await self._lifecycle.stop(self._registry.get(ref), timeout, signal)

    async def restart(self, ref: str, timeout: int | None = None, signal: str | None = None) -> None:
        await self._lifecycle.restart(self._registry.get(ref), timeout, signal)

    async def kill(self, ref: str, signal: str = "KILL") -> None:
        await self._lifecycle.kill(self._registry.get(ref), signal)

    async def pause(self, ref: str) -> None:
        await self._lifecycle.pause(self._registry.get(ref))

    async def unpause(self, ref: str) -> None:
        await self._lifecycle.unpause(self._registry.get(ref))

    async def rename(self, ref: str, name: str) -> None:
        container = self._registry.get(ref)
        if not name:
            raise Invalid("Neither old nor new names may be empty")
        old, new = container.name, name.removeprefix("/")
        if new == old:
            raise Invalid("Renaming a container with the same name as its current name")
        self._creation.check_name(name)
        self._registry.rename(container, new)
        self._around.networks.rename(container.id, new)
        self._around.tell(container, "rename", oldName=f"/{old}")

    async def resize(self, ref: str, height: int, width: int) -> None:
        container = self._registry.get(ref)
        task = self._registry.live(container).task
        if task is None:
            raise Conflict(f"container {container.id} is not running")
        await task.resize(height, width)
        self._around.tell(container, "resize", height=str(height), width=str(width))

    async def update(self, ref: str, update: UpdateConfig) -> Sequence[str]:
        """Change limits and restart policy; a running container's at once. Returns warnings."""
        container = self._registry.get(ref)
        async with self._registry.live(container).lock:
            return await updating.update(self._around, container, update)

    async def remove(self, ref: str, *, force: bool = False, volumes: bool = False, link: bool = False) -> None:
        if link:
            raise Invalid("links are not available in this version of Wherry")
        await self._removal.remove(self._registry.get(ref), force, volumes)

    async def prune(self, filters: Filters) -> Pruned:
        """Remove all that do not run, and match."""
        gone, size = [], 0
        for container in self._listing.prunable(filters):
            own = self._listing.sizes(container)["SizeRw"]
            try:
                await self._removal.remove(container, force=False, volumes=False)
            except (Conflict, NotFound):
                continue  # somebody was quicker, or has started it
            gone.append(container.id)
            size += own
        self._around.events.publish("container", "prune", "", {"reclaimed": str(size)})
        return Pruned(gone, size)

    def wait(self, ref: str, condition: str) -> "asyncio.Future[WaitResult]":
        """Registered before it returns."""
        return self._around.waiting.wait(self._registry.get(ref), condition)

    # Streams

    def attachable(self, ref: str) -> Attachable:
        container = self._registry.get(ref)
        return Attachable(container.id, container.config.Tty, self._registry.live(container).task is not None)

    async def attach(
        self,
        ref: str,
        fd: int,
        *,
        stdin: bool = False,
        stdout: bool = True,
        stderr: bool = True,
        logs: bool = False,
        stream: bool = True,
        early: bytes = b"",
        detach_keys: str | None = None,
    ) -> None:
        """Give a client's socket to the container's shim; before a start it is kept for it. Takes ``fd`` over."""
        wish = attaching.Wish(stdin, stdout, stderr, logs, stream, early, detach_keys)
        await attaching.attach(self._around, self._registry.get(ref), fd, wish)

    def logs(self, ref: str, options: LogOptions) -> AsyncIterator[LogLine]:
        """Lines as they were written; following ends with the container."""
        container = self._registry.get(ref)
        if container.host.LogConfig.Type == "none":
            raise Invalid("configured logging driver does not support reading")
        path = self._around.directory(container) / LOG_NAME
        return self._follow(container, path, options) if options.follow else logs.read(path, options)

    async def _follow(self, container: Container, path: Path, options: LogOptions) -> AsyncIterator[LogLine]:
        with self._around.changes.watch(path.parent) as look:
            async for line in logs.follow(path, options, look, lambda: container.is_active):
                yield line

    # Exec

    async def exec_create(self, ref: str, config: ExecConfig) -> str:
        return self._execs.create(self._registry.get(ref), config)

    def exec_attachable(self, exec_id: str) -> Record:
        return self._execs.startable(exec_id)

    async def exec_start(
        self,
        exec_id: str,
        fd: int | None,
        *,
        early: bytes = b"",
        size: tuple[int, int] | None = None,
        framed: bool | None = None,
    ) -> None:
        """Without a descriptor it runs detached; a descriptor is taken over in any case."""
        await self._execs.start(exec_id, None if fd is None else Client(fd, early, framed=framed), size)

    async def exec_resize(self, exec_id: str, height: int, width: int) -> None:
        await self._execs.resize(exec_id, height, width)

    def exec_inspect(self, exec_id: str) -> dict[str, Any]:
        return self._execs.inspect(exec_id)

    # Figures

    async def top(self, ref: str, ps_args: str) -> dict[str, Any]:
        container = self._registry.get(ref)
        found = await top.processes(self._figures.pids(container), ps_args)
        self._around.tell(container, "top")
        return found

    async def stats(self, ref: str, *, one_shot: bool = False) -> dict[str, Any]:
        return await self._figures.sample(self._registry.get(ref), one_shot)

    def stats_stream(self, ref: str) -> AsyncIterator[dict[str, Any]]:
        """A sample a second, until the container is removed."""
        return self._figures.samples(self._registry.get(ref))
