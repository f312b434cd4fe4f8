"""A tar archive unpacked into a directory of a tree whose owner may be changing it (``docker cp`` into a container).

As moby's archive.Unpack: nothing is a whiteout, a directory is merged with the one that is there, and anything else
takes the place of what is there. Everything is made by a single name in an open directory and dressed by its own
descriptor.
"""

import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from wherry.engine.snapshots import attributes, names
from wherry.engine.snapshots import header as tar
from wherry.engine.snapshots.decompress import Decompressed
from wherry.engine.snapshots.header import Header
from wherry.engine.snapshots.model import DEFAULT_LIMITS, Limits
from wherry.engine.snapshots.reader import entries
from wherry.engine.snapshots.source import Source
from wherry.kit.errors import Conflict, Forbidden, Invalid, Unavailable
from wherry.linux.errors import KernelError
from wherry.linux.openat2 import make_directories, openat2
from wherry.linux.trees import remove_tree

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_THING = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
_KINDS = {tar.CHARACTER: stat.S_IFCHR, tar.BLOCK: stat.S_IFBLK, tar.FIFO: stat.S_IFIFO}
_LAST_TIME = (1 << 63) - 1  # nanoseconds
_FULL = frozenset({28, 122})  # ENOSPC, EDQUOT
_BUSY = frozenset({16, 17, 18, 39})  # EBUSY, EEXIST, EXDEV (a mount point), ENOTEMPTY
_READ_ONLY = 30  # EROFS
_NO_ATTRIBUTES = frozenset({95, 1})  # EOPNOTSUPP; EPERM, as xattr(7) says of user.* on anything but files
_MAJOR_LIMIT, _MINOR_LIMIT = 1 << 12, 1 << 20  # MINORBITS of include/linux/kdev_t.h


@dataclass(frozen=True, slots=True)
class Placement:
    """What becomes of the archive's entries.

    ``first_id``: added to every id; an id that the container does not have becomes root's. ``owner``: uid and gid of
    everything instead of the archive's. ``keep_owner``: everything belongs to whoever runs this. ``keep_kinds``: a
    directory is not replaced by something else, nor the other way round. ``rename``: another first name for entries
    that have the one given; an empty one is before every name.
    """

    first_id: int = 0
    owner: tuple[int, int] | None = None
    keep_owner: bool = False
    keep_kinds: bool = False
    rename: tuple[bytes, bytes] | None = None
    limits: Limits = DEFAULT_LIMITS


class CopyIn:
    """Unpacks into the directory ``path`` of the tree with the root ``root``. Use once.

    For a container with ids of its own, in a thread that makes files as its root (:mod:`wherry.linux.identity`).
    """

    def __init__(self, root: int, path: str, placement: Placement) -> None:
        self._root = root
        self._path = path.rstrip("/")
        self._placement = placement
        self._parent: tuple[bytes, int] | None = None
        self._times: list[tuple[bytes, int]] = []
        self._make: Mapping[bytes, Callable[[int, bytes, Header], None]] = {
            tar.REGULAR: self._regular,
            tar.SYMBOLIC_LINK: self._symbolic_link,
            tar.HARD_LINK: self._hard_link,
            tar.CHARACTER: self._device,
            tar.BLOCK: self._device,
            tar.FIFO: self._device,
        }

    def run(self, stream: BinaryIO) -> None:
        """Unpack a tar (plain, gzip, zstd, xz, bzip2), reading it to its end.

        Invalid for a damaged or hostile archive, Conflict for what cannot be replaced, Forbidden on a read-only file
        system, Unavailable when the disk is full; what was unpacked by then stays, as with tar(1).
        """
        self._source = Source(Decompressed(stream), self._placement.limits)
        try:
            for number, header in enumerate(entries(self._source)):
                if number >= self._placement.limits.entries:
                    raise Invalid(f"archive has more than {self._placement.limits.entries} entries")
                self._guarded(header)
            self._source.drain()
            self._set_times()
        finally:
            self._forget()

    def _guarded(self, header: Header) -> None:
        try:
            self._entry(header)
        except OSError as error:
            raise _translated(error, header) from error

    def _entry(self, header: Header) -> None:
        path = self._renamed(names.clean(header.name))
        if not path:
            return  # the directory itself is not touched
        parent_path, _, name = path.rpartition(b"/")
        if not 0 <= header.mtime <= _LAST_TIME:
            header.mtime = 0
        parent = self._directory(parent_path)
        if header.kind == tar.DIRECTORY:
            self._subdirectory(parent, name, header)
            self._times.append((path, header.mtime))
            return
        make = self._make.get(header.kind)
        if make is None:
            raise Invalid(f"archive has an entry of unknown type {header.kind!r}: {_shown(header)}")
        self._clear(parent, name, header)
        make(parent, name, header)

    # Where

    def _renamed(self, path: bytes) -> bytes:
        if self._placement.rename is None:
            return path
        old, new = self._placement.rename
        if not old:
            return new + b"/" + path if path else new
        return new + path[len(old) :] if path == old or path.startswith(old + b"/") else path

    def _directory(self, path: bytes) -> int:
        """The directory ``path`` of the place, by whatever links inside the tree; made where it is missing.

        The last one is remembered: archives come directory by directory.
        """
        if self._parent is not None and self._parent[0] == path:
            return self._parent[1]
        self._forget()
        fd = make_directories(self._root, self._full(path))
        self._parent = (path, fd)
        return fd

    def _full(self, path: bytes) -> str:
        return f"{self._path}/{os.fsdecode(path)}"

    def _forget(self) -> None:
        if self._parent is not None:
            os.close(self._parent[1])
            self._parent = None

    def _clear(self, parent: int, name: bytes, header: Header) -> None:
        """Remove what is there, unless it is a directory and is to stay one."""
        try:
            status = os.lstat(name, dir_fd=parent)
        except FileNotFoundError:
            return
        is_directory = stat.S_ISDIR(status.st_mode)
        if is_directory and header.kind == tar.DIRECTORY:
            return
        if self._placement.keep_kinds and is_directory:
            raise Invalid(f"cannot overwrite directory {_shown(header)} with non-directory")
        if self._placement.keep_kinds and header.kind == tar.DIRECTORY:
            raise Invalid(f"cannot overwrite non-directory {_shown(header)} with directory")
        remove_tree(parent, name)

    # What: one method a kind

    def _subdirectory(self, parent: int, name: bytes, header: Header) -> None:
        self._clear(parent, name, header)
        try:
            os.mkdir(name, 0o700, dir_fd=parent)
        except FileExistsError:
            pass
        fd = os.open(name, _DIRECTORY, dir_fd=parent)
        try:
            self._dress(fd, header)
        finally:
            os.close(fd)

    def _regular(self, parent: int, name: bytes, header: Header) -> None:
        fd = os.open(name, _CREATE, 0o600, dir_fd=parent)
        try:
            if header.extents is None:
                self._source.copy(fd, header.size)
            else:
                self._sparse(fd, header)
            self._dress(fd, header)
            os.utime(fd, ns=(header.mtime, header.mtime))
        finally:
            os.close(fd)

    def _sparse(self, fd: int, header: Header) -> None:
        if header.real_size > self._placement.limits.bytes:
            raise Invalid(f"archive has a sparse file of {header.real_size} bytes: {_shown(header)}")
        os.ftruncate(fd, header.real_size)
        for offset, length in header.extents or ():
            os.lseek(fd, offset, os.SEEK_SET)
            self._source.copy(fd, length)

    def _dress(self, fd: int, header: Header) -> None:
        """Owner, mode, attributes, in this order: a change of owner takes set-id bits and capabilities away."""
        if not self._placement.keep_owner:
            os.fchown(fd, *self._owner(header))
        os.fchmod(fd, header.mode & 0o7777)
        for name, value in (header.xattrs or {}).items():
            self._attribute(fd, name, value)

    def _attribute(self, fd: int, name: bytes, value: bytes) -> None:
        """The attributes that are content: see the layers' extractor. Overlayfs's own are left out."""
        if name == attributes.CAPABILITY:
            value = attributes.raised(value, self._placement.first_id)
        elif not name.startswith(b"user.") or name.startswith(b"user.overlay."):
            return
        try:
            os.setxattr(fd, name, value)
        except OSError as error:
            if error.errno not in _NO_ATTRIBUTES:
                raise

    def _symbolic_link(self, parent: int, name: bytes, header: Header) -> None:
        os.symlink(header.link, name, dir_fd=parent)
        self._dress_name(parent, name, header)
        self._forget()  # paths may lead elsewhere now

    def _device(self, parent: int, name: bytes, header: Header) -> None:
        if not (0 <= header.major < _MAJOR_LIMIT and 0 <= header.minor < _MINOR_LIMIT):
            raise Invalid(f"archive has a device {header.major}:{header.minor} that cannot be: {_shown(header)}")
        os.mknod(name, _KINDS[header.kind] | 0o600, os.makedev(header.major, header.minor), dir_fd=parent)
        self._dress_name(parent, name, header)
        fd = os.open(name, _THING, dir_fd=parent)
        try:
            if not stat.S_ISLNK(os.fstat(fd).st_mode):
                os.chmod(f"/proc/self/fd/{fd}", header.mode & 0o7777)  # what is open, not what is there by now
        finally:
            os.close(fd)

    def _dress_name(self, parent: int, name: bytes, header: Header) -> None:
        """Owner and time of what cannot be opened; never of what a link leads to."""
        if not self._placement.keep_owner:
            os.chown(name, *self._owner(header), dir_fd=parent, follow_symlinks=False)
        os.utime(name, ns=(header.mtime, header.mtime), dir_fd=parent, follow_symlinks=False)

    def _hard_link(self, parent: int, name: bytes, header: Header) -> None:
        target_path, _, target = self._renamed(names.clean(header.link, "hard link target")).rpartition(b"/")
        source = openat2(self._root, self._full(target_path), os.O_PATH | os.O_DIRECTORY)
        try:
            os.link(target, name, src_dir_fd=source, dst_dir_fd=parent, follow_symlinks=False)
        finally:
            os.close(source)

    def _owner(self, header: Header) -> tuple[int, int]:
        uid, gid = self._placement.owner or (header.uid, header.gid)
        return self._mapped(uid), self._mapped(gid)

    def _mapped(self, number: int) -> int:
        first = self._placement.first_id
        if first:
            return first + (number if 0 <= number < attributes.IDS else 0)
        return number if 0 <= number < (1 << 32) - 1 else 0

    def _set_times(self) -> None:
        """Of directories, when nothing is put into them any more. What has become of them meanwhile is not minded."""
        for path, mtime in reversed(self._times):
            try:
                fd = openat2(self._root, self._full(path), _DIRECTORY)
            except KernelError:
                continue
            try:
                os.utime(fd, ns=(mtime, mtime))
            finally:
                os.close(fd)


def _shown(header: Header) -> str:
    return ascii(os.fsdecode(header.name[:200]))


def _translated(error: OSError, header: Header) -> Exception:
    reason = os.strerror(error.errno or 0)
    if error.errno == _READ_ONLY:
        return Forbidden(f"cannot unpack {_shown(header)}: container rootfs or mounted volume is marked read-only")
    if error.errno in _FULL:
        return Unavailable(f"cannot unpack {_shown(header)}: {reason}; free space and try again")
    if error.errno in _BUSY:
        return Conflict(f"cannot unpack {_shown(header)}: {reason}: it cannot be replaced")
    return Invalid(f"cannot unpack {_shown(header)}: {reason}")
