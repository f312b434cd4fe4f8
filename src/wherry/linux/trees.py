"""Directory trees that others have filled: looked through and deleted, never through a symbolic link."""

import os
import secrets
from collections.abc import Iterator

import msgspec

from wherry.linux.errors import KernelError
from wherry.linux.openat2 import RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS, RESOLVE_NO_XDEV, openat2
from wherry.linux.syscalls import call

_INSIDE = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_OPEN_DEPTH = 64


class _Level(msgspec.Struct):
    """A directory being emptied; ``name`` in the one above it, ``below`` its subdirectories still to do."""

    fd: int
    name: bytes
    below: list[bytes] = msgspec.field(default_factory=list)


def remove_tree(directory: int, name: str | bytes) -> None:
    """Delete ``name`` (a file or a whole tree, of any depth) in ``directory``. Idempotent.

    Raises KernelError (EXDEV, EBUSY) at a mount point, having deleted some of the rest: unmount first and call again.
    A directory is opened before it is looked into, with RESOLVE_NO_XDEV, which also refuses a bind mount of the same
    file system. At most 64 descriptors are open: what lies deeper is first moved up into ``name``, so that a crash
    leaves nothing beside it.
    """
    name = os.fsencode(name)
    if _unlink(directory, name):
        _remove_directory(directory, name)


def _unlink(directory: int, name: bytes) -> bool:
    """Unlink anything but a directory; say whether it is one."""
    try:
        os.unlink(name, dir_fd=directory)
    except IsADirectoryError:  # Linux: EISDIR, where POSIX says EPERM (unlink(2))
        return True
    except FileNotFoundError:
        return False
    except OSError as error:
        raise KernelError(error.errno or 0, "delete", os.fsdecode(name)) from error
    return False


def _remove_directory(parent: int, name: bytes) -> None:
    stack: list[_Level] = []
    try:
        _enter(stack, parent, name)
        while stack:
            level = stack[-1]
            if not level.below:
                _leave(stack, parent)
            elif len(stack) < _OPEN_DEPTH:
                _enter(stack, level.fd, level.below.pop())
            else:
                stack[0].below.append(_move_up(stack[0].fd, level.fd, level.below.pop()))
    finally:
        for level in stack:
            os.close(level.fd)


def _enter(stack: list[_Level], parent: int, name: bytes) -> None:
    """Open a directory, delete its files, and put it on the stack with the subdirectories it has."""
    try:
        fd = openat2(parent, name, _DIRECTORY, resolve=_INSIDE)
    except KernelError as error:
        if error.errno == 2:  # ENOENT: somebody else deletes it too
            return
        raise
    level = _Level(fd, name)
    stack.append(level)
    with os.scandir(fd) as entries:
        for entry in entries:
            child = os.fsencode(entry.name)
            if entry.is_dir(follow_symlinks=False) or _unlink(fd, child):
                level.below.append(child)


def _leave(stack: list[_Level], top: int) -> None:
    level = stack.pop()
    os.close(level.fd)
    parent = stack[-1].fd if stack else top
    try:
        os.rmdir(level.name, dir_fd=parent)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise KernelError(error.errno or 0, "delete directory", os.fsdecode(level.name)) from error


def _move_up(top: int, parent: int, name: bytes) -> bytes:
    new = b".deep-" + secrets.token_hex(8).encode()
    try:
        os.rename(name, new, src_dir_fd=parent, dst_dir_fd=top)
    except OSError as error:
        raise KernelError(error.errno or 0, "move up to delete", os.fsdecode(name)) from error
    return new


def statuses(directory: str | os.PathLike[str]) -> Iterator[os.stat_result]:
    """The lstat(2) of everything below a directory, in no order; a file of several names comes once.

    Left out is what has gone when its turn comes, and what lies deeper than a path can say (PATH_MAX, 4096 bytes).
    """
    pending = [os.fspath(directory)]
    linked: set[tuple[int, int]] = set()
    while pending:
        try:
            with os.scandir(pending.pop()) as entries:
                for entry in entries:
                    status = _status(entry)
                    if status is None:
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
                    elif status.st_nlink > 1:
                        if (status.st_dev, status.st_ino) in linked:
                            continue
                        linked.add((status.st_dev, status.st_ino))
                    yield status
        except OSError:
            pass  # it was removed, or is too deep


def _status(entry: "os.DirEntry[str]") -> os.stat_result | None:
    try:
        return entry.stat(follow_symlinks=False)
    except OSError:
        return None


def sync_file_system(path: str | os.PathLike[str]) -> None:
    """Write everything of the file system that ``path`` is on to the disk (syncfs(2)); KernelError when that failed."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        call("syncfs", "write to the disk", os.fspath(path), fd)
    finally:
        os.close(fd)
