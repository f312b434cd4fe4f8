"""The files of a container, opened from outside: a running one's own, a view of its layers otherwise."""

import os
import select
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from wherry.engine.containers import sharing
from wherry.engine.containers.model import State
from wherry.engine.containers.row import Container, MountPoint
from wherry.engine.containers.surroundings import Surroundings
from wherry.engine.images.threads import in_thread
from wherry.engine.runtime.copyup import copy_up
from wherry.engine.runtime.model import IdRange, Isolation, Namespace
from wherry.engine.snapshots import Guise
from wherry.kit.errors import Conflict, NotFound
from wherry.linux import mount, openat2, processes
from wherry.linux.errors import KernelError
from wherry.linux.identity import make_files_as
from wherry.linux.namespaces import open_namespace

_UNMAPPABLE = frozenset({22, 1})  # EINVAL, EPERM: this file system cannot, or is mapped already
_DIRECTORY = os.O_PATH | os.O_DIRECTORY
_KERNELS_OWN = ("proc", "sys")


@dataclass(frozen=True, slots=True)
class Root:
    """``fd`` is the root directory (O_PATH); ids in it are those of the host, from ``first_id`` on.

    ``closed``: file systems (st_dev) that show the kernel and no files.
    """

    fd: int
    first_id: int
    closed: frozenset[int] = frozenset()


class Roots:
    def __init__(self, around: Surroundings) -> None:
        self._around = around

    @asynccontextmanager
    async def reading(self, container: Container) -> AsyncIterator[Root]:
        """The files as they are, volumes and all; of a container that does not run, without its tmpfs.

        Nothing is held: the container may be started, changed and removed meanwhile.
        """
        self._check(container)
        fd = self._of_running(container)
        if fd is not None:
            try:
                yield self._running(container, fd)
            finally:
                os.close(fd)
            return
        upper = self.upper(container)
        points = partial(_furnish, container.mounts, None)
        view = self._around.snapshots.view(self.layers(container), upper, None, Guise(furnish=points))
        fd = await in_thread(view.__enter__)
        try:
            yield Root(fd, self.first_id(container))
        finally:
            await in_thread(view.__exit__, None, None, None)

    @asynccontextmanager
    async def writing(self, container: Container) -> AsyncIterator[Root]:
        """As :meth:`reading`, to be written to. While it lasts, a container that does not run is not started."""
        live = self._around.registry.live(container)
        self._check(container)
        if (fd := self._of_running(container)) is None:
            async with live.lock:
                self._check(container)
                if (fd := self._of_running(container)) is None:
                    async with self._writable_view(container) as root:
                        yield root
                    return
        try:
            yield self._running(container, fd)
        finally:
            os.close(fd)

    @asynccontextmanager
    async def merged(self, container: Container) -> AsyncIterator[Root]:
        """The container's own files alone, without anything that is mounted in it; read only."""
        self._check(container)
        view = self._around.snapshots.view(self.layers(container), self.upper(container))
        fd = await in_thread(view.__enter__)
        try:
            yield Root(fd, self.first_id(container))
        finally:
            await in_thread(view.__exit__, None, None, None)

    # What it consists of

    def layers(self, container: Container) -> list[str]:
        """Chain ids, the lowest first."""
        return list(self._around.images.held(container.image).chain_ids)

    def upper(self, container: Container) -> Path | None:
        """The directory it writes to; None before its first start."""
        path = self._around.directory(container) / "upper"
        return path if path.is_dir() else None

    @staticmethod
    def first_id(container: Container) -> int:
        return container.ids or 0 if container.mapped else 0

    def _check(self, container: Container) -> None:
        if not self._around.registry.exists(container.id):
            raise NotFound(f"No such container: {container.id}")
        if container.state in (State.REMOVING, State.DEAD):
            raise Conflict(f"container {container.id} is marked for removal")

    # Running

    def _of_running(self, container: Container) -> int | None:
        """Its root directory by way of its process 1; None when it does not run (any more)."""
        task = self._around.registry.live(container).task
        if task is None:
            return None
        try:
            pidfd = processes.pidfd_open(task.pid)
        except OSError:
            return None
        try:
            # The number may have come to mean another process by now: it must be one of the container's, and that
            # same process must be there after its directory was opened.
            if task.pid not in self._around.group(self._around.cgroup(container)).pids():
                return None
            fd = os.open(f"/proc/{task.pid}/root", _DIRECTORY | os.O_CLOEXEC)
            if _has_ended(pidfd):
                os.close(fd)
                return None
            return fd
        except processes.GONE:
            return None
        finally:
            os.close(pidfd)

    def _running(self, container: Container, fd: int) -> Root:
        return Root(fd, self.first_id(container), _closed(fd))

    # Not running

    @asynccontextmanager
    async def _writable_view(self, container: Container) -> AsyncIterator[Root]:
        around = self._around
        first = self._bind_ids(container) if container.mapped else 0
        upper, work = around.snapshots.prepare(around.directory(container), first)
        async with self._userns(first) as userns:
            points = partial(_furnish, container.mounts, _Owner(first, userns))
            view = around.snapshots.view(self.layers(container), upper, work, Guise(userns, points))
            fd = await in_thread(view.__enter__)
            try:
                if container.host.ReadonlyRootfs:
                    mount.set_attributes(fd, add=mount.ATTR_RDONLY)
                yield Root(fd, first)
            finally:
                await in_thread(view.__exit__, None, None, None)

    def _bind_ids(self, container: Container) -> int:
        """The first of its ids: from before its first start on, once there is a file that belongs to them."""
        if container.ids is None:
            donors = [self._around.registry.get(ref) for ref in sharing.donors_of(container.host)]
            if any(donor.ids is None for donor in donors):
                raise Conflict("the container whose namespaces are shared has not been started yet: start it first")
            container.ids = donors[0].ids if donors else self._around.ranges.take().first
            self._around.registry.save(container)
        assert container.ids is not None
        return container.ids

    @asynccontextmanager
    async def _userns(self, first: int) -> AsyncIterator[int | None]:
        """A user namespace with the container's ids: of a process that waits to become a container, and never does."""
        if not first:
            yield None
            return
        host = Namespace.HOST
        sandbox = await self._around.runtime.spawn(Isolation(IdRange(first), host, host, host, host, host))
        try:
            userns = open_namespace(sandbox.pid, "user")
            try:
                yield userns
            finally:
                os.close(userns)
        finally:
            await sandbox.discard()


@dataclass(frozen=True, slots=True)
class _Owner:
    """To whom what is made belongs: the host's id of the container's root, and its user namespace."""

    first_id: int
    userns: int | None


def _has_ended(pidfd: int) -> bool:
    """A pidfd is readable when its process has ended (pidfd_open(2))."""
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    return bool(poll.poll(0))


def _closed(root: int) -> frozenset[int]:
    """The file systems of /proc and /sys, which the runtime mounts on ordinary directories only."""
    found = set()
    for name in _KERNELS_OWN:
        try:
            fd = openat2.openat2(root, name, _DIRECTORY, resolve=openat2.RESOLVE_NO_SYMLINKS)
        except KernelError:
            continue
        found.add(os.fstat(fd).st_dev)
        os.close(fd)
    return frozenset(found - {os.fstat(root).st_dev})


def _furnish(points: Sequence[MountPoint], owner: _Owner | None, root: int) -> None:
    """Mount volumes and binds as a start would; without ``owner`` only to be read.

    For a thread of its own: from then on it makes files as the container's root.
    """
    if owner is not None and owner.first_id:
        make_files_as(owner.first_id)
    for point in sorted(points, key=lambda one: one.destination.count("/")):
        if point.kind not in ("bind", "volume"):
            continue
        try:
            tree = mount.clone_tree(point.source, recursive="rbind" in point.options)
        except KernelError as error:
            if error.errno == 2:  # a start makes it, or says that it is missing
                continue
            raise
        try:
            _mount(tree, point, owner, root)
        finally:
            os.close(tree)


def _mount(tree: int, point: MountPoint, owner: _Owner | None, root: int) -> None:
    recursive = "rbind" in point.options
    if owner is not None and owner.userns is not None:
        try:
            mount.set_attributes(tree, userns=owner.userns, recursive=recursive, path=point.source)
        except KernelError as error:
            if error.errno not in _UNMAPPABLE:
                raise
    place = _place(tree, point, root)
    if place is None:
        return
    try:
        if owner is not None and "x-copy-up" in point.options:
            copy_up(place, tree)
        if owner is None or not point.writable:
            mount.set_attributes(tree, add=mount.ATTR_RDONLY, recursive=recursive, path=point.destination)
        mount.move(tree, place, point.destination)
    finally:
        os.close(place)


def _place(tree: int, point: MountPoint, root: int) -> int | None:
    """Where it is to be, made when it is missing; None where something of another kind is."""
    try:
        if openat2.is_directory(tree):
            return openat2.make_directories(root, point.destination)
        return openat2.make_file(root, point.destination)
    except OSError:
        return None
