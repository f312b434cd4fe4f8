"""The mount API of Linux 5.2 and later: mounts are made detached, given attributes, then put in place by descriptor."""

import ctypes
import os
import struct
from collections.abc import Iterable

from wherry.linux.errors import KernelError
from wherry.linux.syscalls import AT_EMPTY_PATH, AT_FDCWD, AT_RECURSIVE, call, umount

# include/uapi/linux/mount.h
OPEN_TREE_CLONE = 1
FSCONFIG_SET_FLAG, FSCONFIG_SET_STRING, FSCONFIG_CMD_CREATE = 0, 1, 6
ATTR_RDONLY, ATTR_NOSUID, ATTR_NODEV, ATTR_NOEXEC = 1, 2, 4, 8
ATTR_ATIME = 0x70
ATTR_RELATIME, ATTR_NOATIME, ATTR_STRICTATIME, ATTR_NODIRATIME = 0x00, 0x10, 0x20, 0x80
ATTR_IDMAP, ATTR_NOSYMFOLLOW = 0x100000, 0x200000
PROPAGATION = {"unbindable": 1 << 17, "private": 1 << 18, "slave": 1 << 19, "shared": 1 << 20}
MNT_DETACH = 2
_MOVE_FROM_EMPTY, _MOVE_TO_EMPTY = 0x4, 0x40
_CLOEXEC = 1


def clone_tree(path: str, directory: int = AT_FDCWD, recursive: bool = False) -> int:
    """A detached copy of the mount at ``path`` (of what lies below it too, when ``recursive``)."""
    flags = OPEN_TREE_CLONE | os.O_CLOEXEC | (AT_RECURSIVE if recursive else 0)
    if not path:
        flags |= AT_EMPTY_PATH
    return call("open_tree", "copy mount", path, directory, os.fsencode(path), flags)


def set_attributes(
    mount: int,
    *,
    add: int = 0,
    clear: int = 0,
    propagation: int = 0,
    userns: int | None = None,
    recursive: bool = False,
    path: str = "",
) -> None:
    """mount_setattr(2) on the mount of descriptor ``mount``; ``userns`` maps its ids as that user namespace does.

    Only a detached mount that was never visible can be id-mapped; EINVAL where the file system cannot.
    """
    if userns is not None:
        add |= ATTR_IDMAP
    if add & ATTR_ATIME and not clear & ATTR_ATIME:
        clear |= ATTR_ATIME
    attributes = struct.pack("QQQQ", add, clear, propagation, userns or 0)
    flags = AT_EMPTY_PATH | (AT_RECURSIVE if recursive else 0)
    buffer = ctypes.create_string_buffer(attributes, len(attributes))
    call("mount_setattr", "set mount attributes", path or None, mount, b"", flags, buffer, len(attributes))


def move(mount: int, target: int, path: str = "") -> None:
    """Put a detached mount on the file or directory of descriptor ``target`` (O_PATH will do)."""
    call("move_mount", "mount", path or None, mount, b"", target, b"", _MOVE_FROM_EMPTY | _MOVE_TO_EMPTY)


def move_to_path(mount: int, path: str) -> None:
    call("move_mount", "mount", path, mount, b"", AT_FDCWD, os.fsencode(path), _MOVE_FROM_EMPTY)


def move_below(mount: int, directory: int, name: str) -> None:
    """Put a detached mount on ``name`` in ``directory``, both ours and behind no link."""
    call("move_mount", "mount", name, mount, b"", directory, os.fsencode(name), _MOVE_FROM_EMPTY)


def move_attached(path: str, target: int) -> None:
    """Move what is mounted at ``path``, and all that is mounted below it, to ``target``."""
    call("move_mount", "move mount", path, AT_FDCWD, os.fsencode(path), target, b"", _MOVE_TO_EMPTY)


def create(fstype: str, options: Iterable[tuple[str, str | None]] = (), attributes: int = 0) -> int:
    """A new detached mount of a file system; ``options`` are (key, value), value None for a flag."""
    context = call("fsopen", "open file system", fstype, os.fsencode(fstype), _CLOEXEC)
    try:
        for key, value in options:
            step = f"set {fstype} option {key}" + (f"={value}" if value is not None else "")
            if value is None:
                call("fsconfig", step, None, context, FSCONFIG_SET_FLAG, key.encode(), None, 0)
            else:
                call("fsconfig", step, None, context, FSCONFIG_SET_STRING, key.encode(), os.fsencode(value), 0)
        try:
            call("fsconfig", f"create {fstype}", None, context, FSCONFIG_CMD_CREATE, None, None, 0)
        except KernelError as error:
            raise KernelError(error.errno or 0, f"create {fstype}{_explanation(context)}") from error
        return call("fsmount", f"mount {fstype}", None, context, _CLOEXEC, attributes)
    finally:
        os.close(context)


def _explanation(context: int) -> str:
    """What the file system wrote into its context about a failure (fsopen(2): read messages from the descriptor)."""
    try:
        text = os.read(context, 4096).decode(errors="replace").strip()
    except OSError:
        return ""
    return f" ({text[2:]})" if text else ""


def pivot_into(root: int) -> None:
    """Make the mount of descriptor ``root`` the root directory and let go of the old one.

    pivot_root(".", ".") stacks the old root on the new; detaching it leaves only the new (pivot_root(2), NOTES).
    """
    os.fchdir(root)
    call("pivot_root", "change root", None, b".", b".")
    umount(".", MNT_DETACH)
    os.chdir("/")
