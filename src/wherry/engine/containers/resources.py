"""Limits, in Docker's words and in the runtime specification's: pure."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from wherry.engine.containers.model import Resources
from wherry.kit.errors import Invalid

_MINIMUM_MEMORY = 6 << 20  # moby, daemon_unix.go: linuxMinMemory
_BILLION = 1_000_000_000
_PERIOD = 100_000  # microseconds: what --cpus is a share of
# moby/profiles: what a container may use of the devices (the runtime adds the terminals).
_ALLOWED = ((1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (5, 0), (5, 1), (5, 2))
_CPUSET = re.compile(r"\d{1,5}(-\d{1,5})?(,\d{1,5}(-\d{1,5})?)*")

Document = dict[str, Any]


def device_rules(privileged: bool, extra: Sequence[Document]) -> list[Document]:
    """Nothing but these. Unlike runc's, the list lets nobody make (``m``) the device file of a disk either."""
    if privileged:
        return [{"allow": True, "access": "rwm"}]
    return [
        {"allow": False, "access": "rwm"},
        *(_rule("c", major, minor, "rwm") for major, minor in _ALLOWED),
        _rule("c", 136, None, "rwm"),
        *extra,
    ]


def _rule(kind: str, major: int, minor: int | None, access: str) -> Document:
    rule: Document = {"allow": True, "type": kind, "major": major, "access": access}
    return rule if minor is None else {**rule, "minor": minor}


def limits(host: Resources, throttles: Mapping[str, Any] | None = None) -> Document:
    """``linux.resources`` without devices; only what was asked for. ``throttles`` is of block devices, by number."""
    block: Document = {"weight": host.BlkioWeight} if host.BlkioWeight else {}
    pids: Document = {"limit": host.PidsLimit} if host.PidsLimit else {}
    parts: Document = {
        "memory": _memory(host),
        "cpu": _cpu(host),
        "pids": pids,
        "blockIO": block | dict(throttles or {}),
    }
    return {name: part for name, part in parts.items() if part}


def _memory(host: Resources) -> Document:
    values: Document = {
        "limit": host.Memory,
        "swap": host.MemorySwap or (2 * host.Memory if host.Memory > 0 else 0),
        "reservation": host.MemoryReservation,
    }
    memory = {name: value for name, value in values.items() if value}
    if host.MemorySwappiness not in (None, -1):
        memory["swappiness"] = host.MemorySwappiness
    if host.OomKillDisable:
        memory["disableOOMKiller"] = True
    return memory


def _cpu(host: Resources) -> Document:
    values: Document = {
        "shares": host.CpuShares,
        "period": host.CpuPeriod,
        "quota": host.CpuQuota,
        "cpus": host.CpusetCpus,
        "mems": host.CpusetMems,
    }
    if host.NanoCpus:
        values |= {"period": _PERIOD, "quota": host.NanoCpus * _PERIOD // _BILLION}
    return {name: value for name, value in values.items() if value}


def check(host: Resources, processors: Collection[int]) -> None:
    """Refuse limits that cannot be, in Docker's words (moby, daemon_unix.go: verifyPlatformContainerResources)."""
    _check_memory(host)
    _check_cpu(host, processors)
    if host.BlkioWeight and not 10 <= host.BlkioWeight <= 1000:
        raise Invalid("Range of blkio weight is from 10 to 1000")
    for device in host.BlkioWeightDevice or ():
        if device.Weight and not 10 <= device.Weight <= 1000:
            raise Invalid(f"Range of blkio weight is from 10 to 1000: {device.Path}:{device.Weight}")


def _check_memory(host: Resources) -> None:
    if host.Memory < 0:
        raise Invalid("invalid memory limit: it cannot be negative")
    if 0 < host.Memory < _MINIMUM_MEMORY:
        raise Invalid("Minimum memory limit allowed is 6MB")
    if host.MemorySwap > 0 and not host.Memory:
        raise Invalid("You should always set the Memory limit when using Memoryswap limit, see usage")
    if host.Memory and 0 < host.MemorySwap < host.Memory:
        raise Invalid("Minimum memoryswap limit should be larger than memory limit, see usage")
    swappiness = host.MemorySwappiness
    if swappiness is not None and swappiness != -1 and not 0 <= swappiness <= 100:
        raise Invalid(f"Invalid value: {swappiness}, valid memory swappiness range is 0-100")
    if 0 < host.MemoryReservation < _MINIMUM_MEMORY:
        raise Invalid("Minimum memory reservation allowed is 6MB")
    if 0 < host.Memory < host.MemoryReservation:
        raise Invalid("Minimum memory limit can not be less than memory reservation limit, see usage")


def _check_cpu(host: Resources, processors: Collection[int]) -> None:
    if host.NanoCpus and (host.CpuPeriod or host.CpuQuota):
        other = "CPU Period" if host.CpuPeriod else "CPU Quota"
        raise Invalid(f"Conflicting options: Nano CPUs and {other} cannot both be set")
    count = len(processors)
    if host.NanoCpus < 0 or host.NanoCpus > count * _BILLION or 0 < host.NanoCpus < _BILLION // 100:
        raise Invalid(f"Range of CPUs is from 0.01 to {count}.00, as there are only {count} CPUs available")
    if host.CpuPeriod and not 1000 <= host.CpuPeriod <= 1_000_000:
        raise Invalid("CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)")
    if 0 < host.CpuQuota < 1000:
        raise Invalid("CPU cfs quota can not be less than 1ms (i.e. 1000)")
    if host.CpuShares < 0:
        raise Invalid(f"invalid CPU shares: {host.CpuShares}: it cannot be negative")
    wanted = _numbers(host.CpusetCpus, "cpus")
    if not wanted <= set(processors):
        available = ",".join(map(str, sorted(processors)))
        raise Invalid(f"Requested CPUs are not available - requested {host.CpusetCpus}, available: {available}")
    _numbers(host.CpusetMems, "mems")


def _numbers(text: str, what: str) -> set[int]:
    """``0-2,4``."""
    if not text:
        return set()
    refusal = f"Invalid value {text} for cpuset {what}"
    if not _CPUSET.fullmatch(text):
        raise Invalid(refusal)
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        if int(last or first) < int(first):
            raise Invalid(refusal)
        found |= set(range(int(first), int(last or first) + 1))
    return found
