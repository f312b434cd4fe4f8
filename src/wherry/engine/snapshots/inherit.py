"""What the layers below show at a path: how a directory looks that a layer uses without describing it."""

import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

from wherry.engine.snapshots.directories import is_opaque, is_whiteout
from wherry.linux.errors import KernelError
from wherry.linux.openat2 import IN_ROOT, RESOLVE_NO_SYMLINKS, openat2

_ENOENT = 2
_PLAIN = IN_ROOT | RESOLVE_NO_SYMLINKS


class Inheritance:
    """Copies mode, owner and time from the topmost of ``below`` that has the path (as containerd's archive.mkparent).

    Without it a layer that adds one file to ``/home/me`` would give that directory to root for everybody to read.
    """

    def __init__(self, below: Sequence[Path] | Callable[[], Sequence[Path]]) -> None:
        """``below``, or what gives it: called when it is needed, at most once."""
        self._below = below
        self._roots: list[int] | None = None

    def adorn(self, path: bytes, fd: int) -> None:
        """Make the fresh directory ``fd`` like the one at ``path`` below; leave it when there is none."""
        status = self.find(path)
        if status is not None and stat.S_ISDIR(status.st_mode):
            _copy(status, fd)

    def find(self, path: bytes) -> os.stat_result | None:
        """What the layers below show at ``path``, no link followed; None where it is missing or was removed."""
        for root in self._open():
            try:
                found = openat2(root, path, os.O_PATH | os.O_NOFOLLOW, resolve=_PLAIN)
            except KernelError as error:
                # Other errors: a name on the way is no directory here, and hides what lies further below.
                if error.errno != _ENOENT or _is_in_opaque(root, path):
                    return None
                continue
            try:
                status = os.fstat(found)
            finally:
                os.close(found)
            return None if is_whiteout(status) else status
        return None

    def _open(self) -> list[int]:
        """Most layers describe all their directories: opened on first need."""
        if self._roots is None:
            below = self._below() if callable(self._below) else self._below
            self._roots = []
            for path in below:
                self._roots.append(os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC))
        return self._roots

    def __enter__(self) -> "Inheritance":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for root in self._roots or ():
            os.close(root)


def _is_in_opaque(root: int, path: bytes) -> bool:
    """Whether a directory above ``path`` hides those of the layers below."""
    while path := path.rpartition(b"/")[0]:
        try:
            fd = openat2(root, path, os.O_RDONLY | os.O_DIRECTORY, resolve=_PLAIN)
        except KernelError:
            continue
        try:
            if is_opaque(fd):
                return True
        finally:
            os.close(fd)
    return False


def _copy(status: os.stat_result, fd: int) -> None:
    os.fchown(fd, status.st_uid, status.st_gid)
    os.fchmod(fd, stat.S_IMODE(status.st_mode))
    os.utime(fd, ns=(status.st_mtime_ns, status.st_mtime_ns))
