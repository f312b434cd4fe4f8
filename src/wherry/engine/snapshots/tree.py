"""A directory tree as the entries of a tar archive, the same for the same tree wherever and whenever.

Entries come sorted by name, directory by directory, a directory before what is in it. The tree is hostile: root of a
container has filled it. It is walked by descriptors and single names, and nothing in it is followed.
"""

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from wherry.engine.snapshots import attributes, names
from wherry.engine.snapshots import header as tar
from wherry.engine.snapshots.attributes import Attributes
from wherry.engine.snapshots.directories import is_whiteout
from wherry.engine.snapshots.header import Header
from wherry.engine.snapshots.model import DEFAULT_LIMITS, Limits
from wherry.engine.snapshots.settle import Settler
from wherry.engine.snapshots.tarwriter import TarWriter
from wherry.kit.errors import Invalid

_NANOSECONDS = 1_000_000_000
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_KINDS = {
    stat.S_IFREG: tar.REGULAR,
    stat.S_IFDIR: tar.DIRECTORY,
    stat.S_IFLNK: tar.SYMBOLIC_LINK,
    stat.S_IFCHR: tar.CHARACTER,
    stat.S_IFBLK: tar.BLOCK,
    stat.S_IFIFO: tar.FIFO,
}

Skip = Callable[[bytes, os.stat_result, int], bool]
"""Whether to leave out what is at a path: path, status, descriptor of the directory it is in."""


@dataclass(frozen=True, slots=True)
class Rendering:
    """How the tree is told.

    ``first_id`` is subtracted from every id. ``epoch_seconds``: the latest time. ``skip`` leaves things out.
    """

    first_id: int = 0
    epoch_seconds: int | None = None
    limits: Limits = DEFAULT_LIMITS
    skip: Skip = lambda path, status, directory: False


@dataclass(slots=True)
class Level:
    """A directory being written; ``path`` is what names in it are put behind: empty, or ending in a slash."""

    fd: int
    path: bytes
    header: Header
    names: Iterator[bytes]
    depth: int


class TreeWriter:
    """Writes a directory's contents to ``archive``. What an entry says of a file is here; which become entries, and
    how they are opened, is for those who inherit. Use once.

    ``size_bytes`` is of the files' contents.
    """

    def __init__(self, archive: TarWriter, rendering: Rendering) -> None:
        self.entries = 0
        self.size_bytes = 0
        self._archive = archive
        self._rendering = rendering
        self._links: dict[tuple[int, int], Header] = {}

    def _walk(self, top: Level) -> None:
        """Write everything in ``top``, not itself, and close it."""
        levels = [top]
        try:
            while levels:
                level = levels[-1]
                name = next(level.names, None)
                if name is None:
                    self._leave(levels.pop())
                    continue
                below = self._entry(level, name)
                if below is not None:
                    levels.append(below)
        finally:
            for level in levels:
                os.close(level.fd)

    def _leave(self, level: Level) -> None:
        os.close(level.fd)

    def _entry(self, level: Level, name: bytes) -> Level | None:
        """Write one thing; a directory is returned, open, for what is in it."""
        raise NotImplementedError

    def _hard_link(self, path: bytes, status: os.stat_result) -> bool:
        """Write a further name of a file that is in the archive already: as that was, it may have been settled."""
        first = self._links.get((status.st_dev, status.st_ino))
        if first is None:
            return False
        self._write(replace(first, name=path, kind=tar.HARD_LINK, link=first.name, size=0, xattrs=None))
        return True

    def _header(self, path: bytes, status: os.stat_result) -> Header:
        """What an entry says of a file, without its attributes; further names of it become links to this one."""
        kind = _KINDS[stat.S_IFMT(status.st_mode)]
        uid, gid = self._owner(path, status)
        header = Header(
            path, kind, b"", stat.S_IMODE(status.st_mode), uid, gid, status.st_size if kind == tar.REGULAR else 0,
            self._time(status.st_mtime_ns),
        )  # fmt: skip
        if kind in (tar.CHARACTER, tar.BLOCK):
            header.major, header.minor = os.major(status.st_rdev), os.minor(status.st_rdev)
        if status.st_nlink > 1 and kind != tar.DIRECTORY:
            self._links[status.st_dev, status.st_ino] = header
        return header

    def _owner(self, path: bytes, status: os.stat_result) -> tuple[int, int]:
        """The ids as the container knows them."""
        raise NotImplementedError

    def _time(self, nanoseconds: int) -> int:
        """Whole seconds, in nanoseconds; before 1970 is 1970, as on extraction."""
        seconds = max(nanoseconds // _NANOSECONDS, 0)
        latest = self._rendering.epoch_seconds
        return (seconds if latest is None else min(seconds, latest)) * _NANOSECONDS

    def _attributes(self, target: int | bytes, header: Header) -> Attributes:
        try:
            found = attributes.read(target, self._rendering.first_id)
        except Invalid as error:
            raise Invalid(f"{header.name!r}: {error.message}") from error
        header.xattrs = found.kept
        return found

    def _content(self, fd: int, header: Header) -> None:
        self._archive.content(fd, header.size)
        self.size_bytes += header.size

    def _write(self, header: Header) -> None:
        self.entries += 1
        limits = self._rendering.limits
        if self.entries > limits.entries:
            raise Invalid(f"layer has more than {limits.entries} entries")
        if self._archive.position + header.size > limits.bytes:
            raise Invalid(f"layer is larger than {limits.bytes} bytes")
        self._archive.entry(header)


class LayerWriter(TreeWriter):
    """Writes the layer that an overlayfs upper directory is: its whiteouts become the archive's.

    ``settler`` is told what was written of each thing, to make the tree what the extraction of the archive would give;
    without one the tree may change meanwhile. ``opaque``: the layer hides all layers below.
    """

    def __init__(self, archive: TarWriter, rendering: Rendering, settler: Settler | None = None) -> None:
        super().__init__(archive, rendering)
        self.opaque = False
        self._settler = settler

    def write(self, root: int) -> None:
        """Write everything in ``root``, not itself, as Docker does. Raises Invalid for what no layer can hold."""
        self._walk(self._root(root))

    def _root(self, root: int) -> Level:
        """The root as a layer that does not describe it has it."""
        fd = os.dup(root)
        found = attributes.read(fd, self._rendering.first_id)
        seconds = self._time(os.fstat(fd).st_mtime_ns)
        header = Header(b"", tar.DIRECTORY, b"", 0o755, 0, 0, 0, seconds)
        if self._settler is not None:
            bare = Attributes(surplus=(*found.surplus, *(found.kept or ())), opaque=found.opaque)
            self._settler.directory(fd, header, bare)
        self.opaque = found.opaque
        if found.opaque:
            self._mark(names.OPAQUE_MARK)
        return Level(fd, b"", header, sorted_names(fd), 0)

    def _leave(self, level: Level) -> None:
        try:
            if self._settler is not None:
                self._settler.leave(level.fd, level.header)
        finally:
            os.close(level.fd)

    def _entry(self, level: Level, name: bytes) -> Level | None:
        try:
            return self._try(level, name)
        except FileNotFoundError:
            if self._settler is not None:
                raise
            return None  # it has just gone

    def _try(self, level: Level, name: bytes) -> Level | None:
        path = level.path + name
        status = os.lstat(name, dir_fd=level.fd)
        if stat.S_ISSOCK(status.st_mode) or self._rendering.skip(path, status, level.fd):
            if self._settler is not None:
                self._settler.drop(level.fd, name)
            return None
        if is_whiteout(status):
            self._mark(level.path + names.WHITEOUT + name)
            return None
        if name.startswith(names.WHITEOUT):
            raise Invalid(f"{path!r} has a name that means a deleted file in a layer: rename it")
        if len(path) > names.PATH_LIMIT_BYTES or level.depth >= self._rendering.limits.depth:
            raise Invalid(f"{path[:200]!r}… is a path of too many names or more than {names.PATH_LIMIT_BYTES} bytes")
        if stat.S_ISDIR(status.st_mode):
            return self._directory(level, name, status)
        if not self._hard_link(path, status):
            self._other(level.fd, name, self._header(path, status))
        return None

    def _directory(self, level: Level, name: bytes, status: os.stat_result) -> Level:
        path = level.path + name + b"/"
        fd = os.open(name, DIRECTORY, dir_fd=level.fd)
        try:
            header = self._header(path, status)
            found = self._attributes(fd, header)
            self._write(header)
            if found.opaque:
                self._mark(path + names.OPAQUE_MARK)
            if self._settler is not None:
                self._settler.directory(fd, header, found)
            return Level(fd, path, header, sorted_names(fd), level.depth + 1)
        except BaseException:
            os.close(fd)
            raise

    def _other(self, directory: int, name: bytes, header: Header) -> None:
        if header.kind == tar.REGULAR:
            self._regular(directory, name, header)
            return
        if header.kind == tar.SYMBOLIC_LINK:
            header.link = os.readlink(name, dir_fd=directory)
        found = self._attributes(b"/proc/self/fd/%d/%s" % (directory, name), header)
        self._write(header)
        if self._settler is not None:
            self._settler.other(directory, name, header, found)

    def _regular(self, directory: int, name: bytes, header: Header) -> None:
        fd = os.open(name, _FILE, dir_fd=directory)
        try:
            found = self._attributes(fd, header)
            self._write(header)
            self._content(fd, header)
            if self._settler is not None:
                self._settler.regular(fd, header, found)
        finally:
            os.close(fd)

    def _owner(self, path: bytes, status: os.stat_result) -> tuple[int, int]:
        first = self._rendering.first_id
        uid, gid = status.st_uid - first, status.st_gid - first
        if first and not (0 <= uid < attributes.IDS and 0 <= gid < attributes.IDS):
            raise Invalid(f"{path!r} belongs to {status.st_uid}:{status.st_gid}, who is nobody in the container")
        return uid, gid

    def _mark(self, path: bytes) -> None:
        self._write(Header(path, tar.REGULAR, b"", 0o644, 0, 0, 0, 0))


def sorted_names(fd: int) -> Iterator[bytes]:
    """What is in a directory."""
    return iter(sorted(map(os.fsencode, os.listdir(fd))))
