"""Figures of a running container in Docker's JSON, from its cgroup and its network namespace."""

import os
from pathlib import Path
from typing import Any

from wherry.engine.containers.row import Container
from wherry.engine.containers.views import timestamp
from wherry.linux.cgroup import Stats

_FIELDS = ("rx_bytes", "rx_packets", "rx_errors", "rx_dropped", "tx_bytes", "tx_packets", "tx_errors", "tx_dropped")
_COLUMNS = (0, 1, 2, 3, 8, 9, 10, 11)  # proc_pid_net(5), /proc/PID/net/dev


def document(container: Container, figures: Stats | None, now: int, before: dict[str, Any] | None) -> dict[str, Any]:
    """One sample; ``figures`` None: it does not run. The processor figures of ``before`` become ``precpu_stats``."""
    sample: dict[str, Any] = {
        "id": container.id,
        "name": f"/{container.name}",
        "os_type": "linux",
        "read": timestamp(now),
        "preread": before["read"] if before else timestamp(0),
        "num_procs": 0,
        "storage_stats": {},
        "precpu_stats": before["cpu_stats"] if before else _no_cpu(),
        "cpu_stats": _no_cpu(),
        "memory_stats": {},
        "pids_stats": {},
        "blkio_stats": {"io_service_bytes_recursive": None},
        "networks": {},
    }
    if figures is not None:
        sample |= _used(figures)
        sample["networks"] = interfaces(container.pid)
    return sample


def _used(figures: Stats) -> dict[str, Any]:
    total = _total_memory()
    return {
        "cpu_stats": _cpu(figures),
        "memory_stats": {
            "usage": figures.memory.usage_bytes,
            "max_usage": figures.memory.max_usage_bytes,
            "failcnt": figures.memory.failures,
            "limit": min(figures.memory.limit_bytes or total, total),
            "stats": dict(figures.memory.detail),
        },
        "pids_stats": {"current": figures.pids.current, "limit": figures.pids.limit or 0},
        "blkio_stats": {
            "io_service_bytes_recursive": [
                {"major": one.major, "minor": one.minor, "op": one.operation, "value": one.value}
                for one in figures.block.service_bytes
            ]
        },
    }


def _cpu(figures: Stats) -> dict[str, Any]:
    cpu = figures.cpu
    usage: dict[str, Any] = {
        "total_usage": cpu.total_nanoseconds,
        "usage_in_kernelmode": cpu.system_nanoseconds,
        "usage_in_usermode": cpu.user_nanoseconds,
    }
    if cpu.per_cpu_nanoseconds:
        usage["percpu_usage"] = list(cpu.per_cpu_nanoseconds)
    throttled = {
        "periods": cpu.periods,
        "throttled_periods": cpu.throttled_periods,
        "throttled_time": cpu.throttled_nanoseconds,
    }
    return {
        "cpu_usage": usage,
        "system_cpu_usage": system_nanoseconds(),
        "online_cpus": os.cpu_count() or 1,
        "throttling_data": throttled,
    }


def _no_cpu() -> dict[str, Any]:
    return {
        "cpu_usage": {"total_usage": 0, "usage_in_kernelmode": 0, "usage_in_usermode": 0},
        "throttling_data": {"periods": 0, "throttled_periods": 0, "throttled_time": 0},
    }


def system_nanoseconds() -> int:
    """All processors' time since boot (proc_stat(5))."""
    words = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    return sum(map(int, words)) * (1_000_000_000 // os.sysconf("SC_CLK_TCK"))


def _total_memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def interfaces(pid: int) -> dict[str, dict[str, int]]:
    try:
        lines = Path(f"/proc/{pid}/net/dev").read_text().splitlines()[2:]
    except OSError:
        return {}
    result = {}
    for line in lines:
        name, _, numbers = line.partition(":")
        if name.strip() != "lo":
            columns = numbers.split()
            result[name.strip()] = {
                field: int(columns[column]) for field, column in zip(_FIELDS, _COLUMNS, strict=True)
            }
    return result
