"""A directory that files are copied from: a build context, or the merged file system of a stage or an image.

Whoever wrote the files is not trusted: paths are resolved with the directory as root (openat2(2), RESOLVE_IN_ROOT), so
no link leads outside, and what is walked into is opened by descriptor, never through a link.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from wherry.kit.errors import Invalid
from wherry.linux.errors import KernelError
from wherry.linux.openat2 import openat2

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_ENOENT, _ENOTDIR = 2, 20


class Excluded(Protocol):
    """What is left out, by path relative to the tree (``ignore.Matcher``)."""

    def ignores(self, path: str) -> bool: ...
    def enters(self, directory: str) -> bool:
        """Whether anything below a directory may be there."""
        ...


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a tree. ``path`` is relative to the tree's root, which itself is the empty path. ``link``: target.

    ``mode`` is what is to be believed of it: the file's own, but for a context's root.
    """

    path: str
    status: os.stat_result
    link: str = ""
    said_mode: int = 0

    @property
    def mode(self) -> int:
        return self.said_mode or self.status.st_mode

    @property
    def is_directory(self) -> bool:
        return stat.S_ISDIR(self.status.st_mode)

    @property
    def is_regular(self) -> bool:
        return stat.S_ISREG(self.status.st_mode)

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


class Tree:
    """``fd`` stays the caller's, and open as long as the tree is used. Thread safe.

    ``root_mode``: what the root directory's mode is said to be: how a user made the directory of a context is no part
    of it. 0: its own.
    ``changed``: a file was found to be another than when it was looked at.
    """

    def __init__(self, fd: int, excluded: Excluded | None = None, root_mode: int = 0) -> None:
        self.fd = fd
        self._root_mode = root_mode
        self._excluded = excluded
        self._root = os.readlink(f"/proc/self/fd/{fd}")
        self.changed = False

    def find(self, path: str) -> Entry | None:
        """What ``path`` leads to, links followed inside the tree; None when there is nothing, or nothing to be seen.

        The entry has its real path.
        """
        clean = path.strip("/")
        if clean and self._hides(clean):
            return None
        try:
            fd = openat2(self.fd, clean or ".", os.O_PATH)
        except KernelError as error:
            if error.errno in (_ENOENT, _ENOTDIR):
                return None
            raise Invalid(f"{path}: {error}") from error
        try:
            real = self._real_path(fd)
            status = os.fstat(fd)
        finally:
            os.close(fd)
        if real and real != clean and self._hides(real):
            return None
        said = stat.S_IFDIR | self._root_mode if self._root_mode and not real else 0
        return Entry(real, status, said_mode=said)

    def look(self, path: str) -> Entry | None:
        """As :meth:`find`, but a link at the end of the path is itself the answer."""
        parent, _, name = path.strip("/").rpartition("/")
        above = self.find(parent)
        if above is None or not above.is_directory or not name:
            return above if not name else None
        fd = self.open_directory(above.path)
        try:
            status = os.stat(name, dir_fd=fd, follow_symlinks=False)
            link = os.readlink(name, dir_fd=fd) if stat.S_ISLNK(status.st_mode) else ""
        except FileNotFoundError:
            return None
        finally:
            os.close(fd)
        real = f"{above.path}/{name}" if above.path else name
        return None if self._hides(real) else Entry(real, status, link)

    def walk(self, path: str) -> Iterator[Entry]:
        """Everything below the directory ``path`` (a real path), parents before children, by name; not itself."""
        fd = self.open_directory(path)
        yield from self._walk(fd, f"{path}/" if path else "")

    def _walk(self, fd: int, prefix: str) -> Iterator[Entry]:
        try:
            with os.scandir(fd) as entries:
                found = sorted((entry.name, entry.stat(follow_symlinks=False)) for entry in entries)
            for name, status in found:
                path = prefix + name
                is_directory = stat.S_ISDIR(status.st_mode)
                hidden = self._hides(path)
                if not hidden:
                    link = os.readlink(name, dir_fd=fd) if stat.S_ISLNK(status.st_mode) else ""
                    yield Entry(path, status, link)
                if is_directory:
                    # What is excluded may have exceptions below; then the directories that lead there are wanted too.
                    yield from self._below(fd, name, path, status if hidden else None)
        finally:
            os.close(fd)

    def _below(self, fd: int, name: str, path: str, hidden: os.stat_result | None) -> Iterator[Entry]:
        if hidden is not None and self._excluded is not None and not self._excluded.enters(path):
            return
        inside = self._walk(os.open(name, _DIRECTORY, dir_fd=fd), path + "/")
        if hidden is None:
            yield from inside
            return
        first = next(inside, None)
        if first is not None:
            yield Entry(path, hidden)
            yield first
            yield from inside

    def _hides(self, path: str) -> bool:
        return self._excluded is not None and self._excluded.ignores(path)

    def open_directory(self, path: str) -> int:
        """A descriptor of the directory at a real path; Invalid when it is gone."""
        try:
            return openat2(self.fd, path or ".", os.O_RDONLY | os.O_DIRECTORY)
        except KernelError as error:
            raise Invalid(f"{path or '/'} cannot be read: {error}") from error

    def open(self, entry: Entry) -> int:
        """A descriptor of a regular file, for reading; Invalid when it has become something else."""
        try:
            fd = openat2(self.fd, entry.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except KernelError as error:
            raise Invalid(f"{entry.path} cannot be read: {error}") from error
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            os.close(fd)
            raise Invalid(f"{entry.path} changed while it was read")
        self.check(entry, fd)
        return fd

    def check(self, entry: Entry, fd: int) -> None:
        """Notice whether an open file is not as it was when it was looked at: also after it was read."""
        if _facts(entry.status) != _facts(os.fstat(fd)):
            self.changed = True

    def _real_path(self, fd: int) -> str:
        path = os.readlink(f"/proc/self/fd/{fd}")
        return path[len(self._root) :].strip("/")


def _facts(status: os.stat_result) -> tuple[int, int, int, int]:
    """What changes with a file's content, at the latest with the next tick of the kernel's clock."""
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
