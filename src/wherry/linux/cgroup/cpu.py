"""The cpu and cpuacct controllers (Documentation/scheduler/sched-bwc.rst; cgroup-v2.rst, "CPU")."""

import math
from collections.abc import Mapping
from errno import ENOTSUP
from typing import Any

from wherry.linux.cgroup.files import number, read_or, settle, table, write
from wherry.linux.cgroup.stats import CpuStats
from wherry.linux.errors import KernelError

Cpu = Mapping[str, Any]  # the OCI document's linux.resources.cpu

# cpuacct.stat counts in USER_HZ, which is 100 but on alpha and ia64 (include/asm-generic/param.h).
_TICK_NANOSECONDS = 10_000_000


def limit_v1(directory: str, cpu: Cpu) -> None:
    if cpu.get("idle") is not None:
        write(directory, "cpu.idle", cpu["idle"])
    if cpu.get("shares") and not cpu.get("idle"):
        write(directory, "cpu.shares", cpu["shares"])
    files = (
        ("realtimePeriod", "cpu.rt_period_us"),
        ("realtimeRuntime", "cpu.rt_runtime_us"),
        ("period", "cpu.cfs_period_us"),
        ("quota", "cpu.cfs_quota_us"),
    )
    values = [(name, cpu[key]) for key, name in files if cpu.get(key)]
    if cpu.get("burst") is not None:
        values.append(("cpu.cfs_burst_us", cpu["burst"]))
    settle(directory, values)


def limit_v2(directory: str, cpu: Cpu) -> None:
    if cpu.get("realtimePeriod") or cpu.get("realtimeRuntime"):
        raise KernelError(ENOTSUP, "limit real-time scheduling, which cgroup version 2 cannot, of", directory)
    if cpu.get("idle") is not None:
        write(directory, "cpu.idle", cpu["idle"])
    if cpu.get("shares") and not cpu.get("idle"):
        write(directory, "cpu.weight", weight(cpu["shares"]))
    values: list[tuple[str, str | int]] = []
    quota, period = cpu.get("quota"), cpu.get("period")
    if quota or period:
        # "max 50000" or "20000 50000"; without the second number the kernel keeps the period (cpu_period_quota_parse).
        amount = str(quota) if quota and quota > 0 else "max"
        values.append(("cpu.max", f"{amount} {period}" if period else amount))
    if cpu.get("burst") is not None:
        values.append(("cpu.max.burst", cpu["burst"]))
    settle(directory, values)


def weight(shares: int) -> int:
    """cpu.weight (1 to 10000, default 100) from cpu.shares (2 to 262144, default 1024).

    A curve through (2, 1), (1024, 100) and (262144, 10000), so that defaults meet: the one that runc, crun and
    Kubernetes use since 2025 (kubernetes/enhancements 2254; opencontainers/cgroups,
    ``ConvertCPUSharesToCgroupV2Value``).
    The straight line used before gave the default share a weight of 39, less than half of what neighbours have.
    """
    if shares <= 2:
        return 1
    if shares >= 262144:
        return 10000
    exponent = math.log2(shares)
    return math.ceil(10 ** ((exponent * exponent + 125 * exponent) / 612 - 7 / 34))


def stats_v1(cpu: str | None, cpuacct: str | None) -> CpuStats:
    """From the directories of both controllers; None where one is not mounted."""
    throttling = table(read_or(cpu, "cpu.stat")) if cpu else {}
    ticks = table(read_or(cpuacct, "cpuacct.stat")) if cpuacct else {}
    return CpuStats(
        total_nanoseconds=number(read_or(cpuacct, "cpuacct.usage")) if cpuacct else 0,
        user_nanoseconds=ticks.get("user", 0) * _TICK_NANOSECONDS,
        system_nanoseconds=ticks.get("system", 0) * _TICK_NANOSECONDS,
        per_cpu_nanoseconds=tuple(map(int, read_or(cpuacct, "cpuacct.usage_percpu").split())) if cpuacct else (),
        periods=throttling.get("nr_periods", 0),
        throttled_periods=throttling.get("nr_throttled", 0),
        throttled_nanoseconds=throttling.get("throttled_time", 0),
    )


def stats_v2(directory: str) -> CpuStats:
    counts = table(read_or(directory, "cpu.stat"))
    return CpuStats(
        total_nanoseconds=counts.get("usage_usec", 0) * 1000,
        user_nanoseconds=counts.get("user_usec", 0) * 1000,
        system_nanoseconds=counts.get("system_usec", 0) * 1000,
        periods=counts.get("nr_periods", 0),
        throttled_periods=counts.get("nr_throttled", 0),
        throttled_nanoseconds=counts.get("throttled_usec", 0) * 1000,
    )
