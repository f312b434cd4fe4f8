"""The directories of a layer that are being written to, open: found once by a safe walk, then used by descriptor.

Every path is resolved by the kernel with the layer's directory as root (openat2(2), RESOLVE_IN_ROOT), so that neither
``..`` nor a symbolic link of the layer leads outside. Nobody else writes below the root meanwhile.
"""

import os
import stat
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from wherry.kit.errors import Invalid
from wherry.linux.errors import KernelError
from wherry.linux.openat2 import IN_ROOT, RESOLVE_NO_SYMLINKS, make_directories, openat2

OPAQUE = "trusted.overlay.opaque"
_OPEN_LIMIT = 128
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


class Directories:
    """Directories by their path in the archive, the least recently used closed when there are many. Close it."""

    def __init__(self, root: int, depth_limit: int, adorn: Callable[[bytes, int], None]) -> None:
        """``adorn`` is called with path and descriptor of each directory made because an entry needs it."""
        self._depth_limit = depth_limit
        self._adorn = adorn
        self._prefix = len(os.readlink(f"/proc/self/fd/{root}"))
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
        missing: list[bytes] = []
        while (found := self.existing(path)) is None:
            missing.append(path)
            path = path.rpartition(b"/")[0]
        for path in reversed(missing):
            found = self._make(found, path)
        return found

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
            linked = self._through_links(path)
            if linked is None:
                return None
            fd, depth = linked
        return self._remember(path, self._opened(fd, depth))

    def _through_links(self, path: bytes) -> tuple[int, int] | None:
        try:
            fd = openat2(self.root.fd, path, _FLAGS)
        except KernelError as error:
            if error.errno in (_ENOENT, _ENOTDIR):
                return None
            raise
        try:
            return fd, os.readlink(f"/proc/self/fd/{fd}")[self._prefix :].count("/")
        except OSError as error:
            os.close(fd)
            if error.errno == _ENAMETOOLONG:  # the real path is longer than PATH_MAX
                raise self._too_deep() from error
            raise

    def _make(self, parent: Directory, path: bytes) -> Directory:
        """Make a directory nobody described. Over a whiteout it hides what is below, as the whiteout did."""
        if parent.depth >= self._depth_limit:
            raise self._too_deep()
        name = path.rpartition(b"/")[2]
        was_whiteout = False
        try:
            os.mkdir(name, 0o755, dir_fd=parent.fd)
        except FileExistsError:
            status = os.stat(name, dir_fd=parent.fd, follow_symlinks=False)
            if stat.S_ISLNK(status.st_mode):
                return self._behind_link(path)
            was_whiteout = is_whiteout(status)
            if not was_whiteout:
                raise NotADirectoryError(_ENOTDIR, os.strerror(_ENOTDIR), name) from None
            os.unlink(name, dir_fd=parent.fd)
            os.mkdir(name, 0o755, dir_fd=parent.fd)
        fd = os.open(name, _FLAGS | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent.fd)
        os.fchmod(fd, 0o755)
        if was_whiteout:
            os.setxattr(fd, OPAQUE, b"y")
        else:
            self._adorn(path, fd)
        return self._remember(path, self._opened(fd, parent.depth + 1))

    def _behind_link(self, path: bytes) -> Directory:
        """A symbolic link whose target is missing: the target is made, inside the root."""
        os.close(make_directories(self.root.fd, os.fsdecode(path)))
        linked = self._through_links(path)
        if linked is None:
            raise Invalid(f"{os.fsdecode(path)!r} is a symbolic link that leads nowhere")
        fd, depth = linked
        if depth > self._depth_limit:
            os.close(fd)
            raise self._too_deep()
        return self._remember(path, self._opened(fd, depth))

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
