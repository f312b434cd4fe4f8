"""Start a container's task: sandbox, network, files, configuration; all undone when a step fails."""

import asyncio
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from wherry.engine.containers import devices, etcfiles, facts, memberships, seccomp, spec, validate
from wherry.engine.containers.joining import Joiner
from wherry.engine.containers.pool import Made
from wherry.engine.containers.ports import bindings
from wherry.engine.containers.row import Container
from wherry.engine.containers.sharing import Shared, isolation, shares
from wherry.engine.containers.shm import mount_shm, unmount_shm
from wherry.engine.containers.surroundings import Surroundings
from wherry.engine.containers.treemounts import TreeMaker
from wherry.engine.networks.model import Endpoint
from wherry.engine.runtime.model import Attachment, Rootfs, Sandbox, Task, TaskSpec
from wherry.engine.sandboxes.pins import SHM
from wherry.kit.errors import Conflict, WherryError
from wherry.linux.namespaces import open_namespace

_log = logging.getLogger(__name__)
_MARK = ".dockerenv"

Trees = Mapping[str, int]
"""Mounts without a path: destination → descriptor (see :class:`wherry.engine.runtime.model.TaskSpec`)."""


class Ground(msgspec.Struct, frozen=True):
    """What a container stands on when it is not an image: directories of layers, the topmost first.

    ``trees`` makes the mounts that have no path, given the host's id of the container's root and, where the container
    has a user namespace of its own, a descriptor of that. It blocks; the descriptors become the start's.
    """

    layers: Sequence[Path]
    trees: Callable[[int, int | None], Trees] | None = None
    is_image: bool = False


class _Place(msgspec.Struct):
    """Where a task is about to run, and the mounts made for it. ``connected``: the endpoint is the container's."""

    sandbox: Sandbox
    endpoint: Endpoint | None
    connected: bool = False
    trees: Trees = msgspec.field(default_factory=dict)


class Starter:
    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._joiner = Joiner(around)

    async def start(self, container: Container, clients: Sequence[Attachment], ground: Ground | None = None) -> Task:
        """Run the container's task; StartFailed or another error after which nothing of it is left.

        The clients' descriptors are taken over in any case. ``ground`` None: it stands on its image.
        """
        place: _Place | None = None
        taken_over = False
        try:
            shared = shares(container.host, self._donor)
            place = await self._place(container, shared)
            await self._connect(container, place)
            ground = ground or self._image(container)
            if ground.trees is not None:
                place.trees = await asyncio.to_thread(self._trees, container, place, ground.trees)
            task_spec = self._spec(container, place, shared, clients, ground)
            taken_over = True
            return await place.sandbox.start(task_spec)
        except BaseException:
            if not taken_over:
                for client in clients:
                    os.close(client.fd)
            if place is not None:
                await self._undo(container, place)
            raise
        finally:
            for fd in place.trees.values() if place is not None else ():
                os.close(fd)

    async def _undo(self, container: Container, place: _Place) -> None:
        around = self._around
        try:
            await place.sandbox.discard()
            if place.connected:
                await around.networks.disconnect(container.id)
            elif place.endpoint is not None:
                await around.networks.discard(place.endpoint)
            unmount_shm(around.directory(container))
            await around.runtime.clean(container.id, around.directory(container), around.cgroup(container))
        except (OSError, WherryError):
            _log.exception("container %s: undoing a start that failed", container.id[:12])

    # Where

    def _donor(self, ref: str, what: str) -> tuple[int, Container]:
        """Host pid and row of the container whose namespace is shared."""
        registry = self._around.registry
        donor = registry.get(ref)
        task = registry.live(donor).task
        if task is None:
            raise Conflict(f"cannot join {what} of a non running container: {donor.id}")
        return task.pid, donor

    async def _place(self, container: Container, shared: Shared) -> _Place:
        """Namespaces, and where the container is on the default bridge, its place there; from the pool if possible."""
        around = self._around
        pod = around.sandbox(container)
        if pod is not None:
            if pod.ids is not None and container.ids is None:
                self._bind_ids(container, pod.ids)
            target = container.pod.target if container.pod is not None else ""
            beside = self._donor(target, "pid namespace")[0] if target else None
            return _Place(await around.sandboxes.place(pod, beside), None)
        bridged = is_bridged(container)
        if container.mapped and container.ids is None and not shared and is_usual(container):
            made: Made = await around.pool.take(bridged)
            self._bind_ids(container, made.ids)
            return _Place(made.sandbox, made.endpoint)
        donor = shared.common() if container.mapped else None
        if container.mapped and container.ids is None:
            first = donor.ids if donor is not None else None
            self._bind_ids(container, around.ranges.take().first if first is None else first)
        sandbox = await around.runtime.spawn(isolation(container, shared))
        if not bridged:
            return _Place(sandbox, None)
        try:
            assert sandbox.netns_fd is not None
            return _Place(sandbox, await around.networks.wire(sandbox.netns_fd, mac=memberships.mac(container)))
        except BaseException:
            await sandbox.discard()
            raise

    def _bind_ids(self, container: Container, first: int) -> None:
        """Written before anything on the disk belongs to them."""
        container.ids = first
        self._around.registry.save(container)

    async def _connect(self, container: Container, place: _Place) -> None:
        networks, wanted = self._around.networks, memberships.of(container)
        if place.endpoint is not None:
            is_way = memberships.way(wanted, networks.get) == memberships.DEFAULT
            ports = bindings(container.host, container.config) if is_way else ()
            await networks.connect(place.endpoint, container.id, container.name, ports)
            place.connected = True
        if set(wanted) - {memberships.DEFAULT}:
            place.connected = True
            assert place.sandbox.netns_fd is not None
            await self._joiner.join_all(container, place.sandbox.netns_fd)

    # What

    @staticmethod
    def _trees(container: Container, place: _Place, make: Callable[[int, int | None], Trees]) -> Trees:
        if not container.mapped:
            return make(0, None)
        userns = open_namespace(place.sandbox.pid, "user")
        try:
            return make(container.ids or 0, userns)
        finally:
            os.close(userns)

    def _image(self, container: Container) -> Ground:
        trees = TreeMaker(container.mounts, self._layers, self._around.instance.tmp)
        return Ground(self._layers(container.image), trees or None, is_image=True)

    def _layers(self, image: str) -> Sequence[Path]:
        return self._around.snapshots.layers(list(self._around.images.held(image).chain_ids))

    def _spec(
        self, container: Container, place: _Place, shared: Shared, clients: Sequence[Attachment], ground: Ground
    ) -> TaskSpec:
        around = self._around
        host, config = container.host, container.config
        names = facts.granted(host)
        program = validate.runtime(host)
        directory = around.directory(container)
        owner = container.ids if container.mapped and container.ids is not None else 0
        upper, work = around.snapshots.prepare(directory, owner)
        if ground.is_image and container.pod is None:
            _mark(upper, ground.layers, owner)
        _make_sources(container)
        gathered = self._facts(container, place, shared, names)
        size = (host.ConsoleSize[0], host.ConsoleSize[1]) if any(host.ConsoleSize) else None
        return TaskSpec(
            id=container.id,
            config=spec.configuration(container, gathered),
            rootfs=Rootfs(ground.layers, upper, work),
            directory=directory,
            log=facts.log_file(host.LogConfig, directory),
            seccomp=seccomp.compiled(host, names) if program == "wherry" else None,
            terminal_size=size,
            open_stdin=config.OpenStdin,
            stdin_once=config.StdinOnce,
            init=bool(host.Init),
            runtime=program,
            attachments=clients,
            trees=place.trees,
        )

    def _facts(self, container: Container, place: _Place, shared: Shared, names: list[str]) -> spec.Facts:
        """``names``: the capabilities it is given."""
        around = self._around
        host = container.host
        hostname = shared.network[1].config.Hostname if shared.network else container.config.Hostname
        asked, rules = devices.asked(host.Devices or ())
        rules += devices.rules(host.DeviceCgroupRules or ())
        if host.Privileged:
            asked += devices.of_host()
        return spec.Facts(
            cgroup=around.cgroup(container),
            hostname=hostname,
            environment=spec.environment(container.config, hostname),
            capabilities=names,
            files=self._files(container, shared),
            thermal=facts.thermal_files(),
            devices=asked,
            device_rules=rules,
            throttles=devices.throttles(host),
            shm=self._shm(container, shared),
            own_network=host.NetworkMode != "host" and shared.network is None and container.pod is None,
            seccomp=seccomp.section(host, names) if validate.runtime(host) != "wherry" else None,
            groups=[int(group) if group.isascii() and group.isdigit() else group for group in host.GroupAdd or ()],
            mapped_files=container.pod is None,
        )

    def _files(self, container: Container, shared: Shared) -> dict[str, str]:
        sandbox = self._around.sandbox(container)
        if sandbox is not None:
            return {f"/etc/{name}": self._around.sandboxes.file(sandbox, name) for name in etcfiles.NAMES}
        if shared.network:
            return etcfiles.of_directory(self._around.directory(shared.network[1]))
        endpoints = [one.endpoint for one in self._around.networks.places(container.id)]
        is_named = bool(self._around.networks.own.of(container.id))
        return etcfiles.write(self._around.directory(container), container, endpoints, is_named)

    def _shm(self, container: Container, shared: Shared) -> str | None:
        """Where /dev/shm comes from: "" a tmpfs of its own, None: there is none."""
        sandbox = self._around.sandbox(container)
        if sandbox is not None:
            return "/dev/shm" if sandbox.host_ipc else self._around.sandboxes.file(sandbox, SHM)
        mode = container.host.IpcMode
        if mode == "none":
            return None
        if mode == "host":
            return "/dev/shm"
        if shared.ipc:
            return str(self._around.directory(shared.ipc[1]) / "shm")
        if mode == "shareable":
            return str(mount_shm(self._around.directory(container), container.host.ShmSize or spec.SHM_BYTES))
        return ""


def is_bridged(container: Container) -> bool:
    """Whether it is on the default bridge."""
    return memberships.DEFAULT in memberships.of(container)


def is_usual(container: Container) -> bool:
    """Whether its namespaces are all its own, as those made ahead are, and its address on the wire is any."""
    host = container.host
    return not memberships.mac(container) and "host" not in (
        host.NetworkMode,
        host.PidMode,
        host.IpcMode,
        host.UTSMode,
        host.CgroupnsMode,
    )


def _mark(upper: Path, layers: Sequence[Path], owner: int) -> None:
    """An empty /.dockerenv, by which programs tell that they are in a container; what the image has there stays."""
    if any(os.path.lexists(layer / _MARK) for layer in layers):
        return
    try:
        fd = os.open(upper / _MARK, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o755)
    except FileExistsError:
        return  # of an earlier run, or whatever was put there
    try:
        os.fchown(fd, owner, owner)
        os.fchmod(fd, 0o755)
    finally:
        os.close(fd)


def _make_sources(container: Container) -> None:
    """``-v /missing:/x`` makes the directory."""
    for point in container.mounts:
        if point.make and not os.path.lexists(point.source):
            os.makedirs(point.source)
