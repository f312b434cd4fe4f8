"""Limits, in Docker's words and in the runtime specification's: pure."""

from collections.abc import Sequence
from typing import Any

from wherry.engine.containers.model import Resources
from wherry.kit.errors import Invalid

_MINIMUM_MEMORY = 6 << 20
# moby/profiles: what a container may use of the devices (the runtime adds the terminals).
_ALLOWED = ((1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (5, 0), (5, 1), (5, 2))


def _rule(kind: str, major: int | None, minor: int | None, access: str) -> dict[str, Any]:
    rule: dict[str, Any] = {"allow": True, "type": kind, "access": access}
    if major is not None:
        rule["major"] = major
    if minor is not None:
        rule["minor"] = minor
    return rule


def device_rules(privileged: bool, extra: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    if privileged:
        return [{"allow": True, "access": "rwm"}]
    return [
        {"allow": False, "access": "rwm"},
        _rule("c", None, None, "m"),
        _rule("b", None, None, "m"),
        *(_rule("c", major, minor, "rwm") for major, minor in _ALLOWED),
        _rule("c", 136, None, "rwm"),
        *extra,
    ]


def oci(host: Resources, devices: Sequence[dict[str, Any]], rules: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """``linux.resources`` of a container; ``rules`` are those of its own devices."""
    result = limits(host)
    privileged = bool(getattr(host, "Privileged", False))
    result["devices"] = device_rules(privileged, rules)
    return result


def limits(host: Resources) -> dict[str, Any]:
    """Memory, processors, processes, block devices; only what was asked for."""
    result: dict[str, Any] = {}
    memory: dict[str, Any] = {}
    if host.Memory:
        memory["limit"] = host.Memory
        memory["swap"] = host.MemorySwap or 2 * host.Memory
    elif host.MemorySwap:
        memory["swap"] = host.MemorySwap
    if host.MemoryReservation:
        memory["reservation"] = host.MemoryReservation
    if host.MemorySwappiness not in (None, -1):
        memory["swappiness"] = host.MemorySwappiness
    if host.OomKillDisable:
        memory["disableOOMKiller"] = True
    cpu = _cpu(host)
    if memory:
        result["memory"] = memory
    if cpu:
        result["cpu"] = cpu
    if host.PidsLimit:
        result["pids"] = {"limit": host.PidsLimit}
    if host.BlkioWeight:
        result["blockIO"] = {"weight": host.BlkioWeight}
    return result


def _cpu(host: Resources) -> dict[str, Any]:
    cpu: dict[str, Any] = {}
    if host.CpuShares:
        cpu["shares"] = host.CpuShares
    if host.NanoCpus:
        cpu["period"] = 100_000
        cpu["quota"] = host.NanoCpus * 100_000 // 1_000_000_000
    if host.CpuPeriod:
        cpu["period"] = host.CpuPeriod
    if host.CpuQuota:
        cpu["quota"] = host.CpuQuota
    if host.CpusetCpus:
        cpu["cpus"] = host.CpusetCpus
    if host.CpusetMems:
        cpu["mems"] = host.CpusetMems
    return cpu


def check(host: Resources, processors: int) -> list[str]:
    """Refuse limits that cannot be, in Docker's words; return warnings."""
    if host.Memory and host.Memory < _MINIMUM_MEMORY:
        raise Invalid("Minimum memory limit allowed is 6MB")
    if host.Memory < 0:
        raise Invalid("invalid memory limit: it cannot be negative")
    if host.MemorySwap > 0 and not host.Memory:
        raise Invalid("You should always set the Memory limit when using Memoryswap limit, see usage")
    if host.Memory and host.MemorySwap > 0 and host.MemorySwap < host.Memory:
        raise Invalid("Minimum memoryswap limit should be larger than memory limit, see usage")
    if host.Memory and host.MemoryReservation > host.Memory:
        raise Invalid("Minimum memory limit can not be less than memory reservation limit, see usage")
    swappiness = host.MemorySwappiness
    if swappiness is not None and swappiness != -1 and not 0 <= swappiness <= 100:
        raise Invalid(f"Invalid value: {swappiness}, valid memory swappiness range is 0-100")
    if host.NanoCpus and (host.CpuPeriod or host.CpuQuota):
        other = "CPU Period" if host.CpuPeriod else "CPU Quota"
        raise Invalid(f"Conflicting options: Nano CPUs and {other} cannot both be set.")
    if host.NanoCpus < 0 or host.NanoCpus > processors * 1_000_000_000:
        raise Invalid(f"Range of CPUs is from 0.01 to {processors}.00, as there are only {processors} CPUs available")
    if host.CpuPeriod and not 1000 <= host.CpuPeriod <= 1_000_000:
        raise Invalid("CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)")
    if 0 < host.CpuQuota < 1000:
        raise Invalid("CPU cfs quota can not be less than 1ms (i.e. 1000)")
    if host.BlkioWeight and not 10 <= host.BlkioWeight <= 1000:
        raise Invalid("Range of blkio weight is from 10 to 1000")
    return []
