"""Moving processes into a cgroup of every hierarchy, in the quickest way there is (see the package)."""

import os
from errno import EBUSY, ENOSPC, EOPNOTSUPP

from wherry.linux.cgroup import cpuset, tree
from wherry.linux.cgroup.files import read_or, write
from wherry.linux.cgroup.layout import Layout
from wherry.linux.errors import KernelError


def move(layout: Layout, path: str, pid: int) -> None:
    """Move a process with all its threads."""
    for hierarchy in layout.hierarchies:
        if hierarchy.version == 1:
            _move_v1(layout, path, hierarchy.mount + path, "cgroup.procs", pid)
        else:
            _move_v2(hierarchy.mount + path, pid)


def enter(layout: Layout, path: str) -> None:
    """Move the calling process, which has one thread only."""
    for hierarchy in layout.legacy:
        _move_v1(layout, path, hierarchy.mount + path, "tasks", 0)
    unified = _needed_unified(layout, path)
    if unified is not None and f"0::{path}\n" not in read_or("/proc/self", "cgroup"):
        _move_v2(unified, 0)


def files(layout: Layout, path: str) -> list[str]:
    """What a process with one thread writes ``0`` to, to be moved."""
    paths = [f"{hierarchy.mount}{path}/tasks" for hierarchy in layout.legacy]
    if (unified := _needed_unified(layout, path)) is not None:
        paths.append(f"{unified}/cgroup.procs")
    return paths


def _needed_unified(layout: Layout, path: str) -> str | None:
    """The directory in version 2, unless nothing there would have an effect on a process."""
    if layout.unified is None:
        return None
    directory = layout.unified.mount + path
    if layout.relies_on_unified or read_or(directory, "cgroup.controllers").strip():
        return directory
    return None


def _move_v1(layout: Layout, path: str, directory: str, name: str, pid: int) -> None:
    try:
        write(directory, name, pid)
    except KernelError as error:
        if error.errno != ENOSPC:
            raise
        _complete_cpuset(layout, path, directory)
        write(directory, name, pid)


def _complete_cpuset(layout: Layout, path: str, directory: str) -> None:
    """A cpuset whose making was interrupted has no processors yet, and takes no process (ENOSPC)."""
    if (hierarchy := layout.find("cpuset")) is not None:
        tree.make_parents(hierarchy, path)
    cpuset.initialise_v1(os.path.dirname(directory), directory)


def _move_v2(directory: str, pid: int) -> None:
    try:
        write(directory, "cgroup.procs", pid)
    except KernelError as error:
        if error.errno not in (EBUSY, EOPNOTSUPP) or not _join_below(directory, pid):
            raise


def _join_below(directory: str, pid: int) -> bool:
    """A container that gave controllers to cgroups of its own lets no process into its top one (cgroup-v2.rst, "No
    Internal Process Constraint"): join processes it has below."""
    for place in tree.below(directory):
        if read_or(place, "cgroup.procs"):
            write(place, "cgroup.procs", pid)
            return True
    return False
