"""The freezer (Documentation/admin-guide/cgroup-v1/freezer-subsystem.rst; cgroup-v2.rst, cgroup.freeze, Linux 5.2)."""

import time
from collections.abc import Callable
from errno import EBUSY

from wherry.linux.cgroup.files import read, read_or, table, write
from wherry.linux.errors import KernelError

_PATIENCE_SECONDS = 10.0


def freeze_v1(directory: str) -> None:
    """Returns when every task is stopped. Writing again helps tasks that were forked while freezing."""

    def frozen() -> bool:
        write(directory, "freezer.state", "FROZEN")
        return read(directory, "freezer.state").strip() == "FROZEN"

    try:
        _wait(frozen, directory)
    except KernelError:
        thaw_v1(directory)
        raise


def thaw_v1(directory: str) -> None:
    write(directory, "freezer.state", "THAWED")


def freeze_v2(directory: str) -> None:
    """Returns when every task is stopped."""
    write(directory, "cgroup.freeze", 1)
    try:
        _wait(lambda: table(read_or(directory, "cgroup.events")).get("frozen") == 1, directory)
    except KernelError:
        thaw_v2(directory)
        raise


def thaw_v2(directory: str) -> None:
    write(directory, "cgroup.freeze", 0)


def _wait(frozen: Callable[[], bool], directory: str) -> None:
    """A task in an uninterruptible sleep (a dead network file system) can hold the freezer up for ever."""
    deadline, pause = time.monotonic() + _PATIENCE_SECONDS, 0.0005
    while not frozen():
        if time.monotonic() > deadline:
            raise KernelError(EBUSY, f"freeze every task within {_PATIENCE_SECONDS:.0f} seconds in", directory)
        time.sleep(pause)
        pause = min(pause * 2, 0.05)
