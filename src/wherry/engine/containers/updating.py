"""``docker update``: change a container's limits and restart policy, those of a running one at once."""

import asyncio
import os
from typing import Any

import msgspec

from wherry.engine.containers import resources, validate
from wherry.engine.containers.model import HostConfig, State, UpdateConfig
from wherry.engine.containers.row import Container
from wherry.engine.containers.surroundings import Surroundings
from wherry.kit.errors import Conflict, Invalid

_UPDATABLE = (
    "CpuShares", "Memory", "NanoCpus", "BlkioWeight", "CpuPeriod", "CpuQuota", "CpusetCpus", "CpusetMems",
    "MemoryReservation", "MemorySwap",
)  # fmt: skip


async def update(around: Surroundings, container: Container, wanted: UpdateConfig) -> list[str]:
    """All of it or nothing; warnings. The container's lock is held."""
    if container.state in (State.REMOVING, State.DEAD):
        raise Conflict(f"container {container.id} is marked for removal and cannot be updated")
    host = changed(container.host, wanted)
    resources.check(host, os.sched_getaffinity(0))
    if container.pid:
        group = around.group(around.cgroup(container))
        await asyncio.to_thread(group.apply, limits(host, wanted))
    container.host = host
    around.registry.save(container)
    around.tell(container, "update")
    return []


def changed(host: HostConfig, wanted: UpdateConfig) -> HostConfig:
    """The configuration with what was asked for: pure. Conflict and Invalid in Docker's words."""
    changes: dict[str, Any] = {name: getattr(wanted, name) for name in _UPDATABLE if getattr(wanted, name)}
    if wanted.PidsLimit is not None:
        changes["PidsLimit"] = max(wanted.PidsLimit, 0)
    _check_memory(host, changes)
    for name, words in (("CpuPeriod", "CPU Period"), ("CpuQuota", "CPU Quota")):
        if changes.get(name) and host.NanoCpus:
            raise Conflict(f"Conflicting options: {words} cannot be updated as NanoCPUs has already been set")
        if changes.get("NanoCpus") and getattr(host, name):
            raise Conflict(f"Conflicting options: Nano CPUs cannot be updated as {words} has already been set")
    policy = wanted.RestartPolicy
    if policy is not None and policy.Name:
        if host.AutoRemove and policy.Name != "no":
            raise Invalid("Restart policy cannot be updated because AutoRemove is enabled for the container")
        validate.check_policy(policy, host.AutoRemove)
        changes["RestartPolicy"] = policy
    return msgspec.structs.replace(host, **changes)


def _check_memory(host: HostConfig, changes: dict[str, Any]) -> None:
    """A limit above the swap that was set, explicitly or as its double, would have to change that too."""
    swap = host.MemorySwap or 2 * host.Memory
    if 0 < swap < changes.get("Memory", 0) and not changes.get("MemorySwap"):
        raise Conflict(
            "Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time"
        )


def limits(host: HostConfig, wanted: UpdateConfig) -> dict[str, Any]:
    """What to set of a running container's cgroup; no limit of processes is one to be set, too."""
    document = resources.limits(host)
    if wanted.PidsLimit is not None and not host.PidsLimit:
        document["pids"] = {"limit": -1}
    if host.MemorySwap == 0 and "memory" in document and not wanted.Memory:
        document["memory"].pop("swap", None)
    return document
