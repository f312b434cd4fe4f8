"""The memory controller (Documentation/admin-guide/cgroup-v1/memory.rst; cgroup-v2.rst, "Memory")."""

from collections.abc import Mapping
from errno import EBUSY, EINVAL, ENOENT
from typing import Any

from wherry.linux.cgroup.files import number, read, read_or, settle, table, write
from wherry.linux.cgroup.stats import MemoryStats
from wherry.linux.errors import KernelError

# Version 1 shows "unlimited" as the largest multiple of the page size below 2**63 (PAGE_COUNTER_MAX).
_UNLIMITED = 2**62

Memory = Mapping[str, Any]  # the OCI document's linux.resources.memory


def limit_v1(directory: str, memory: Memory) -> None:
    """``swap`` is memory and swap together, as in memory.memsw. -1 is unlimited.

    Kernel memory (``kernel``) is not set: the kernel takes the value no more (since 5.16) and it was never safe to use.
    """
    limit, swap = memory.get("limit"), memory.get("swap")
    if limit == -1 and swap is None:
        swap = -1  # the limit may not exceed limit with swap: unlimited memory needs unlimited swap
    _refuse_below_usage(directory, "memory.usage_in_bytes", memory)
    values = [("memory.limit_in_bytes", limit)] if limit else []
    try:
        settle(directory, [*values, ("memory.memsw.limit_in_bytes", swap)] if swap else values)
    except KernelError as error:
        if error.errno != ENOENT or "memsw" not in str(error.filename):
            raise
        settle(directory, values)  # a kernel booted without swap accounting (swapaccount=0): memory alone is limited
    for key, name in (("reservation", "memory.soft_limit_in_bytes"), ("kernelTCP", "memory.kmem.tcp.limit_in_bytes")):
        if memory.get(key):
            write(directory, name, memory[key])
    if memory.get("swappiness") is not None:
        write(directory, "memory.swappiness", memory["swappiness"])
    if memory.get("disableOOMKiller") is not None:
        write(directory, "memory.oom_control", int(memory["disableOOMKiller"]))


def limit_v2(directory: str, memory: Memory) -> None:
    """``swap`` (memory and swap together) becomes memory.swap.max (swap alone).

    Version 2 has no swappiness, no switch for the OOM killer and no limit of TCP buffers: not set, as in runc.
    """
    limit, swap = memory.get("limit"), memory.get("swap")
    if limit == -1 and swap is None:
        swap = -1
    _refuse_below_usage(directory, "memory.current", memory)
    if swap:
        if limit is None and swap > 0:
            limit = number(read(directory, "memory.max"), -1)
        try:
            write(directory, "memory.swap.max", _value(swap_alone(limit or 0, swap, directory)))
        except KernelError as error:
            if error.errno != ENOENT:
                raise  # ENOENT: a kernel without swap accounting; memory alone is limited
    if limit:
        write(directory, "memory.max", _value(limit))
    if memory.get("reservation"):
        write(directory, "memory.low", _value(memory["reservation"]))


def swap_alone(limit: int, swap: int, directory: str = "") -> int:
    """Swap without memory, from the OCI values (memory, memory and swap). -1 is unlimited.

    The conversion is that of runc and crun (opencontainers/cgroups, ``ConvertMemorySwapToCgroupV2Value``).
    """
    if swap < 0:
        return -1
    if limit <= 0:
        raise KernelError(EINVAL, f"limit swap to {swap} without a memory limit of", directory)
    if swap < limit:
        raise KernelError(EINVAL, f"limit memory and swap to {swap}, less than the memory limit {limit}, of", directory)
    return swap - limit


def stats_v1(directory: str) -> MemoryStats:
    usage = number(read_or(directory, "memory.usage_in_bytes"))
    limit = number(read_or(directory, "memory.limit_in_bytes"), _UNLIMITED)
    detail = table(read_or(directory, "memory.stat"))
    return MemoryStats(
        usage_bytes=usage,
        limit_bytes=None if limit >= _UNLIMITED else limit,
        max_usage_bytes=number(read_or(directory, "memory.max_usage_in_bytes")),
        failures=number(read_or(directory, "memory.failcnt")),
        swap_bytes=detail.get("total_swap", detail.get("swap", 0)),
        detail=detail,
    )


def stats_v2(directory: str) -> MemoryStats:
    limit = number(read_or(directory, "memory.max"), -1)
    return MemoryStats(
        usage_bytes=number(read_or(directory, "memory.current")),
        limit_bytes=None if limit < 0 else limit,
        max_usage_bytes=number(read_or(directory, "memory.peak")),
        failures=table(read_or(directory, "memory.events")).get("max", 0),
        swap_bytes=number(read_or(directory, "memory.swap.current")),
        detail=table(read_or(directory, "memory.stat")),
    )


def oom_kills_v1(directory: str) -> int:
    """Processes the OOM killer took from this very cgroup (Linux 4.13); those of cgroups below count for themselves."""
    return table(read_or(directory, "memory.oom_control")).get("oom_kill", 0)


def oom_kills_v2(directory: str) -> int:
    """Processes the OOM killer took from this cgroup and those below."""
    return table(read_or(directory, "memory.events")).get("oom_kill", 0)


def _refuse_below_usage(directory: str, usage_file: str, memory: Memory) -> None:
    """OCI ``checkBeforeUpdate``: refuse a limit below the usage instead of letting the OOM killer run."""
    limit = memory.get("limit")
    if memory.get("checkBeforeUpdate") and limit and limit > 0:
        usage = number(read(directory, usage_file))
        if usage > limit:
            raise KernelError(EBUSY, f"limit memory to {limit} bytes below the {usage} in use of", directory)


def _value(limit: int) -> str:
    return "max" if limit < 0 else str(limit)
