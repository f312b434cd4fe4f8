"""One control group: the same path below the root of every hierarchy."""

import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from errno import EBUSY, ENODEV, ENOENT, ENOTSUP
from typing import Any

from wherry.linux.cgroup import blkio, cpu, cpuset, devices, entering, freezer, hugetlb, memory, pids, tree
from wherry.linux.cgroup.files import write
from wherry.linux.cgroup.layout import Layout, Mode
from wherry.linux.cgroup.stats import BlockStats, CpuStats, MemoryStats, PidsStats, Stats
from wherry.linux.errors import KernelError

Limit = Callable[[str, Any], None]  # Any: a part of the OCI document, whose shape its controller knows

# OCI key, controller, version 1, version 2
_LIMITS: tuple[tuple[str, str, Limit, Limit], ...] = (
    ("memory", "memory", memory.limit_v1, memory.limit_v2),
    ("cpu", "cpuset", cpuset.limit, cpuset.limit),
    ("cpu", "cpu", cpu.limit_v1, cpu.limit_v2),
    ("pids", "pids", pids.limit, pids.limit),
    ("blockIO", "blkio", blkio.limit_v1, blkio.limit_v2),
    ("hugepageLimits", "hugetlb", hugetlb.limit_v1, hugetlb.limit_v2),
)
_KNOWN = frozenset(("devices", "unified", *(key for key, *_ in _LIMITS)))
_CPUSET_KEYS = ("cpus", "mems")
_KILL_SECONDS = 10.0
_DELETE_SECONDS = 2.0


class Cgroup:
    """Limits, processes and figures of one path. Holds no descriptors: any number of them may stand for one path.

    Every method raises KernelError with the file, and the value where one was written.
    """

    __slots__ = ("_layout", "_path")

    def __init__(self, path: str, layout: Layout) -> None:
        """``path`` is absolute, below the root of each hierarchy; ValueError where it could lead elsewhere."""
        parts = path.split("/")
        if parts[0] or len(parts) < 2 or any(part in ("", ".", "..") or "\0" in part for part in parts[1:]):
            raise ValueError(f"cgroup path {path!r} must be absolute and without empty, '.' or '..' parts")
        self._path = path
        self._layout = layout

    @staticmethod
    def at(path: str, layout: Layout) -> "Cgroup":
        """The cgroup ``path`` (as ``/wherry-x/<id>``) on a machine laid out so."""
        return Cgroup(path, layout)

    @property
    def path(self) -> str:
        return self._path

    def create(self) -> None:
        """Make it in every hierarchy, parents too. Idempotent."""
        for hierarchy in self._layout.hierarchies:
            tree.make(hierarchy, self._path)
        unified = self._layout.unified
        if unified and self._layout.relies_on_unified:
            with suppress(KernelError):  # told when a limit needs one
                tree.enable_controllers(unified, self._path)

    def exists(self) -> bool:
        """Whether any hierarchy still has it."""
        return any(os.path.isdir(directory) for directory in self._directories())

    def apply(self, resources: Mapping[str, Any]) -> None:
        """Set limits (OCI ``linux.resources``): on a new cgroup, or changing those of a running one.

        Keys that are absent stay as they are. What is refused half-way leaves the earlier limits set.
        """
        if unknown := [key for key, value in resources.items() if value and key not in _KNOWN]:
            raise KernelError(ENOTSUP, f"limit {', '.join(unknown)} of cgroup", self._path)
        for key, controller, v1, v2 in _LIMITS:
            if (wanted := resources.get(key)) and self._concerns(controller, wanted):
                self._limit(controller, wanted, v1, v2)
        if rules := resources.get("devices"):
            self._apply_devices(rules)
        if unified := resources.get("unified"):
            self._apply_unified(unified)

    def attach(self, pid: int) -> None:
        """Move a process in, with all its threads. Costs milliseconds (see the package), except for pid 0.

        0 is the calling process, which must have one thread only. In version 1 it is moved without that cost; in
        version 2 only if it is not there yet (CLONE_INTO_CGROUP), and on a usual hybrid machine not at all: there,
        version 2 holds no limits, and :meth:`kill` and :meth:`freeze` do not rely on it.
        """
        if pid == 0:
            entering.enter(self._layout, self._path)
        else:
            entering.move(self._layout, self._path, pid)

    def open_entries(self) -> list[int]:
        """Descriptors, for a child that can no longer open them: a single-threaded process that writes ``0`` to each is
        inside, as by ``attach(0)``. The right to do so is that of the opener (kernel/cgroup: ``of->file->f_cred``)."""
        fds: list[int] = []
        try:
            for path in entering.files(self._layout, self._path):
                fds.append(os.open(path, os.O_WRONLY | os.O_CLOEXEC))
        except OSError as error:
            for fd in fds:
                os.close(fd)
            raise KernelError(error.errno or 0, "open", path) from error
        return fds

    def open_unified(self) -> int | None:
        """Its directory in version 2, for ``clone3(CLONE_INTO_CGROUP)``; None on a machine without version 2."""
        directory = self._unified()
        if directory is None:
            return None
        try:
            return os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise KernelError(error.errno or 0, "open cgroup", directory) from error

    def pids(self) -> list[int]:
        """Every process in it and in cgroups below it; none when it is gone."""
        return tree.processes(self._membership())

    def kill(self) -> None:
        """End every process, those of cgroups below too, and return when none is left. Thaws. Idempotent.

        By cgroup.kill (Linux 5.14); what that does not reach is frozen, so that it cannot fork ahead of the signals,
        sent SIGKILL and thawed, until none is left.
        """
        if (unified := self._unified()) is not None:
            _write_if_there(unified, "cgroup.kill", "1")
        place, deadline, pause = self._membership(), time.monotonic() + _KILL_SECONDS, 0.0005
        while left := tree.others(place):
            if time.monotonic() > deadline:
                raise KernelError(EBUSY, f"end processes {left} of cgroup", place)
            self._switch(frozen=True)
            tree.kill_others(place)
            self._switch(frozen=False)
            time.sleep(pause)
            pause = min(pause * 2, 0.05)

    def freeze(self) -> None:
        """Stop every process until :meth:`thaw`; returns when all are stopped.

        In version 1 a frozen process takes even SIGKILL only when thawed: thaw after signalling.
        """
        version, directory = self._freezer()
        (freezer.freeze_v1 if version == 1 else freezer.freeze_v2)(directory)

    def thaw(self) -> None:
        """Let frozen processes go on. Idempotent."""
        version, directory = self._freezer()
        (freezer.thaw_v1 if version == 1 else freezer.thaw_v2)(directory)

    def stats(self) -> Stats:
        """What it has used; zeros where a controller or the cgroup is missing."""
        version, directory = self._find("memory")
        memory_stats = MemoryStats()
        if directory:
            memory_stats = (memory.stats_v1 if version == 1 else memory.stats_v2)(directory)
        block_version, block = self._find("blkio")
        block_stats = BlockStats()
        if block:
            block_stats = (blkio.stats_v1 if block_version == 1 else blkio.stats_v2)(block)
        _, counted = self._find("pids")
        tasks = pids.stats(counted) if counted else PidsStats()
        return Stats(version or 1, memory_stats, self._cpu_stats(), tasks, block_stats)

    def oom_kills(self) -> int:
        """How many of its processes the OOM killer has taken; 0 when it is gone."""
        version, directory = self._find("memory")
        if not directory:
            return 0
        if version == 2:
            return memory.oom_kills_v2(directory)
        return sum(memory.oom_kills_v1(place) for place in (directory, *tree.below(directory)))

    def delete(self) -> None:
        """Remove it from every hierarchy with the cgroups below. Idempotent; waits briefly for processes that are
        ending, and raises EBUSY when some live on (:meth:`kill` first). All hierarchies are tried."""
        failure: KernelError | None = None
        deadline = time.monotonic() + _DELETE_SECONDS
        for directory in self._directories():
            try:
                tree.remove(directory, deadline)
            except KernelError as error:
                failure = failure or error
        if failure is not None:
            raise failure

    def mounts(self) -> list[tuple[str, str]]:
        """What a container's read-only /sys/fs/cgroup is made of: (target below it, this cgroup's host directory).

        Version 2 alone is one mount, with an empty target. Controllers mounted together (``cpu,cpuacct``) come by each
        name as well, where a host has symbolic links.
        """
        found: list[tuple[str, str]] = []
        for hierarchy in self._layout.hierarchies:
            directory = hierarchy.mount + self._path
            found.append((hierarchy.target, directory))
            if hierarchy.version == 1 and len(hierarchy.controllers) > 1:
                found += [(name, directory) for name in sorted(hierarchy.controllers)]
        return found

    def _directories(self) -> list[str]:
        return [hierarchy.mount + self._path for hierarchy in self._layout.hierarchies]

    def _find(self, controller: str) -> tuple[int, str]:
        """Version and directory of a controller; (0, "") when this machine lacks it."""
        hierarchy = self._layout.find(controller)
        return (0, "") if hierarchy is None else (hierarchy.version, hierarchy.mount + self._path)

    def _limit(self, controller: str, wanted: Any, v1: Limit, v2: Limit) -> None:
        hierarchy = self._layout.find(controller)
        if hierarchy is None:
            raise KernelError(ENOTSUP, f"without a cgroup controller {controller} on this machine, limit", self._path)
        directory = hierarchy.mount + self._path
        if hierarchy.version == 1:
            v1(directory, wanted)
            return
        try:
            v2(directory, wanted)
        except KernelError as error:
            if error.errno != ENOENT:
                raise
            tree.hand_down(hierarchy, self._path)
            v2(directory, wanted)

    def _unified(self) -> str | None:
        return self._layout.unified.mount + self._path if self._layout.unified else None

    def _membership(self) -> str:
        """A directory that every process of the cgroup is in: version 1 where there is any (see :meth:`attach`)."""
        for controller in ("freezer", "pids", "memory"):
            if (hierarchy := self._layout.find(controller)) and hierarchy.version == 1:
                return hierarchy.mount + self._path
        return self._directories()[-1]

    @staticmethod
    def _concerns(controller: str, wanted: Any) -> bool:
        """Whether a controller has part in an OCI key that two share: cpu is cpuset's as well."""
        if controller == "cpuset":
            return any(wanted.get(key) for key in _CPUSET_KEYS)
        if controller == "cpu":
            return any(value is not None and key not in _CPUSET_KEYS for key, value in wanted.items())
        return True

    def _apply_devices(self, rules: list[Mapping[str, Any]]) -> None:
        version, directory = self._find("devices")
        if version == 1:
            devices.limit_v1(directory, rules)
        elif (unified := self._unified()) is not None:
            devices.limit_v2(unified, rules)
        else:
            raise KernelError(ENOTSUP, "without a cgroup controller devices on this machine, limit", self._path)

    def _apply_unified(self, values: Mapping[str, str]) -> None:
        """OCI ``unified``: files of version 2 and their values, as they are."""
        directory = self._unified()
        if directory is None:
            raise KernelError(ENOTSUP, "set cgroup version 2 values, on a machine without it, of", self._path)
        for name, value in values.items():
            if "/" in name or "." not in name:
                raise KernelError(ENOENT, f"set {name!r}, which is no control file, of", directory)
            write(directory, name, value)

    def _freezer(self) -> tuple[int, str]:
        version, directory = self._find("freezer")
        if version == 1:
            return 1, directory
        if (unified := self._unified()) is not None:
            return 2, unified
        raise KernelError(ENOTSUP, "without a cgroup freezer on this machine, freeze", self._path)

    def _switch(self, *, frozen: bool) -> None:
        """Begin freezing or thawing, where this machine can, without waiting for it."""
        if (found := self._find("freezer"))[0] == 1:
            _write_if_there(found[1], "freezer.state", "FROZEN" if frozen else "THAWED")
        elif (unified := self._unified()) is not None:
            _write_if_there(unified, "cgroup.freeze", str(int(frozen)))

    def _cpu_stats(self) -> CpuStats:
        version, directory = self._find("cpu")
        if version == 2 or (not version and self._layout.mode is Mode.UNIFIED):
            return cpu.stats_v2(directory or self._unified() or "")
        return cpu.stats_v1(directory or None, self._find("cpuacct")[1] or None)


def _write_if_there(directory: str, name: str, value: str) -> None:
    """Write where the file exists: an older kernel lacks it, or the cgroup is gone."""
    try:
        write(directory, name, value)
    except KernelError as error:
        if error.errno not in (ENOENT, ENODEV):
            raise
