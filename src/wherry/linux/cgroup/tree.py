"""Directories of one hierarchy: make with parents, list, kill, remove with all below."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from errno import EBUSY, ENODEV, ENOENT

from wherry.linux.cgroup import cpuset
from wherry.linux.cgroup.files import read_or, write
from wherry.linux.cgroup.layout import UNIFIED_NAMES, Hierarchy
from wherry.linux.errors import KernelError

_LAST_MOMENTS_SECONDS = 30.0


def make(hierarchy: Hierarchy, path: str) -> None:
    """Make the cgroup; its parents, set up for children, too. Idempotent."""
    directory = hierarchy.mount + path
    try:
        _mkdir(directory)
    except KernelError as error:
        if error.errno != ENOENT:
            raise
        make_parents(hierarchy, path)
        _mkdir(directory)
    is_cpuset = hierarchy.version == 1 and "cpuset" in hierarchy.controllers
    if is_cpuset and not read_or(directory, "cpuset.cpus", "gone").strip():
        make_parents(hierarchy, path)  # somebody is making one of them right now, or was interrupted
        cpuset.initialise_v1(os.path.dirname(directory), directory)


def make_parents(hierarchy: Hierarchy, path: str) -> None:
    """Make every directory above ``path``, ready for children. Idempotent: completes what a crash left half-made."""
    above = hierarchy.mount
    for part in path.strip("/").split("/")[:-1]:
        directory = f"{above}/{part}"
        _mkdir(directory)
        if hierarchy.version == 1 and "cpuset" in hierarchy.controllers:
            cpuset.initialise_v1(above, directory)
        if hierarchy.version == 1 and "memory" in hierarchy.controllers:
            with suppress(KernelError):  # already so, or so by nature (Linux 5.11): children count in the parent
                write(directory, "memory.use_hierarchy", 1)
        above = directory


def _mkdir(directory: str) -> None:
    try:
        os.mkdir(directory, 0o755)
    except FileExistsError:
        pass
    except OSError as error:
        raise KernelError(error.errno or 0, "make cgroup", directory) from error


def enable_controllers(hierarchy: Hierarchy, path: str) -> None:
    """Let a version 2 cgroup use the controllers: the root and every parent must hand them down (cgroup-v2.rst,
    "Enabling and Disabling"). Idempotent; on a hybrid machine done only when a limit needs it: its root stays as it is.
    KernelError when none can be: EBUSY where the root of a cgroup namespace has processes of its own (a container that
    runs an engine has to move them to a cgroup below first).
    """
    if not read_or(hierarchy.mount + path, "cgroup.controllers").strip():
        hand_down(hierarchy, path)


def hand_down(hierarchy: Hierarchy, path: str) -> None:
    """The same without a look. The kernel names a controller before it has made its files: who was told of one and
    finds no file comes here, where writing waits until whoever is enabling it has done so (``cgroup_mutex``)."""
    names = [name for name, known in UNIFIED_NAMES.items() if known in hierarchy.controllers]
    directory = hierarchy.mount
    for part in path.strip("/").split("/"):
        _enable(directory, names)
        directory = f"{directory}/{part}"


def _enable(directory: str, names: list[str]) -> None:
    """One write enables all; when one of them cannot be (a real-time process pins cpu), each alone."""
    try:
        write(directory, "cgroup.subtree_control", " ".join(f"+{name}" for name in names))
    except KernelError as error:
        if not any(_enable_one(directory, name) for name in names):
            raise error


def _enable_one(directory: str, name: str) -> bool:
    try:
        write(directory, "cgroup.subtree_control", f"+{name}")
    except KernelError:  # what stays disabled is told when a limit finds no file
        return False
    return True


def below(directory: str) -> Iterator[str]:
    """Every cgroup below, the deepest first; nothing when the directory is gone."""
    try:
        with os.scandir(directory) as entries:
            names = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return
    for name in names:
        yield from below(f"{directory}/{name}")
        yield f"{directory}/{name}"


def others(directory: str) -> list[int]:
    """:func:`processes` without this one."""
    return [pid for pid in processes(directory) if pid != os.getpid()]


def processes(directory: str) -> list[int]:
    """Pids of this cgroup and of those below. 0 stands for a process of a pid namespace out of sight: left out."""
    found: dict[int, None] = {}
    for place in (directory, *below(directory)):
        for word in read_or(place, "cgroup.procs").split():
            found[int(word)] = None
    found.pop(0, None)
    return list(found)


def kill_others(directory: str) -> None:
    """Send SIGKILL to every process but this one."""
    for pid in others(directory):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def remove(directory: str, deadline: float) -> None:
    """Remove a cgroup and all below. Idempotent. EBUSY is what the last moments of a process look like: tried again,
    until the monotonic time ``deadline``, and longer while none is to be seen any more: it still gives back its memory.
    """
    pause = 0.001
    while not _try_remove(directory):
        late = time.monotonic() - deadline
        if late > 0 and ((left := processes(directory)) or late > _LAST_MOMENTS_SECONDS):
            raise KernelError(EBUSY, f"remove cgroup with processes {left}", directory)
        time.sleep(pause)
        pause = min(pause * 2, 0.05)


def _try_remove(directory: str) -> bool:
    try:
        os.rmdir(directory)
        return True
    except OSError as error:
        if error.errno in (ENOENT, ENODEV):
            return True
        if error.errno != EBUSY:
            raise KernelError(error.errno or 0, "remove cgroup", directory) from error
    for place in below(directory):
        with suppress(OSError):  # still busy, or gone: the next round shows
            os.rmdir(place)
    return False
