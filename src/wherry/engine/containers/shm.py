"""/dev/shm of a container that others may join (``--ipc shareable``): a tmpfs on the host, mounted into all of them.

It is there while the container runs. A container of its own IPC namespace, the usual one, has a tmpfs of its own.
"""

import os
from pathlib import Path

from wherry.linux import mount
from wherry.linux.errors import KernelError
from wherry.linux.syscalls import umount

_NAME = "shm"


def mount_shm(directory: Path, size_bytes: int) -> Path:
    """Mount it below a container's directory, unless it is there already."""
    path = directory / _NAME
    path.mkdir(exist_ok=True)
    if not path.is_mount():
        options: list[tuple[str, str | None]] = [("source", "shm"), ("mode", "1777"), ("size", str(size_bytes))]
        tree = mount.create("tmpfs", options, mount.ATTR_NOSUID | mount.ATTR_NODEV | mount.ATTR_NOEXEC)
        try:
            mount.move_to_path(tree, str(path))
        finally:
            os.close(tree)
    return path


def unmount_shm(directory: Path) -> None:
    """Idempotent. Those who joined keep theirs."""
    path = directory / _NAME
    try:
        while path.is_mount():
            umount(str(path), mount.MNT_DETACH)
        path.rmdir()
    except FileNotFoundError:
        pass
    except OSError as error:
        raise KernelError(error.errno or 0, "unmount shared memory", str(path)) from error
