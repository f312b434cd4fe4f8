"""What a cgroup has used."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class MemoryStats:
    """Bytes. ``limit_bytes`` None is unlimited. ``detail`` is the kernel's memory.stat; names differ by version."""

    usage_bytes: int = 0
    limit_bytes: int | None = None
    max_usage_bytes: int = 0
    failures: int = 0
    swap_bytes: int = 0
    detail: Mapping[str, int] = field(default_factory=dict)

    @property
    def working_set_bytes(self) -> int:
        """Usage without the page cache that can be dropped at once (what docker stats and Kubernetes show)."""
        inactive = self.detail.get("total_inactive_file", self.detail.get("inactive_file", 0))
        return max(self.usage_bytes - inactive, 0)


@dataclass(frozen=True, slots=True)
class CpuStats:
    """Nanoseconds of processor time; ``periods`` of the quota that ended and of these the throttled ones.

    ``per_cpu_nanoseconds`` is empty in version 2, which does not count by processor."""

    total_nanoseconds: int = 0
    user_nanoseconds: int = 0
    system_nanoseconds: int = 0
    per_cpu_nanoseconds: tuple[int, ...] = ()
    periods: int = 0
    throttled_periods: int = 0
    throttled_nanoseconds: int = 0


@dataclass(frozen=True, slots=True)
class PidsStats:
    """Tasks (threads count). ``limit`` None is unlimited."""

    current: int = 0
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class BlockEntry:
    """``operation`` is Read, Write, Sync, Async, Discard or Total in version 1; read, write, discard in version 2."""

    major: int
    minor: int
    operation: str
    value: int


@dataclass(frozen=True, slots=True)
class BlockStats:
    """Bytes moved and operations served, by device."""

    service_bytes: tuple[BlockEntry, ...] = ()
    serviced: tuple[BlockEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Stats:
    """Everything counted. ``version`` is the memory controller's: the names in ``memory.detail`` follow it."""

    version: int
    memory: MemoryStats
    cpu: CpuStats
    pids: PidsStats
    block: BlockStats
