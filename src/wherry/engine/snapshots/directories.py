"""The directories of a layer that are being written to, open: found once by a safe walk, then used by descriptor.

Every path is resolved by the kernel with the layer's directory as root (openat2(2), RESOLVE_IN_ROOT), so that neither
``..`` nor a symbolic link of the layer leads outside. Nobody else writes below the root meanwhile.
"""

import os
import stat
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from wherry.engine.snapshots import names
from wherry.kit.errors import Invalid
from wherry.linux.errors import KernelError
from wherry.linux.openat2 import IN_ROOT, RESOLVE_NO_SYMLINKS, openat2

OPAQUE = "trusted.overlay.opaque"
_OPEN_LIMIT = 128
_LINK_LIMIT = 40  # MAXSYMLINKS of include/linux/namei.h
_FLAGS = os.O_RDONLY | os.O_DIRECTORY
_ENOENT, _ENOTDIR, _ELOOP, _ENAMETOOLONG = 2, 20, 40, 36


@dataclass(slots=True, eq=False)
class Directory:
    """An open directory. ``mtime`` is what it is to have when it is closed: adding to it changes it meanwhile.

    ``depth`` counts the names in its real path. ``inherits_group``: its mode has S_ISGID, so what is made in it gets
    its group and not ours.
    """

    fd: int
    inode: int
    depth: int
    mtime: int
    inherits_group: bool


def is_whiteout(status: os.stat_result) -> bool:
    """A character device 0/0 (Documentation/filesystems/overlayfs.rst, "whiteouts and opaque directories")."""
    return stat.S_ISCHR(status.st_mode) and status.st_rdev == 0


def is_opaque(fd: int) -> bool:
    """Whether a directory hides those of the layers below (ibid.)."""
    try:
        return os.getxattr(fd, OPAQUE) == b"y"
    except OSError:  # ENODATA
        return False


class Directories:
    """Directories by their path in the archive, the least recently used closed when there are many. Close it.

    ``made`` counts those that were made because an entry needs them.
    """

    def __init__(self, root: int, depth_limit: int, adorn: Callable[[bytes, int], None]) -> None:
        """``adorn`` is called with the real path and the descriptor of each directory that is made."""
        self.made = 0
        self._depth_limit = depth_limit
        self._adorn = adorn
        self._prefix = len(os.readlink(b"/proc/self/fd/%d" % root))
        self._by_path: OrderedDict[bytes, Directory] = OrderedDict()
        self._by_inode: dict[int, Directory] = {}
        self.root = self._opened(os.dup(root), 0)

    def get(self, path: bytes) -> Directory:
        """The directory at ``path`` (clean, relative; empty: the root), made with its parents where it is missing.

        Valid until the next call, and the one before it too.
        """
        found = self._by_path.get(path)
        if found is not None:
            self._by_path.move_to_end(path)
            return found
        return self.existing(path) or self._walk(path)

    def real_path(self, directory: Directory) -> bytes:
        """Where a directory is below the root, whatever links led to it."""
        try:
            return os.readlink(b"/proc/self/fd/%d" % directory.fd)[self._prefix :].lstrip(b"/")
        except OSError as error:
            if error.errno == _ENAMETOOLONG:  # longer than PATH_MAX
                raise self._too_deep() from error
            raise

    def refresh(self, status: os.stat_result, mode: int, mtime: int) -> None:
        """Note what a directory, perhaps open, was changed to."""
        directory = self._by_inode.get(status.st_ino)
        if directory is not None:
            directory.mtime = mtime
            directory.inherits_group = bool(mode & stat.S_ISGID)

    def forget(self) -> None:
        """Close all but the root: what a path leads to has changed."""
        self._by_path.clear()
        for directory in list(self._by_inode.values()):
            if directory is not self.root:
                self._close(directory)

    def close(self) -> None:
        self.forget()
        self._close(self.root)

    def existing(self, path: bytes) -> Directory | None:
        """As :meth:`get`, but None where there is no directory."""
        if not path:
            return self.root
        found = self._by_path.get(path)
        if found is not None:
            return found
        try:
            # Without symbolic links the path is the real one, and its depth is known.
            fd = openat2(self.root.fd, path, _FLAGS, resolve=IN_ROOT | RESOLVE_NO_SYMLINKS)
            depth = path.count(b"/") + 1
        except KernelError as error:
            if error.errno in (_ENOENT, _ENOTDIR):
                return None
            if error.errno != _ELOOP:
                raise
            return self._through_links(path)
        return self._remember(path, self._opened(fd, depth))

    def _through_links(self, path: bytes) -> Directory | None:
        try:
            fd = openat2(self.root.fd, path, _FLAGS)
        except KernelError as error:
            if error.errno in (_ENOENT, _ENOTDIR):
                return None
            raise
        directory = self._opened(fd, 0)
        if directory.fd == fd:  # not open by another path
            real = self.real_path(directory)
            directory.depth = real.count(b"/") + 1 if real else 0
        return self._remember(path, directory)

    def _walk(self, path: bytes) -> Directory:
        """As the kernel walks, a name at a time, but what is missing is made, also behind a symbolic link."""
        pending, real, links = _names(path), list[bytes](), 0
        directory = self.root
        while pending:
            name = pending.pop()
            target = _link_target(directory, name)
            if target is not None:
                links += 1
                if links > _LINK_LIMIT:
                    raise KernelError(_ELOOP, "open", os.fsdecode(path))
                pending += _names(target)
                real = [] if target.startswith(b"/") else real
            elif name == b"..":
                del real[-1:]
            else:
                real.append(name)
                directory = self.existing(b"/".join(real)) or self._make(directory, b"/".join(real))
                continue
            directory = self.get(b"/".join(real))  # has no links: is there
        return directory

    def _make(self, parent: Directory, path: bytes) -> Directory:
        """Make a directory nobody described. Over a whiteout it hides what is below, as the whiteout did."""
        name = path.rpartition(b"/")[2]
        names.refuse_marked_parents(name)
        if parent.depth >= self._depth_limit:
            raise self._too_deep()
        was_whiteout = False
        try:
            os.mkdir(name, 0o755, dir_fd=parent.fd)
        except FileExistsError:
            status = os.stat(name, dir_fd=parent.fd, follow_symlinks=False)
            was_whiteout = is_whiteout(status)
            if not was_whiteout:
                raise NotADirectoryError(_ENOTDIR, os.strerror(_ENOTDIR), name) from None
            os.unlink(name, dir_fd=parent.fd)
            os.mkdir(name, 0o755, dir_fd=parent.fd)
        self.made += 1
        fd = os.open(name, _FLAGS | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent.fd)
        if parent.inherits_group:
            os.fchown(fd, 0, 0)
        os.fchmod(fd, 0o755)
        if was_whiteout:
            os.setxattr(fd, OPAQUE, b"y")
        else:
            self._adorn(path, fd)
        return self._remember(path, self._opened(fd, parent.depth + 1))

    def _opened(self, fd: int, depth: int) -> Directory:
        """One object a directory, by whatever paths it is reached: there is one ``mtime`` to restore."""
        status = os.fstat(fd)
        known = self._by_inode.get(status.st_ino)
        if known is not None:
            os.close(fd)
            return known
        directory = Directory(fd, status.st_ino, depth, status.st_mtime_ns, bool(status.st_mode & stat.S_ISGID))
        self._by_inode[status.st_ino] = directory
        return directory

    def _remember(self, path: bytes, directory: Directory) -> Directory:
        self._by_path[path] = directory
        while len(self._by_path) > _OPEN_LIMIT:
            _, oldest = self._by_path.popitem(last=False)
            if oldest is not self.root and oldest not in self._by_path.values():
                self._close(oldest)
        return directory

    def _close(self, directory: Directory) -> None:
        del self._by_inode[directory.inode]
        try:
            os.utime(directory.fd, ns=(directory.mtime, directory.mtime))
        finally:
            os.close(directory.fd)

    def _too_deep(self) -> Invalid:
        return Invalid(f"layer has a directory deeper than {self._depth_limit} names, or a path longer than PATH_MAX")


def _names(path: bytes) -> list[bytes]:
    """The names of a path, the last one first."""
    return [name for name in reversed(path.split(b"/")) if name not in (b"", b".")]


def _link_target(directory: Directory, name: bytes) -> bytes | None:
    try:
        return os.readlink(name, dir_fd=directory.fd)
    except OSError:  # EINVAL: no link; ENOENT: nothing
        return None
