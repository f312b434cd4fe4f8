"""What a cgroup has used.

Named tuples: dataclasses would bring ``inspect`` into the spawner and every shim (8 ms and 1.1 MB).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class MemoryStats(NamedTuple):
    """Bytes. ``limit_bytes`` None is unlimited. ``detail`` is the kernel's memory.stat; names differ by version."""

    usage_bytes: int = 0
    limit_bytes: int | None = None
    max_usage_bytes: int = 0
    failures: int = 0
    swap_bytes: int = 0
    detail: Mapping[str, int] = MappingProxyType({})

    @property
    def working_set_bytes(self) -> int:
        """Usage without the page cache that can be dropped at once (what docker stats and Kubernetes show)."""
        inactive = self.detail.get("total_inactive_file", self.detail.get("inactive_file", 0))
        return max(self.usage_bytes - inactive, 0)


class CpuStats(NamedTuple):
    """Nanoseconds of processor time; ``periods`` of the quota that ended and of these the throttled ones.

    ``per_cpu_nanoseconds`` is empty in version 2, which does not count by processor."""

    total_nanoseconds: int = 0
    user_nanoseconds: int = 0
    system_nanoseconds: int = 0
    per_cpu_nanoseconds: tuple[int, ...] = ()
    periods: int = 0
    throttled_periods: int = 0
    throttled_nanoseconds: int = 0


class PidsStats(NamedTuple):
    """Tasks (threads count). ``limit`` None is unlimited."""

    current: int = 0
    limit: int | None = None


class BlockEntry(NamedTuple):
    """``operation`` is Read, Write, Sync, Async, Discard or Total in version 1; read, write, discard in version 2."""

    major: int
    minor: int
    operation: str
    value: int


class BlockStats(NamedTuple):
    """Bytes moved and operations served, by device."""

    service_bytes: tuple[BlockEntry, ...] = ()
    serviced: tuple[BlockEntry, ...] = ()


class Stats(NamedTuple):
    """Everything counted. ``version`` is the memory controller's: the names in ``memory.detail`` follow it."""

    version: int
    memory: MemoryStats
    cpu: CpuStats
    pids: PidsStats
    block: BlockStats
