"""A file or a directory of a tree as a tar archive, while its owner may be changing it.

As Docker's ``GET /containers/{id}/archive`` and ``export``: sockets are left out, and what has gone by the time it is
looked at.
"""

import os
import stat
from collections.abc import Iterator

from wherry.engine.snapshots import attributes
from wherry.engine.snapshots import header as tar
from wherry.engine.snapshots.attributes import NONE, Attributes
from wherry.engine.snapshots.header import Header
from wherry.engine.snapshots.model import Sink
from wherry.engine.snapshots.tarwriter import TarWriter
from wherry.engine.snapshots.tree import Level, Rendering, TreeWriter, sorted_names
from wherry.kit.errors import Invalid

_NOBODY = 65534
"""Whom a container sees in the place of an id that it does not have (/proc/sys/kernel/overflowuid)."""

_THING = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
_INSIDE = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


def copy_out(sink: Sink, fd: int, name: bytes, rendering: Rendering, closed: frozenset[int] = frozenset()) -> None:
    """Write a tar of what ``fd`` (O_PATH) is, with all that is in it, under ``name`` (``/``: names begin with a slash).

    ``closed``: see :class:`CopyOut`. Blocks. Errors of the sink pass through.
    """
    archive = TarWriter(sink, hashed=False)
    CopyOut(archive, rendering, closed).write(fd, name)
    archive.finish()


def copy_contents_out(sink: Sink, fd: int, rendering: Rendering) -> None:
    """Write a tar of what is in the directory ``fd``, without itself."""
    archive = TarWriter(sink, hashed=False)
    CopyOut(archive, rendering).write_contents(fd)
    archive.finish()


class CopyOut(TreeWriter):
    """Everything is opened without following (O_PATH), looked at, and only then opened to be read: nothing can be put
    in its place in between, and no device is ever opened.

    Ids of the container's range (``rendering.first_id``) become the container's own; ids below 65536 stay, for layers
    and volumes have them where they are not mapped. ``closed`` are numbers of file systems (st_dev) whose directories
    are not looked into: the kernel's own.
    """

    def __init__(self, archive: TarWriter, rendering: Rendering, closed: frozenset[int] = frozenset()) -> None:
        super().__init__(archive, rendering)
        self._closed = closed

    def write(self, fd: int, name: bytes) -> None:
        below = self._thing(os.dup(fd), name, 0)
        if below is not None:
            self._walk(below)

    def write_contents(self, fd: int) -> None:
        header = Header(b"", tar.DIRECTORY, b"", 0o755, 0, 0, 0, 0)
        inside = os.open(".", _INSIDE, dir_fd=fd)
        self._walk(Level(inside, b"", header, sorted_names(inside), 0))

    def _entry(self, level: Level, name: bytes) -> Level | None:
        try:
            fd = os.open(name, _THING, dir_fd=level.fd)
        except FileNotFoundError:
            return None  # it has just gone
        if self._rendering.skip(level.path + name, os.fstat(fd), level.fd):
            os.close(fd)
            return None
        return self._thing(fd, level.path + name, level.depth + 1)

    def _thing(self, fd: int, name: bytes, depth: int) -> Level | None:
        """Write what ``fd`` is, and close it."""
        try:
            status = os.fstat(fd)
            if stat.S_ISDIR(status.st_mode):
                return self._directory(fd, name, status, depth)
            if not stat.S_ISSOCK(status.st_mode) and not self._hard_link(name, status):
                self._file(fd, self._header(name, status))
            return None
        finally:
            os.close(fd)

    def _directory(self, fd: int, name: bytes, status: os.stat_result, depth: int) -> Level:
        if depth > self._rendering.limits.depth:
            raise Invalid(f"{name[:200]!r}… is a path of too many names")
        path = name.rstrip(b"/") + b"/"
        inside = os.open(".", _INSIDE, dir_fd=fd)
        try:
            header = self._header(path, status)
            self._attributes(inside, header)
            self._write(header)
            found: Iterator[bytes] = iter(()) if status.st_dev in self._closed else sorted_names(inside)
            return Level(inside, path, header, found, depth)
        except BaseException:
            os.close(inside)
            raise

    def _file(self, fd: int, header: Header) -> None:
        if header.kind == tar.SYMBOLIC_LINK:
            header.link = os.readlink(b"", dir_fd=fd)
        if header.kind != tar.REGULAR:
            self._write(header)
            return
        readable = os.open(f"/proc/self/fd/{fd}", _READ)
        try:
            self._attributes(readable, header)
            self._write(header)
            self._content(readable, header)
        finally:
            os.close(readable)

    def _owner(self, path: bytes, status: os.stat_result) -> tuple[int, int]:
        return self._known(status.st_uid), self._known(status.st_gid)

    def _known(self, number: int) -> int:
        first = self._rendering.first_id
        if not first:
            return number
        if first <= number < first + attributes.IDS:
            return number - first
        return number if number < attributes.IDS else _NOBODY

    def _attributes(self, target: int | bytes, header: Header) -> Attributes:
        try:
            return super()._attributes(target, header)
        except Invalid:  # capabilities that mean nothing here, or another overlay's directory
            return NONE
