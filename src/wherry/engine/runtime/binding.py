"""Put mounts in place inside a container's root: options, targets, attributes. All by descriptor."""

import os

from wherry.engine.runtime.failure import Failure
from wherry.linux import mount, openat2
from wherry.linux.errors import KernelError

ATTRIBUTES = {  # option: (set, clear) of mount_setattr(2)
    "ro": (mount.ATTR_RDONLY, 0),
    "rw": (0, mount.ATTR_RDONLY),
    "nosuid": (mount.ATTR_NOSUID, 0),
    "suid": (0, mount.ATTR_NOSUID),
    "nodev": (mount.ATTR_NODEV, 0),
    "dev": (0, mount.ATTR_NODEV),
    "noexec": (mount.ATTR_NOEXEC, 0),
    "exec": (0, mount.ATTR_NOEXEC),
    "noatime": (mount.ATTR_NOATIME, mount.ATTR_ATIME),
    "relatime": (mount.ATTR_RELATIME, mount.ATTR_ATIME),
    "strictatime": (mount.ATTR_STRICTATIME, mount.ATTR_ATIME),
    "nodiratime": (mount.ATTR_NODIRATIME, 0),
    "nosymfollow": (mount.ATTR_NOSYMFOLLOW, 0),
}
_NOT_FOR_THE_KERNEL = {"bind", "rbind", "idmap", "ridmap", "x-copy-up", "defaults", "async", "z", "Z", "rro"}
CLOSED = mount.ATTR_NOSUID | mount.ATTR_NODEV | mount.ATTR_NOEXEC


def new_filesystem(kind: str, options: list[str]) -> int:
    """A detached mount of a new file system of type ``kind`` with the options of an OCI mount."""
    attributes = 0
    data: list[tuple[str, str | None]] = [("source", kind)]
    for option in options:
        if option in ATTRIBUTES:
            attributes = attributes & ~ATTRIBUTES[option][1] | ATTRIBUTES[option][0]
        elif option not in _NOT_FOR_THE_KERNEL and option.removeprefix("r") not in mount.PROPAGATION:
            key, equals, value = option.partition("=")
            data.append((key, value if equals else None))
    try:
        return mount.create(kind, data, attributes)
    except KernelError as error:
        if kind == "sysfs" and error.errno == 1:
            message = f"{error}: the network namespace belongs to another user namespace"
            raise Failure("mount sysfs", message, 1) from error
        raise


def attach(tree: int, target: int, destination: str, options: list[str]) -> None:
    """Put a mount on ``target`` (which is closed), with the attributes and propagation of a bind's options."""
    add = clear = 0
    for option in options:
        if option in ATTRIBUTES:
            add, clear = add & ~ATTRIBUTES[option][1] | ATTRIBUTES[option][0], clear | ATTRIBUTES[option][1]
    if add or clear:
        # A way of keeping access times is set by clearing all of them (mount_setattr(2), MOUNT_ATTR__ATIME).
        mount.set_attributes(tree, add=add, clear=clear & ~(add & ~mount.ATTR_ATIME), path=destination)
    if "rro" in options:
        mount.set_attributes(tree, add=mount.ATTR_RDONLY, recursive=True, path=destination)
    mount.move(tree, target, destination)
    os.close(target)
    for option in options:
        flag = mount.PROPAGATION.get(option.removeprefix("r"))
        if flag:
            mount.set_attributes(tree, propagation=flag, recursive=option[0] == "r", path=destination)


def target(root: int, destination: str, is_file: bool, *, ordinary: bool = False) -> int:
    """An O_PATH descriptor of the mount point, made when missing; ``ordinary``: a directory behind no symbolic link."""
    if ordinary:
        refuse_links(root, destination)
    try:
        fd = (openat2.make_file if is_file else openat2.make_directories)(root, destination)
    except KernelError as error:
        if error.errno == 20 and not is_file:  # ENOTDIR
            raise _mismatch(destination, is_file) from error
        raise
    if openat2.is_directory(fd) == is_file:
        os.close(fd)
        raise _mismatch(destination, is_file)
    return fd


def _mismatch(destination: str, is_file: bool) -> Failure:
    """In the words of runc and dockerd."""
    ours, theirs = ("a file", "a directory") if is_file else ("a directory", "a file")
    message = (
        f"cannot mount {ours} on {destination}, where there is {theirs}: not a directory: "
        "Are you trying to mount a directory onto a file (or vice-versa)? "
        "Check if the specified host path exists and is the expected type"
    )
    return Failure("mount", message, 20, destination)


def refuse_links(root: int, destination: str) -> None:
    """Mount points of kernel file systems: a link there sends writes elsewhere (CVE-2019-19921 and its family)."""
    message = f"{destination} must be mounted on ordinary directory"
    try:
        resolve = openat2.IN_ROOT | openat2.RESOLVE_NO_SYMLINKS
        fd = openat2.openat2(root, destination, os.O_PATH | os.O_NOFOLLOW, resolve=resolve)
    except KernelError as error:
        if error.errno == 2:
            return
        raise Failure("mount", message, error.errno or 0, destination) from error
    ordinary = openat2.is_directory(fd)
    os.close(fd)
    if not ordinary:
        raise Failure("mount", message, 20, destination)


def existing(root: int, path: str) -> int | None:
    """An O_PATH descriptor of what is at ``path``; None when nothing is."""
    try:
        return openat2.openat2(root, path, os.O_PATH)
    except KernelError as error:
        if error.errno in (2, 20):  # ENOENT, ENOTDIR
            return None
        raise


def make_readonly(root: int, paths: list[str]) -> None:
    for path in paths:
        fd = existing(root, path)
        if fd is None:
            continue
        tree = mount.clone_tree("", fd, recursive=True)
        mount.set_attributes(tree, add=mount.ATTR_RDONLY | CLOSED, path=path)
        attach(tree, fd, path, [])
        os.close(tree)


def mask(root: int, paths: list[str]) -> None:
    """Cover files with our own /dev/null and directories with one empty read-only tmpfs (CVE-2025-31133)."""
    empty: int | None = None
    for path in paths:
        fd = existing(root, path)
        if fd is None:
            continue
        if not openat2.is_directory(fd):
            cover = mount.clone_tree("/dev/null")
        elif empty is None:
            options: list[tuple[str, str | None]] = [("source", "tmpfs"), ("mode", "555"), ("nr_inodes", "1")]
            cover = empty = mount.create("tmpfs", options, mount.ATTR_RDONLY | CLOSED)
        else:
            cover = mount.clone_tree("", empty)
        attach(cover, fd, path, [])
        if cover != empty:
            os.close(cover)
    if empty is not None:
        os.close(empty)
