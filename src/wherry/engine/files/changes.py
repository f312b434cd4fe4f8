"""What a container has changed in its image's files (``docker diff``), from its upper directory and its layers.

The rules are those of moby's naive differ (go-archive changes.go), which Docker uses for overlays too: a file is
changed when it differs in more than its access time; so is every directory with a change in it, but not the root.
"""

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from wherry.engine.snapshots import attributes
from wherry.engine.snapshots.directories import is_whiteout
from wherry.kit.errors import Invalid
from wherry.linux.errors import KernelError
from wherry.linux.openat2 import RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS, openat2

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_INSIDE = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS
_ABSENT = frozenset({2, 20, 40})  # ENOENT, ENOTDIR, ELOOP
_ENAMETOOLONG = 36


class Kind(IntEnum):
    """Docker's numbers."""

    MODIFIED = 0
    ADDED = 1
    DELETED = 2


@dataclass(frozen=True, slots=True)
class Change:
    """``path`` is absolute."""

    path: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Trees:
    """``upper`` and ``below`` are descriptors of the writable directory and of the merged layers. ``first_id``: that
    much higher are the ids in ``upper``. ``skip``: see :data:`wherry.engine.snapshots.tree.Skip`."""

    upper: int
    below: int
    first_id: int
    skip: Callable[[bytes, os.stat_result, int], bool]


def changes(trees: Trees) -> list[Change]:
    """All changes, by path. The upper directory may be in use. Invalid for a path too long to be opened."""
    found: dict[bytes, Kind] = {}
    pending = [b""]
    while pending:
        path = pending.pop()
        for name, kind, enter in _directory(trees, path):
            whole = path + b"/" + name if path else name
            if enter:
                pending.append(whole)
            if kind is not None:
                found[whole] = kind
    for path in list(found):
        while path := path.rpartition(b"/")[0]:
            found.setdefault(path, Kind.MODIFIED)
    return [Change("/" + os.fsdecode(path), kind) for path, kind in sorted(found.items())]


def _directory(trees: Trees, path: bytes) -> Iterator[tuple[bytes, Kind | None, bool]]:
    """What is in one directory of the upper tree: name, what has become of it, and whether to look into it."""
    fd = _open(trees.upper, path)
    if fd is None:
        return
    below = _open(trees.below, path)
    try:
        for name in map(os.fsencode, os.listdir(fd)):
            try:
                status = os.lstat(name, dir_fd=fd)
            except FileNotFoundError:
                continue  # it has just gone
            whole = path + b"/" + name if path else name
            if stat.S_ISSOCK(status.st_mode) or trees.skip(whole, status, fd):
                continue
            old = _status(below, name)
            yield name, _kind(trees, status, old), stat.S_ISDIR(status.st_mode)
        if below is not None and attributes.read(fd, 0).opaque:
            for name in set(map(os.fsencode, os.listdir(below))) - set(map(os.fsencode, os.listdir(fd))):
                yield name, Kind.DELETED, False
    finally:
        os.close(fd)
        if below is not None:
            os.close(below)


def _kind(trees: Trees, status: os.stat_result, old: os.stat_result | None) -> Kind | None:
    if is_whiteout(status):
        return Kind.DELETED if old is not None else None
    if old is None:
        return Kind.ADDED
    return Kind.MODIFIED if _differ(trees, status, old) else None


def _differ(trees: Trees, new: os.stat_result, old: os.stat_result) -> bool:
    first = trees.first_id
    if (new.st_mode, new.st_uid - first, new.st_gid - first) != (old.st_mode, old.st_uid, old.st_gid):
        return True
    if stat.S_ISDIR(new.st_mode):
        return False
    return (new.st_rdev, new.st_size, new.st_mtime_ns) != (old.st_rdev, old.st_size, old.st_mtime_ns)


def _open(root: int, path: bytes) -> int | None:
    """A directory that is there, behind no link."""
    try:
        return openat2(root, path or b".", _DIRECTORY, resolve=_INSIDE)
    except KernelError as error:
        if error.errno in _ABSENT:
            return None
        if error.errno == _ENAMETOOLONG:
            raise Invalid(f"{path[:200]!r}… is a path of too many names") from error
        raise


def _status(directory: int | None, name: bytes) -> os.stat_result | None:
    if directory is None:
        return None
    try:
        return os.lstat(name, dir_fd=directory)
    except FileNotFoundError:
        return None
