"""Paths in somebody else's tree: what they name, and what is there.

Everything takes a descriptor of the tree's root. Symbolic links, absolute ones too, are followed inside of it.
"""

import os
import posixpath
import stat
from dataclasses import dataclass

from wherry.kit.errors import Invalid, NotFound
from wherry.linux.errors import KernelError
from wherry.linux.openat2 import openat2

_LINKS = 255  # github.com/moby/sys/symlink
_ABSENT = frozenset({2, 20, 40, 36})  # ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG
_PLACE = os.O_PATH | os.O_DIRECTORY
# Go's io/fs.FileMode, which Docker's API speaks.
_MODE_BITS = (
    (stat.S_ISDIR, 1 << 31),
    (stat.S_ISLNK, 1 << 27),
    (stat.S_ISBLK, 1 << 26),
    (stat.S_ISCHR, 1 << 26 | 1 << 21),
    (stat.S_ISFIFO, 1 << 25),
    (stat.S_ISSOCK, 1 << 24),
)
_SPECIAL_BITS = ((stat.S_ISUID, 1 << 23), (stat.S_ISGID, 1 << 22), (stat.S_ISVTX, 1 << 20))


@dataclass(frozen=True, slots=True)
class PathStat:
    """What a path names, as the header X-Docker-Container-Path-Stat tells it.

    ``mode`` is Go's. ``link_target`` is where a symbolic link leads in the end, as an absolute path in the tree.
    """

    name: str
    size_bytes: int
    mode: int
    modified_nanoseconds: int
    link_target: str = ""

    @property
    def is_directory(self) -> bool:
        return bool(self.mode & 1 << 31)


def clean(path: str) -> str:
    """An absolute path without ``..``, ``.`` and double slashes that still ends as ``path`` does: in ``/`` or ``/.``.

    As moby does it (filepath.Join, then PreserveTrailingDotOrSeparator): the text alone decides. Invalid when empty.
    """
    if not path or "\0" in path:
        raise Invalid("bad parameter: 'path' must name a file or directory in the container")
    cleaned = posixpath.normpath("/" + path.lstrip("/"))
    if path.rstrip("/").rpartition("/")[2] == ".":
        cleaned = cleaned.rstrip("/") + "/."
    if path.endswith("/") and not cleaned.endswith("/"):
        cleaned += "/"
    return cleaned


def base(cleaned: str) -> str:
    """The last name of a cleaned path, as Go's filepath.Base: ``.`` of ``/a/.``, ``/`` of the root."""
    return cleaned.rstrip("/").rpartition("/")[2] or "/"


def open_path(root: int, cleaned: str) -> int:
    """A descriptor (O_PATH) of what a cleaned path names; a link at its end is itself meant. NotFound.

    A path that ends in ``/`` or ``/.`` names a directory, by whatever links.
    """
    flags = _PLACE if cleaned.endswith(("/", "/.")) else os.O_PATH | os.O_NOFOLLOW
    try:
        return openat2(root, cleaned, flags)
    except KernelError as error:
        raise missing(cleaned, error) from error


def missing(path: str, error: OSError) -> Exception:
    """NotFound for the errors that mean that nothing is there, the error itself for others."""
    return NotFound(f"Could not find the file {path}") if error.errno in _ABSENT else error


def stat_of(root: int, cleaned: str) -> PathStat:
    """NotFound when nothing is there."""
    fd = open_path(root, cleaned)
    try:
        status = os.fstat(fd)
    finally:
        os.close(fd)
    target = followed(root, cleaned) if stat.S_ISLNK(status.st_mode) else ""
    return PathStat(base(cleaned), status.st_size, go_mode(status.st_mode), status.st_mtime_ns, target)


def go_mode(mode: int) -> int:
    """A file's st_mode as Go's io/fs.FileMode."""
    kind = sum(bits for is_kind, bits in _MODE_BITS if is_kind(mode))
    return kind | sum(bits for bit, bits in _SPECIAL_BITS if mode & bit) | mode & 0o777


def followed(root: int, path: str) -> str:
    """Where a path leads when all its links are followed inside the tree, as far as there is anything.

    For people to read and clients to ask again with: nothing is opened by it.
    """
    pending = [part for part in path.split("/") if part not in ("", ".")][::-1]
    done: list[str] = []
    links = 0
    while pending:
        part = pending.pop()
        if part == "..":
            done = done[:-1]
            continue
        target = _link(root, "/" + "/".join([*done, part]))
        if target is None:
            done.append(part)
            continue
        links += 1
        if links > _LINKS:
            raise Invalid(f"{path} has too many symbolic links")
        if target.startswith("/"):
            done = []
        pending += [name for name in target.split("/") if name not in ("", ".")][::-1]
    return "/" + "/".join(done)


def _link(root: int, path: str) -> str | None:
    try:
        fd = openat2(root, path, os.O_PATH | os.O_NOFOLLOW)
    except KernelError as error:
        if error.errno in _ABSENT:
            return None
        raise
    try:
        return os.readlink("", dir_fd=fd)
    except OSError:
        return None  # not a link
    finally:
        os.close(fd)


def open_directory(root: int, path: str) -> int:
    """A descriptor (O_PATH) of a directory, by whatever links. KernelError."""
    return openat2(root, path, _PLACE)
