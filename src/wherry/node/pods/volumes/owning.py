"""Giving a volume to the group of a pod (``fsGroup``; pkg/volume/volume_linux.go)."""

import os
import stat
from pathlib import Path

_FILE, _DIRECTORY = 0o660, 0o770
_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


def give(path: Path, group: int, policy: str = "") -> None:
    """Files become the group's to read and write, and so does what is made in its directories later. ``policy``
    OnRootMismatch: nothing is to be done where the top is as it should be. Blocks; raises OSError."""
    if policy == "OnRootMismatch" and _is_given(path.lstat(), group):
        return
    for _, directories, files, descriptor in os.fwalk(path, topdown=False, follow_symlinks=False):
        for name in (*files, *directories):
            _give(name, group, descriptor)
    _give(str(path), group, None)


def _is_given(known: os.stat_result, group: int) -> bool:
    wanted = _DIRECTORY | stat.S_ISGID
    return known.st_gid == group and known.st_mode & wanted == wanted


def _give(name: str, group: int, directory: int | None) -> None:
    """Of one thing, never of what a link leads to: containers may be writing here at the same time."""
    known = os.stat(name, dir_fd=directory, follow_symlinks=False)
    if known.st_gid != group:
        os.chown(name, -1, group, dir_fd=directory, follow_symlinks=False)
    if not (stat.S_ISREG(known.st_mode) or stat.S_ISDIR(known.st_mode)):
        return
    wanted = _DIRECTORY | stat.S_ISGID if stat.S_ISDIR(known.st_mode) else _FILE
    if known.st_mode & wanted == wanted:
        return
    descriptor = os.open(name, _OPEN, dir_fd=directory)
    try:
        os.fchmod(descriptor, stat.S_IMODE(os.fstat(descriptor).st_mode) | wanted)
    finally:
        os.close(descriptor)
