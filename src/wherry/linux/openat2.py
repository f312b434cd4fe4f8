"""openat2(2): open a path below a directory so that nothing in it can lead outside."""

import ctypes
import os
import stat
import struct

from wherry.linux.errors import KernelError
from wherry.linux.syscalls import call

# include/uapi/linux/openat2.h
RESOLVE_NO_XDEV = 0x01
RESOLVE_NO_MAGICLINKS = 0x02
RESOLVE_NO_SYMLINKS = 0x04
RESOLVE_BENEATH = 0x08
RESOLVE_IN_ROOT = 0x10
IN_ROOT = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS

_PLAIN = IN_ROOT | RESOLVE_NO_SYMLINKS
_EAGAIN_TRIES = 64
_LINK_LIMIT = 40  # MAXSYMLINKS of include/linux/namei.h


def openat2(directory: int, path: str | bytes, flags: int, mode: int = 0, resolve: int = IN_ROOT) -> int:
    """Open ``path`` as seen with ``directory`` as the root; the descriptor closes on exec.

    A concurrent rename makes the kernel answer EAGAIN (it cannot tell whether ``..`` stayed inside): tried again.
    """
    encoded = os.fsencode(path)
    how = struct.pack("QQQ", flags | os.O_CLOEXEC, mode, resolve)
    text = os.fsdecode(path)
    for _ in range(_EAGAIN_TRIES):
        try:
            return call("openat2", "open", text, directory, encoded, ctypes.create_string_buffer(how, 24), 24)
        except KernelError as error:
            if error.errno != 11:  # EAGAIN
                raise
    raise KernelError(11, "open", text)


def open_directory(directory: int, path: str | bytes, resolve: int = IN_ROOT) -> int:
    """An O_PATH descriptor of the directory at ``path``."""
    return openat2(directory, path, os.O_PATH | os.O_DIRECTORY, resolve=resolve)


def make_directories(root: int, path: str, mode: int = 0o755) -> int:
    """Make ``path`` and its parents below ``root``; return an O_PATH descriptor of it.

    Symbolic links that exist are followed inside the root; a dangling one's target is made inside the root.
    """
    try:
        return open_directory(root, path)
    except KernelError as error:
        if error.errno != 2 or not path:  # ENOENT, also for no path at all
            raise
    return _make_directories(root, path, mode)


def _make_directories(root: int, path: str, mode: int) -> int:
    """Walk as the kernel does, a name at a time, making what is missing.

    A link's text is somebody else's and may have 2,000 names: no recursion. ``..`` begins at the root again, with the
    names walked so far, because from a descriptor it might lead out.
    """
    pending, real, links = _names(path), list[str](), 0
    at = open_directory(root, "/")
    try:
        while pending:
            name = pending.pop()
            target = _link_target(at, name)
            if target is not None:
                links += 1
                if links > _LINK_LIMIT:
                    raise KernelError(40, "make directory", path)  # ELOOP
                pending += _names(target)
                real = [] if target.startswith("/") else real
            elif name == "..":
                del real[-1:]
            if target is None and name != "..":
                real.append(name)
                new = _made(at, name, mode)
            else:
                new = open_directory(root, "/" + "/".join(real))
            os.close(at)
            at = new
    except BaseException:
        os.close(at)
        raise
    return at


def _names(path: str) -> list[str]:
    """The names of a path, the last one first."""
    return [name for name in reversed(path.split("/")) if name not in ("", ".")]


def _made(parent: int, name: str, mode: int) -> int:
    try:
        return open_directory(parent, name, _PLAIN)
    except KernelError as error:
        if error.errno != 2:
            raise
    try:
        os.mkdir(name, mode, dir_fd=parent)
    except FileExistsError:
        pass  # somebody was faster
    return open_directory(parent, name, _PLAIN)


def _link_target(parent: int, name: str) -> str | None:
    try:
        return os.readlink(name, dir_fd=parent)
    except OSError:
        return None


def make_file(root: int, path: str, mode: int = 0o644, links: int = _LINK_LIMIT) -> int:
    """Make an empty file at ``path`` unless something is there; return an O_PATH descriptor of what is there.

    The target of a dangling symbolic link is made inside the root.
    """
    try:
        return openat2(root, path, os.O_PATH)
    except KernelError as error:
        if error.errno != 2:
            raise
    parent_path, name = os.path.split(path)
    parent = make_directories(root, parent_path or "/")
    try:
        try:
            os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_WRONLY, mode, dir_fd=parent))
        except FileExistsError:
            target = _link_target(parent, name)
            if target is not None:
                if links == 0:
                    raise KernelError(40, "make file", path) from None  # ELOOP
                return make_file(root, target if target[0] == "/" else f"{parent_path}/{target}", mode, links - 1)
    finally:
        os.close(parent)
    return openat2(root, path, os.O_PATH)


def is_directory(fd: int) -> bool:
    return stat.S_ISDIR(os.fstat(fd).st_mode)
