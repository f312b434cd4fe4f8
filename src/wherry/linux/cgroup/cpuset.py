"""The cpuset controller (Documentation/admin-guide/cgroup-v1/cpusets.rst; cgroup-v2.rst, "Cpuset")."""

from collections.abc import Mapping
from typing import Any

from wherry.linux.cgroup.files import read, write

_FILES = (("cpus", "cpuset.cpus"), ("mems", "cpuset.mems"))


def limit(directory: str, cpu: Mapping[str, Any]) -> None:
    """Processors and memory nodes as lists (``0-2,5``): the files are the same in both versions."""
    for key, name in _FILES:
        if cpu.get(key):
            write(directory, name, cpu[key])


def initialise_v1(parent: str, directory: str) -> None:
    """Give a new version 1 cpuset its parent's processors and nodes, and let the kernel do so for all below.

    A new one is empty and takes no process (ENOSPC), unless its parent has ``cgroup.clone_children``.
    """
    for _, name in _FILES:
        if not read(directory, name).strip():
            write(directory, name, read(parent, name).strip())
    write(directory, "cgroup.clone_children", 1)
