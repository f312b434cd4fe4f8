"""Write selected files into a file system that is being built.

Works on a descriptor of the merged tree (``snapshots.view``): the destination is resolved inside it, links of the image
included, and everything below is made by descriptor, never through a link. Overlayfs copies up what has to be.
"""

import os
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from wherry.engine.build.selection import Item
from wherry.engine.build.tree import Entry, Tree
from wherry.kit.errors import Invalid
from wherry.linux.errors import KernelError
from wherry.linux.openat2 import make_directories, openat2

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_COPY_BYTES = 4 << 20
_ENOENT, _ENOTDIR, _ELOOP = 2, 20, 40
_KEPT_XATTRS = ("security.capability", "user.")


@dataclass(frozen=True, slots=True)
class Looks:
    """What copied files look like. ``owner`` None: the source's own. ``mode``: new permission bits from the old ones
    and whether it is a directory. ``time`` in nanoseconds; None: the source's own."""

    owner: tuple[int, int] | None = (0, 0)
    mode: Callable[[int, bool], int] | None = None
    time: int | None = None


class Writer:
    """Writes below ``root``, a descriptor of the file system's root. Blocks."""

    def __init__(self, root: int, looks: Looks) -> None:
        self._root = root
        self._looks = looks
        self._own_path = os.readlink(f"/proc/self/fd/{root}")
        self._times: list[tuple[str, str, int]] = []

    def is_directory(self, path: str) -> bool:
        """Whether there is a directory at ``path`` (absolute), by way of links or not."""
        try:
            os.close(openat2(self._root, path, os.O_PATH | os.O_DIRECTORY))
        except KernelError as error:
            if error.errno in (_ENOENT, _ENOTDIR):
                return False
            raise Invalid(f"{path}: {error}") from error
        return True

    def copy(self, tree: Tree, items: Iterable[Item], destination: str, into_directory: bool) -> None:
        """Copy items to ``destination`` (absolute). ``into_directory``: it was said to be one (a slash at its end).

        Invalid where a file and a directory are in each other's way.
        """
        into = into_directory or self.is_directory(destination)
        destination = self._real(destination)
        for item in items:
            place = item.place if not item.into or into else ""
            self._copy(tree, item, _join(destination, place))
        self._settle()

    def _copy(self, tree: Tree, item: Item, path: str) -> None:
        entry = item.entry
        if entry.is_directory:
            self._directory(tree, entry, path, keep=item.top)
            return
        parent, _, name = path.rpartition("/")
        directory = self.make_directories(parent or "/")
        try:
            self._file(tree, entry, directory, name)
        except OSError as error:
            raise Invalid(f"cannot copy {entry.path} to {path}: {error.strerror}") from error
        finally:
            os.close(directory)

    def _real(self, path: str) -> str:
        """The path without links, as far as it exists: a file is written to where a link leads."""
        try:
            fd = openat2(self._root, path, os.O_PATH)
        except KernelError:
            return path
        try:
            return "/" + os.readlink(f"/proc/self/fd/{fd}")[len(self._own_path) :].strip("/")
        finally:
            os.close(fd)

    # Directories

    def make_directories(self, path: str) -> int:
        """A descriptor of the directory at ``path``; it and its parents are made where they are missing."""
        try:
            return openat2(self._root, path, os.O_RDONLY | os.O_DIRECTORY)
        except KernelError as error:
            if error.errno == _ENOTDIR:
                raise Invalid(f"cannot copy to non-directory: {path}") from error
            if error.errno != _ENOENT:
                raise Invalid(f"{path}: {error}") from error
        parent_path, _, name = path.rstrip("/").rpartition("/")
        parent = self.make_directories(parent_path or "/")
        try:
            os.mkdir(name, 0o755, dir_fd=parent)
        except FileExistsError:  # a link whose target is missing: that is made, inside the root
            os.close(make_directories(self._root, path))
        finally:
            os.close(parent)
        fd = openat2(self._root, path, os.O_RDONLY | os.O_DIRECTORY)
        os.fchmod(fd, 0o755)
        self._own(fd, (0, 0))
        return fd

    def _directory(self, tree: Tree, entry: Entry, path: str, keep: bool) -> None:
        existed = self.is_directory(path)
        fd = self.make_directories(path)
        try:
            if not existed or not keep:
                self._own(fd, (entry.status.st_uid, entry.status.st_gid))
                os.fchmod(fd, self._mode(entry))
                self._times.append((path, "", self._time(entry)))
        finally:
            os.close(fd)

    def _settle(self) -> None:
        """Times of directories, once nothing is put into them any more: the deepest first."""
        for path, _, moment in reversed(self._times):
            fd = openat2(self._root, path, os.O_RDONLY | os.O_DIRECTORY)
            os.utime(fd, ns=(moment, moment))
            os.close(fd)
        self._times = []

    # Files

    def _file(self, tree: Tree, entry: Entry, directory: int, name: str) -> None:
        mode = entry.status.st_mode
        if stat.S_ISSOCK(mode):
            return  # means nothing without its process (as tar leaves it out)
        _clear(directory, name)
        if stat.S_ISREG(mode):
            self._regular(tree, entry, directory, name)
            return
        if stat.S_ISLNK(mode):
            os.symlink(entry.link, name, dir_fd=directory)
        else:
            os.mknod(name, stat.S_IFMT(mode) | 0o600, entry.status.st_rdev, dir_fd=directory)
        uid, gid = self._owner(entry)
        os.chown(name, uid, gid, dir_fd=directory, follow_symlinks=False)
        if not stat.S_ISLNK(mode):
            os.chmod(name, self._mode(entry), dir_fd=directory)
        moment = self._time(entry)
        os.utime(name, ns=(moment, moment), dir_fd=directory, follow_symlinks=False)

    def _regular(self, tree: Tree, entry: Entry, directory: int, name: str) -> None:
        source = tree.open(entry)
        try:
            target = os.open(name, _CREATE, 0o600, dir_fd=directory)
            try:
                _copy_bytes(source, target)
                uid, gid = self._owner(entry)
                os.fchown(target, uid, gid)
                os.fchmod(target, self._mode(entry))  # after chown, which takes setuid away
                if self._looks.owner is None:
                    _copy_attributes(source, target)
                moment = self._time(entry)
                os.utime(target, ns=(moment, moment))
            finally:
                os.close(target)
            tree.check(entry, source)
        finally:
            os.close(source)

    def write(self, path: str, content: bytes, mode: int, time: int) -> None:
        """Make a file of ``content`` at ``path`` (absolute), replacing what is there; ``time`` unless the looks say."""
        parent, _, name = path.rpartition("/")
        directory = self.make_directories(parent or "/")
        try:
            _clear(directory, name)
            fd = os.open(name, _CREATE, 0o600, dir_fd=directory)
            with os.fdopen(fd, "wb") as file:
                file.write(content)
                file.flush()
                os.fchown(fd, *(self._looks.owner or (0, 0)))
                os.fchmod(fd, self._looks.mode(mode, False) if self._looks.mode else mode)
                moment = time if self._looks.time is None else self._looks.time
                os.utime(fd, ns=(moment, moment))
        except OSError as error:
            raise Invalid(f"cannot write {path}: {error.strerror}") from error
        finally:
            os.close(directory)

    # Looks

    def _own(self, fd: int, own: tuple[int, int]) -> None:
        os.fchown(fd, *(self._looks.owner or own))

    def _owner(self, entry: Entry) -> tuple[int, int]:
        return self._looks.owner or (entry.status.st_uid, entry.status.st_gid)

    def _mode(self, entry: Entry) -> int:
        bits = stat.S_IMODE(entry.mode)
        return self._looks.mode(bits, entry.is_directory) if self._looks.mode else bits

    def _time(self, entry: Entry) -> int:
        return entry.status.st_mtime_ns if self._looks.time is None else self._looks.time


def _clear(directory: int, name: str) -> None:
    """Remove what is in a file's place; a directory must be empty."""
    try:
        os.unlink(name, dir_fd=directory)
    except FileNotFoundError:
        pass
    except IsADirectoryError:
        os.rmdir(name, dir_fd=directory)


def _copy_bytes(source: int, target: int) -> None:
    while os.sendfile(target, source, None, _COPY_BYTES):
        pass


def _copy_attributes(source: int, target: int) -> None:
    for name in os.listxattr(source):
        if name.startswith(_KEPT_XATTRS):
            os.setxattr(target, name, os.getxattr(source, name))


def _join(base: str, place: str) -> str:
    joined = f"{base.rstrip('/')}/{place}" if place else base
    return joined.rstrip("/") or "/"
