"""File systems in memory, and what is mounted where."""

import os
import re
from pathlib import Path
from typing import Protocol

from wherry.linux import mount
from wherry.linux.syscalls import umount

_ESCAPE = re.compile(r"\\([0-7]{3})")


class Mounter(Protocol):
    """What of volumes needs the kernel. All idempotent. Raises OSError."""

    def mount_memory(self, path: Path, size_bytes: int | None, mode: int) -> None:
        """A tmpfs at an existing directory, unless one is there already. None: half of the machine's memory."""

    def unmount_below(self, path: Path) -> None:
        """What is mounted at the path and below it."""


class KernelMounter:
    """The real one."""

    def mount_memory(self, path: Path, size_bytes: int | None, mode: int) -> None:
        if str(path) in mount_points(path):
            return
        options: list[tuple[str, str | None]] = [("mode", f"{mode:o}")]
        if size_bytes is not None:
            options.append(("size", str(size_bytes)))
        tree = mount.create("tmpfs", options, mount.ATTR_NOSUID | mount.ATTR_NODEV)
        try:
            mount.move_to_path(tree, str(path))
        finally:
            os.close(tree)

    def unmount_below(self, path: Path) -> None:
        for point in mount_points(path):
            umount(point, mount.MNT_DETACH)


class PlainMounter:
    """Where nothing can be mounted, and for tests: memory is a directory like others."""

    def mount_memory(self, path: Path, size_bytes: int | None, mode: int) -> None:
        path.chmod(mode)

    def unmount_below(self, path: Path) -> None:
        """There is nothing."""


def mount_points(path: Path, mountinfo: str = "/proc/self/mountinfo") -> list[str]:
    """Where something is mounted, at the path or below it, the innermost and latest first (proc_pid_mountinfo(5))."""
    with open(mountinfo, encoding="utf-8", errors="surrogateescape") as file:
        lines = file.read().splitlines()
    fields = (line.split(" ") for line in lines)
    points = [_plain(each[4]) for each in fields if len(each) > 4]
    whole = str(path)
    return [point for point in reversed(points) if point == whole or point.startswith(f"{whole}/")]


def _plain(field: str) -> str:
    return _ESCAPE.sub(lambda found: chr(int(found[1], 8)), field)
