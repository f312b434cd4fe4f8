"""What pods and the node use, as it is now: the facts behind every figure that is shown."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from wherry.kube.machinery.model import Object
from wherry.node.pods.lookup import PodLookup
from wherry.node.pods.runtime import PodRuntime, State, Usage


@dataclass(frozen=True, slots=True)
class NodeUsage:
    """Times in nanoseconds; ``started_ns`` and ``time_ns`` since 1970. Memory: what is in use and could not be given
    back at once."""

    time_ns: int
    started_ns: int
    cpu_ns: int
    memory_bytes: int
    memory_available_bytes: int
    pids: int = 0
    pids_limit: int = 0
    storage_bytes: int = 0
    storage_available_bytes: int = 0


class NodeMeter(Protocol):
    """Measures the machine. Raises OSError."""

    def measure(self) -> NodeUsage: ...


@dataclass(frozen=True, slots=True)
class ContainerUsage:
    """Of one that runs."""

    name: str
    started_ns: int
    usage: Usage


@dataclass(frozen=True, slots=True)
class PodUsage:
    """With at least one container that runs."""

    pod: Object
    containers: tuple[ContainerUsage, ...]


def pods(lookup: PodLookup, runtime: PodRuntime) -> Iterator[PodUsage]:
    """All that run here, in order of namespace and name."""
    places = sorted(lookup.places(), key=lambda each: (each.pod["metadata"]["namespace"], each.pod["metadata"]["name"]))
    for place in places:
        if not place.sandbox:
            continue
        found = tuple(
            ContainerUsage(each.name, each.started_ns, usage)
            for each in runtime.containers(place.sandbox)
            if each.state is State.RUNNING and (usage := runtime.usage(each.id)) is not None
        )
        if found:
            yield PodUsage(place.pod, found)


class ThisMachine:
    """By /proc (proc_stat(5), proc_meminfo(5)); ``directory`` is on the file system of the pods."""

    def __init__(self, directory: str, clock_ns: "Clock") -> None:
        self._directory = directory
        self._clock_ns = clock_ns
        self._tick_ns = 10**9 // os.sysconf("SC_CLK_TCK")

    def measure(self) -> NodeUsage:
        with open("/proc/stat", encoding="ascii") as file:
            stat = [line.split() for line in file]
        with open("/proc/meminfo", encoding="ascii") as file:
            memory = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in file}
        with open("/proc/loadavg", encoding="ascii") as file:
            tasks = int(file.read().split()[3].partition("/")[2])
        with open("/proc/sys/kernel/pid_max", encoding="ascii") as file:
            limit = int(file.read())
        user, nice, system, _, _, interrupts, soft, stolen = (int(each) for each in stat[0][1:9])
        started = next(int(each[1]) for each in stat if each[0] == "btime")
        disk = os.statvfs(self._directory)
        return NodeUsage(
            time_ns=self._clock_ns(),
            started_ns=started * 10**9,
            cpu_ns=(user + nice + system + interrupts + soft + stolen) * self._tick_ns,
            memory_bytes=memory["MemTotal"] - memory["MemAvailable"],
            memory_available_bytes=memory["MemAvailable"],
            pids=tasks,
            pids_limit=limit,
            storage_bytes=disk.f_frsize * disk.f_blocks,
            storage_available_bytes=disk.f_frsize * disk.f_bavail,
        )


class Clock(Protocol):
    """Nanoseconds since 1970."""

    def __call__(self) -> int: ...
