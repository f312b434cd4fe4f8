"""The containers of an instance: what the Docker API, and later the node agent, asks of them."""

import asyncio
import os
import re
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from wherry.engine.containers import filters as filtering
from wherry.engine.containers import logs as reading
from wherry.engine.containers import resources, restart, stats, top, views
from wherry.engine.containers.creation import Created, Creation
from wherry.engine.containers.execs import Execs, Record
from wherry.engine.containers.idranges import DEFAULT_FIRST, IdRanges
from wherry.engine.containers.lifecycle import Lifecycle
from wherry.engine.containers.logs import LogLine, LogOptions
from wherry.engine.containers.model import (
    Config,
    ExecConfig,
    HostConfig,
    NetworkingConfig,
    State,
    UpdateConfig,
)
from wherry.engine.containers.pool import Pool
from wherry.engine.containers.registry import Registry
from wherry.engine.containers.row import Container
from wherry.engine.containers.starting import Surroundings
from wherry.engine.containers.waiting import Waiting
from wherry.engine.database import Database
from wherry.engine.events import Events
from wherry.engine.images import Images
from wherry.engine.images.model import ImageUse
from wherry.engine.instance import Instance
from wherry.engine.networks import Networks
from wherry.engine.networks.model import PortBinding
from wherry.engine.runtime.model import Attachment, Exit, Runtime
from wherry.engine.snapshots import Snapshots
from wherry.engine.volumes import Volumes
from wherry.kit.errors import Conflict, Invalid, NotFound, NotModified
from wherry.linux.cgroup import Cgroup, layout

_UNTIL = re.compile(r"\d+")
_KEYS = {f"ctrl-{chr(code + 96)}": code for code in range(1, 27)} | {
    "ctrl-@": 0,
    "ctrl-[": 27,
    "ctrl-\\": 28,
    "ctrl-]": 29,
}


@dataclass(frozen=True, slots=True)
class WaitResult:
    status_code: int
    error: str


@dataclass(frozen=True, slots=True)
class Pruned:
    ids: Sequence[str] = field(default_factory=list)
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Attachable:
    """Whose streams a client asks for."""

    id: str
    tty: bool


class Containers:
    """References are an id, the unambiguous beginning of one, or a name; documents are Docker's JSON."""

    def __init__(
        self,
        instance: Instance,
        database: Database,
        runtime: Runtime,
        images: Images,
        snapshots: Snapshots,
        networks: Networks,
        volumes: Volumes,
        events: Events,
        first_id: int = DEFAULT_FIRST,
        pool_size: int = 1,
        now: Callable[[], int] = time.time_ns,
    ) -> None:
        self._instance = instance
        self._runtime = runtime
        self._images = images
        self._networks = networks
        self._now = now
        self._registry = Registry(database)
        ranges = IdRanges(first_id)
        self._pool = Pool(runtime, networks, ranges, pool_size)
        self._around = Surroundings(instance, runtime, images, snapshots, networks, self._registry, ranges, self._pool)
        self._waiting = Waiting(self._registry)
        self._lifecycle = Lifecycle(self._around, volumes, events, self._waiting, now)
        self._creation = Creation(instance, self._registry, images, volumes, now)
        self._execs = Execs(self._registry, images, events, self._lifecycle.spawn)
        volumes.users = self._volume_users
        for container in self._registry:
            if container.ids is not None:
                ranges.claim(container.ids)

    # Start and end of the engine

    async def start_up(self) -> None:
        """Find running containers again, take note of those that ended meanwhile, and start what policies ask for."""
        known = {one.id for one in self._registry}
        for directory in self._instance.containers.glob("*"):
            if directory.name not in known:
                await self._runtime.clean(directory.name, directory, f"{self._instance.cgroup_parent}/{directory.name}")
                await asyncio.to_thread(_remove_tree, directory)
        for container in self._registry:
            await self._recover(container)
        self._networks.recover({one.id for one in self._registry if one.is_active})
        self._images.collect(self.image_users)
        self._pool.start()

    async def _recover(self, container: Container) -> None:
        if container.state in (State.REMOVING, State.DEAD):
            container.state = State.EXITED
            await self._lifecycle.remove(container, force=True, volumes=False)
            return
        directory = self._instance.containers / container.id
        found = await self._runtime.recover(container.id, directory, self._lifecycle.cgroup(container))
        if found.task is not None:
            self._lifecycle.adopt(container, found.task)
            return
        if container.is_active or (found.exit is not None and found.exit.at_nanoseconds > container.finished > 0):
            was_waiting = container.state is State.RESTARTING
            ended = found.exit or Exit(container.exit_code if was_waiting else 255, self._now())
            await self._lifecycle.ended(container, ended)
        elif container.state is not State.CREATED and restart.at_start(
            container.host.RestartPolicy, container.stopped_by_user, container.exit_code
        ):
            try:
                await self._lifecycle.start(container)
            except Exception as error:
                container.error = str(error)
                self._registry.save(container)

    async def close(self) -> None:
        """Let go; containers go on."""
        await self._lifecycle.settle()
        await self._pool.close()

    async def shut_down(self) -> None:
        """Stop every container, each in its own way (``wherry down``)."""

        async def stop(container: Container) -> None:
            try:
                await self._lifecycle.stop(container)
                container.stopped_by_user = False  # as dockerd: its own end is not the user's wish
                if self._registry.exists(container.id):
                    self._registry.save(container)
            except (NotModified, NotFound):
                pass

        await asyncio.gather(*(stop(one) for one in self._registry if one.is_active))
        for container in self._registry:
            await self._networks.disconnect(container.id)

    # What there is

    def _published(self, container: Container) -> list[PortBinding]:
        return [one.binding() for one in self._networks.publications(container.id)]

    def _network_id(self, container: Container) -> str:
        mode = container.host.NetworkMode
        if mode.startswith("container:"):
            return ""
        return self._networks.get("bridge" if mode in ("", "default") else mode).id

    def list(
        self, *, all: bool = False, limit: int = 0, size: bool = False, filters: filtering.Filters | None = None
    ) -> "list[dict[str, Any]]":
        given = filters or {}
        matches = filtering.matcher(given, self._registry.get, self._descends)
        everything = all or limit > 0 or bool({"status", "exited"} & given.keys())
        found = [one for one in self._registry if (everything or one.is_active) and matches(one)]
        found.sort(key=lambda one: one.created, reverse=True)
        documents = []
        for one in found[: limit or None]:
            document = views.summary(
                one, self._networks.endpoint(one.id), self._network_id(one), self._published(one), self._now()
            )
            document["Image"] = self._image_shown(one)
            documents.append(document | (self._sizes(one) if size else {}))
        return documents

    def _image_shown(self, container: Container) -> str:
        """The name it was made from, or the image's id once that name means another image or none (moby, list.go)."""
        try:
            if self._images.get(container.image_name).id == container.image:
                return container.image_name
        except (NotFound, Invalid):
            pass
        return container.image

    def _descends(self, image: str, ancestor: str) -> bool:
        try:
            wanted = self._images.get(ancestor)
            mine = self._images.held(image)
        except (NotFound, Invalid):
            return False
        return mine.chain_ids[: len(wanted.chain_ids)] == wanted.chain_ids

    def _sizes(self, container: Container) -> dict[str, int]:
        upper = self._instance.containers / container.id / "upper"
        own = sum(path.lstat().st_size for path in upper.rglob("*") if not path.is_dir() or path.is_symlink())
        return {"SizeRw": own, "SizeRootFs": own + self._images.held(container.image).size_bytes}

    def inspect(self, ref: str, size: bool = False) -> dict[str, Any]:
        container = self._registry.get(ref)
        document = views.inspect(
            container,
            self._instance,
            self._networks.endpoint(container.id),
            self._network_id(container),
            self._published(container),
            self._execs.of(container),
        )
        return document | (self._sizes(container) if size else {})

    def states(self) -> Iterable[str]:
        return [str(one.state) for one in self._registry]

    def image_users(self, image_id: str) -> Sequence[ImageUse]:
        return self._registry.image_users(image_id)

    def _volume_users(self, name: str) -> Sequence[str]:
        return [one.id for one in self._registry if any(point.name == name for point in one.mounts)]

    # Changes

    async def create(
        self,
        name: str | None,
        config: Config,
        host: HostConfig,
        networking: NetworkingConfig | None = None,
        platform: str | None = None,
    ) -> Created:
        mode = host.NetworkMode
        if not mode.startswith("container:") and mode not in ("", "default"):
            self._check_network(mode)
        container, warnings = self._creation.create(name, config, host, networking)
        self._lifecycle.publish(container, "create")
        return Created(container.id, warnings)

    def _check_network(self, mode: str) -> None:
        try:
            self._networks.get(mode)
        except NotFound as error:
            raise Invalid(
                f"{error.message}: only bridge, host, none and container:X are available in this version"
            ) from error

    async def start(self, ref: str, detach_keys: str | None = None) -> None:
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
        old = container.name
        if name.removeprefix("/") == old:
            raise Invalid("Renaming a container with the same name as its current name")
        self._creation.check_name(name)
        self._registry.rename(container, name.removeprefix("/"))
        self._networks.rename(container.id, container.name)
        self._lifecycle.publish(container, "rename", oldName=f"/{old}")

    async def resize(self, ref: str, height: int, width: int) -> None:
        container = self._registry.get(ref)
        task = self._registry.live(container).task
        if task is None:
            raise Conflict(f"container {container.id} is not running")
        await task.resize(height, width)
        self._lifecycle.publish(container, "resize", height=str(height), width=str(width))

    async def remove(self, ref: str, *, force: bool = False, volumes: bool = False, link: bool = False) -> None:
        if link:
            raise Invalid("links are not available in this version of Wherry")
        await self._lifecycle.remove(self._registry.get(ref), force, volumes)

    async def prune(self, filters: filtering.Filters) -> Pruned:
        matches = filtering.matcher(
            {k: v for k, v in filters.items() if k != "until"}, self._registry.get, self._descends
        )
        limit = _until(filters.get("until", ()), self._now())
        gone, size = [], 0
        for container in self._registry:
            if not container.is_active and matches(container) and (limit is None or container.created < limit):
                size += self._sizes(container)["SizeRw"]
                await self._lifecycle.remove(container, force=False, volumes=False)
                gone.append(container.id)
        return Pruned(gone, size)

    async def update(self, ref: str, update: UpdateConfig) -> Sequence[str]:
        """Change limits and restart policy; a running container's at once."""
        container = self._registry.get(ref)
        changed = {name for name in _UPDATABLE if getattr(update, name) not in (0, "", None)}
        for name in changed:
            setattr(container.host, name, getattr(update, name))
        if (
            "Memory" in changed
            and "MemorySwap" not in changed
            and 0 < container.host.MemorySwap < container.host.Memory
        ):
            raise Conflict(
                "Memory limit should be smaller than already set memoryswap limit, "
                "update the memoryswap at the same time"
            )
        if update.RestartPolicy is not None and update.RestartPolicy.Name:
            container.host.RestartPolicy = update.RestartPolicy
        warnings = resources.check(container.host, os.cpu_count() or 1)
        if container.pid:
            group = Cgroup.at(self._lifecycle.cgroup(container), layout())
            await asyncio.to_thread(group.apply, resources.limits(container.host))
        self._registry.save(container)
        self._lifecycle.publish(container, "update")
        return warnings

    def wait(self, ref: str, condition: str) -> "asyncio.Future[WaitResult]":
        container = self._registry.get(ref)
        return asyncio.ensure_future(_result(self._waiting.wait(container, condition)))

    # Streams

    def attachable(self, ref: str) -> Attachable:
        container = self._registry.get(ref)
        return Attachable(container.id, container.config.Tty)

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
        """Give a client's socket to the container's shim; before a start it is kept for it."""
        container = self._registry.get(ref)
        live = self._registry.live(container)
        wants_stdin = stdin and container.config.OpenStdin
        attachment = Attachment(fd, wants_stdin, stdout, stderr, parse_keys(detach_keys), early)
        self._lifecycle.publish(container, "attach")
        if live.task is not None:
            await live.task.attach(attachment)
        else:
            live.early_clients.append(attachment)

    def logs(self, ref: str, options: LogOptions) -> AsyncIterator[LogLine]:
        container = self._registry.get(ref)
        if container.host.LogConfig.Type == "none":
            raise Invalid("configured logging driver does not support reading")
        path = self._instance.containers / container.id / "container.log"
        return reading.read(path, options, lambda: container.is_active)

    # Exec

    async def exec_create(self, ref: str, config: ExecConfig) -> str:
        return self._execs.create(self._registry.get(ref), config)

    def exec_attachable(self, exec_id: str) -> Record:
        return self._execs.startable(exec_id)

    async def exec_start(
        self, exec_id: str, fd: int | None, *, early: bytes = b"", size: tuple[int, int] | None = None
    ) -> None:
        attachment = None
        if fd is not None:
            config = self._execs.get(exec_id).config
            keys = parse_keys(config.DetachKeys)
            attachment = Attachment(fd, config.AttachStdin, config.AttachStdout, config.AttachStderr, keys, early)
        await self._execs.start(exec_id, attachment, size)

    async def exec_resize(self, exec_id: str, height: int, width: int) -> None:
        await self._execs.resize(exec_id, height, width)

    def exec_inspect(self, exec_id: str) -> dict[str, Any]:
        return self._execs.inspect(exec_id)

    # Figures

    async def top(self, ref: str, ps_args: str) -> dict[str, Any]:
        container = self._registry.get(ref)
        if not container.pid:
            raise Conflict(f"container {container.id} is not running")
        group = Cgroup.at(self._lifecycle.cgroup(container), layout())
        return await top.processes(set(group.pids()), ps_args)

    async def stats(self, ref: str, *, one_shot: bool = False) -> dict[str, Any]:
        container = self._registry.get(ref)
        first = self._sample(container, None)
        if one_shot or not container.pid:
            return first
        await asyncio.sleep(1)
        return self._sample(container, first)

    def _sample(self, container: Container, before: dict[str, Any] | None) -> dict[str, Any]:
        try:
            return stats.sample(container, self._lifecycle.cgroup(container), layout(), self._now(), before)
        except OSError:  # it has just ended
            return stats.sample(_without_pid(container), "", layout(), self._now(), before)

    async def stats_stream(self, ref: str) -> AsyncIterator[dict[str, Any]]:
        container = self._registry.get(ref)
        before: dict[str, Any] | None = None
        while self._registry.exists(container.id):
            before = self._sample(container, before)
            yield before
            await asyncio.sleep(1)


_UPDATABLE = (
    "CpuShares", "Memory", "NanoCpus", "BlkioWeight", "CpuPeriod", "CpuQuota", "CpusetCpus", "CpusetMems",
    "MemoryReservation", "MemorySwap", "PidsLimit",
)  # fmt: skip


def parse_keys(text: str | None) -> bytes:
    """``ctrl-p,ctrl-q`` as bytes; the default when nothing is said."""
    if not text:
        return b"\x10\x11"
    keys = bytearray()
    for word in text.split(","):
        code = _KEYS.get(word.lower())
        if code is None and len(word) != 1:
            raise Invalid(f"invalid detach keys ({text}): unknown character: '{word}'")
        keys.append(ord(word) if code is None else code)
    return bytes(keys)


async def _result(future: "asyncio.Future[tuple[int, str]]") -> WaitResult:
    return WaitResult(*await future)


def _until(values: Sequence[str], now: int) -> int | None:
    """Unix seconds, or a Go duration before now."""
    if not values:
        return None
    text = values[0]
    if _UNTIL.fullmatch(text):
        return int(text) * 1_000_000_000
    total = 0.0
    for number, unit in re.findall(r"(\d+(?:\.\d+)?)(h|m|s)", text):
        total += float(number) * {"h": 3600, "m": 60, "s": 1}[unit]
    if not total:
        raise Invalid(f"invalid filter 'until={text}'")
    return now - int(total * 1e9)


def _without_pid(container: Container) -> Container:
    import msgspec

    return msgspec.structs.replace(container, pid=0)


def _remove_tree(path: "os.PathLike[str]") -> None:
    import shutil

    shutil.rmtree(path, ignore_errors=True)
