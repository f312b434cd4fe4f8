"""Limits in the words of the engine and of the runtime specification: pure."""

from collections.abc import Iterable
from typing import Any

import msgspec

from wherry.engine.containers.model import HostConfig
from wherry.node.pods.runtime import Limits

_USUAL_SHARES, _LEAST_SHARES, _MOST_SHARES = 1024, 2, 262144
Document = dict[str, Any]


def of_new(limits: Limits) -> Document:
    """Of a cgroup that has just been made: what is not said stays as it is. No swap: memory and swap have one limit."""
    memory = {"limit": limits.memory_bytes, "swap": limits.memory_bytes} if limits.memory_bytes else {}
    cpu: Document = {"shares": limits.cpu_shares} if limits.cpu_shares else {}
    if limits.cpu_quota_us:
        cpu |= {"quota": limits.cpu_quota_us, "period": limits.cpu_period_us}
    pids = {"limit": limits.pids} if limits.pids else {}
    return {name: part for name, part in (("memory", memory), ("cpu", cpu), ("pids", pids)) if part}


def of_running(limits: Limits) -> Document:
    """Everything, because what is not limited any more may have been. -1, and 0 processes, are no limit."""
    memory = limits.memory_bytes or -1
    return {
        "memory": {"limit": memory, "swap": memory},
        "cpu": {
            "shares": limits.cpu_shares or _USUAL_SHARES,
            "quota": limits.cpu_quota_us or -1,
            "period": limits.cpu_period_us,
        },
        "pids": {"limit": limits.pids or 0},
    }


def put(host: HostConfig, limits: Limits, least_oom_score_adj: int) -> HostConfig:
    """The container's configuration with these limits. ``least_oom_score_adj``: lower than that we may not set it."""
    return msgspec.structs.replace(
        host,
        Memory=limits.memory_bytes or 0,
        MemorySwap=limits.memory_bytes or 0,
        CpuShares=limits.cpu_shares or 0,
        CpuQuota=limits.cpu_quota_us or 0,
        CpuPeriod=limits.cpu_period_us if limits.cpu_quota_us else 0,
        PidsLimit=limits.pids or None,
        OomScoreAdj=max(limits.oom_score_adj, least_oom_score_adj),
    )


def class_shares(qos: str, pods: Iterable[Limits]) -> int:
    """What a class of pods gets beside the others: what its pods ask for together; best effort, the least there is
    (pkg/kubelet/cm/qos_container_manager_linux.go)."""
    if qos.lower() == "besteffort":
        return _LEAST_SHARES
    return min(max(sum(one.cpu_shares or 0 for one in pods), _LEAST_SHARES), _MOST_SHARES)


def machine_shares(processors: int, reserved_millicpu: int = 0) -> int:
    """What all pods get beside the other containers."""
    millicpu = max(processors * 1000 - reserved_millicpu, 0)
    return min(max(millicpu * _USUAL_SHARES // 1000, _LEAST_SHARES), _MOST_SHARES)
