"""What clients do with a container's files: look, copy in and out, compare with the image, export."""

import errno
import os
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import BinaryIO

from wherry.engine.containers import spec
from wherry.engine.containers.asked import Extraction
from wherry.engine.containers.rootfs import Root, Roots
from wherry.engine.containers.row import Container
from wherry.engine.containers.surroundings import Surroundings
from wherry.engine.files import paths
from wherry.engine.files.changes import Change, Trees, changes
from wherry.engine.files.copyin import CopyIn, Placement
from wherry.engine.files.copyout import copy_contents_out, copy_out
from wherry.engine.files.owners import resolved
from wherry.engine.files.paths import PathStat
from wherry.engine.images.feed import drained, through
from wherry.engine.images.threads import in_thread
from wherry.engine.snapshots.inherit import Inheritance
from wherry.engine.snapshots.model import CommitOptions
from wherry.engine.snapshots.stubs import Stubs
from wherry.engine.snapshots.tree import Rendering
from wherry.engine.snapshots.view import untouched
from wherry.kit.errors import Invalid, NotFound
from wherry.linux.errors import KernelError
from wherry.linux.identity import make_files_as

_FILES = ("/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/dev/console", "/sbin/docker-init", "/.dockerenv")


def stubs(container: Container) -> CommitOptions:
    """How its upper directory becomes a layer: without what the runtime put there to mount the usual things on.

    Where its own volumes are mounted stays, as with Docker.
    """
    usual = [mount["destination"] for mount in spec.default_mounts()]
    return CommitOptions(first_id=Roots.first_id(container), stubs=frozenset({*usual, *_FILES}))


class Filesystems:
    """References as of :class:`Containers`. NotFound for a path that is not there, Invalid for what should be a
    directory and is none."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._roots = Roots(around)

    async def stat(self, ref: str, path: str) -> PathStat:
        container = self._around.registry.get(ref)
        cleaned = paths.clean(path)
        async with self._roots.reading(container) as root:
            return await in_thread(_stat, root, cleaned, container)

    @asynccontextmanager
    async def archive(self, ref: str, path: str) -> AsyncIterator[tuple[PathStat, AsyncIterator[bytes]]]:
        """What ``path`` is, and a tar of it, to be read inside the block. Its entries begin with its last name."""
        container = self._around.registry.get(ref)
        cleaned = paths.clean(path)
        async with self._roots.reading(container) as root:
            stat = await in_thread(_stat, root, cleaned, container)
            fd = await in_thread(paths.open_path, root.fd, cleaned)
            try:
                name = os.fsencode(paths.base(cleaned))
                rendering = Rendering(root.first_id)
                pieces = drained(lambda sink: copy_out(sink, fd, name, rendering, root.closed))
                async with _closing(pieces):
                    self._around.tell(container, "archive-path")
                    yield stat, pieces
            finally:
                os.close(fd)

    async def extract(self, ref: str, wanted: Extraction, chunks: AsyncIterator[bytes]) -> None:
        """Unpack a tar, compressed or not, into a directory of the container."""
        container = self._around.registry.get(ref)
        cleaned = paths.clean(wanted.path)
        async with self._roots.writing(container) as root:
            await in_thread(_check_place, root, cleaned, container)
            user = container.config.User if wanted.copy_owner else ""
            owner = await in_thread(resolved, root.fd, user) if user else None
            placement = Placement(root.first_id, owner, keep_kinds=wanted.keep_kinds)

            def unpack(stream: BinaryIO) -> None:
                if root.first_id:
                    make_files_as(root.first_id)
                CopyIn(root.fd, cleaned, placement).run(stream)

            await through(chunks, unpack)
        self._around.tell(container, "extract-to-dir")

    async def changes(self, ref: str) -> list[Change]:
        """By path, without what the runtime itself made to mount things on."""
        return await in_thread(self._changes, self._around.registry.get(ref))

    def _changes(self, container: Container) -> list[Change]:
        upper = self._roots.upper(container)
        if upper is None:
            return []
        snapshots = self._around.snapshots
        layers = self._roots.layers(container)
        options = stubs(container)
        with (
            untouched(upper) as fd,
            snapshots.view(layers) as below,
            Inheritance(snapshots.layers(layers)) as inheritance,
        ):
            return changes(Trees(fd, below, options.first_id, Stubs(options, inheritance).skip))

    @asynccontextmanager
    async def export(self, ref: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """A tar of all its files, to be read inside the block; without volumes and what else is mounted in it."""
        container = self._around.registry.get(ref)
        async with self._roots.merged(container) as root:
            rendering = Rendering(root.first_id)
            pieces = drained(lambda sink: copy_contents_out(sink, root.fd, rendering))
            async with _closing(pieces):
                yield pieces
        self._around.tell(container, "export")


@asynccontextmanager
async def _closing(pieces: AsyncGenerator[bytes, None]) -> AsyncIterator[None]:
    try:
        yield
    finally:
        await pieces.aclose()


def _stat(root: Root, cleaned: str, container: Container) -> PathStat:
    try:
        return paths.stat_of(root.fd, cleaned)
    except NotFound as error:
        raise NotFound(f"{error.message} in container {container.id}") from error


def _check_place(root: Root, cleaned: str, container: Container) -> None:
    """That a path leads to a directory, by whatever links."""
    try:
        os.close(paths.open_directory(root.fd, cleaned))
    except KernelError as error:
        if error.errno == errno.ENOTDIR:
            raise Invalid("extraction point is not a directory") from error
        missing = paths.missing(cleaned, error)
        if isinstance(missing, NotFound):
            raise NotFound(f"{missing.message} in container {container.id}") from error
        raise
