"""``docker update``."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.engine.containers.harness import Daemon, Machine
from wherry.engine.containers.model import HostConfig, RestartRule, UpdateConfig
from wherry.engine.containers.updating import changed, limits
from wherry.kit.errors import Conflict, Invalid

MEGABYTE = 1 << 20


def test_what_is_not_said_stays() -> None:
    host = HostConfig(Memory=64 * MEGABYTE, CpuShares=100, Binds=["/a:/a"])
    assert changed(host, UpdateConfig()) == host
    assert changed(host, UpdateConfig(CpuShares=200)) == HostConfig(
        Memory=64 * MEGABYTE, CpuShares=200, Binds=["/a:/a"]
    )


def test_a_limit_above_the_swap_needs_a_new_swap_too() -> None:
    host = HostConfig(Memory=64 * MEGABYTE)
    with pytest.raises(Conflict, match="update the memoryswap at the same time"):
        changed(host, UpdateConfig(Memory=200 * MEGABYTE))
    assert changed(host, UpdateConfig(Memory=200 * MEGABYTE, MemorySwap=-1)).Memory == 200 * MEGABYTE
    assert changed(host, UpdateConfig(Memory=100 * MEGABYTE)).Memory == 100 * MEGABYTE


@pytest.mark.parametrize(
    ("host", "wanted", "words"),
    [
        ({"NanoCpus": 10**9}, {"CpuQuota": 1000}, "CPU Quota cannot be updated as NanoCPUs has already been set"),
        ({"NanoCpus": 10**9}, {"CpuPeriod": 1000}, "CPU Period cannot be updated as NanoCPUs has already been set"),
        ({"CpuQuota": 1000}, {"NanoCpus": 10**9}, "Nano CPUs cannot be updated as CPU Quota has already been set"),
    ],
)
def test_options_that_contradict_what_is_set_are_refused(
    host: dict[str, Any], wanted: dict[str, Any], words: str
) -> None:
    with pytest.raises(Conflict, match=words):
        changed(HostConfig(**host), UpdateConfig(**wanted))


def test_a_policy_cannot_be_given_to_what_removes_itself() -> None:
    wanted = UpdateConfig(RestartPolicy=RestartRule(Name="always"))
    with pytest.raises(Invalid, match="because AutoRemove is enabled"):
        changed(HostConfig(AutoRemove=True), wanted)
    assert changed(HostConfig(), wanted).RestartPolicy.Name == "always"


def test_no_limit_of_processes_is_set_too() -> None:
    wanted = UpdateConfig(PidsLimit=-1)
    assert limits(changed(HostConfig(PidsLimit=5), wanted), wanted)["pids"] == {"limit": -1}


@given(st.integers(0, 1000), st.integers(6 * MEGABYTE, 1 << 40), st.one_of(st.none(), st.integers(-1, 100)))
def test_the_same_update_twice_changes_nothing_more(shares: int, memory: int, pids: int | None) -> None:
    wanted = UpdateConfig(CpuShares=shares, Memory=memory, MemorySwap=-1, PidsLimit=pids)
    once = changed(HostConfig(Memory=MEGABYTE), wanted)
    assert changed(once, wanted) == once


async def test_a_running_container_is_limited_at_once(daemon: Daemon, machine: Machine) -> None:
    container = await daemon.run()
    await daemon.containers.update(container, UpdateConfig(CpuShares=77))
    assert machine.groups[f"/wherry-12345678/{container}"].calls == [{"cpu": {"shares": 77}}]
    assert daemon.containers.inspect(container)["HostConfig"]["CpuShares"] == 77
    assert daemon.actions()[-1] == "update"


async def test_what_the_kernel_refuses_is_not_written_down(daemon: Daemon, machine: Machine) -> None:
    container = await daemon.run()
    machine.group(f"/wherry-12345678/{container}").fail = OSError(16, "busy")  # type: ignore[attr-defined]
    with pytest.raises(OSError, match="busy"):
        await daemon.containers.update(container, UpdateConfig(CpuShares=77))
    assert daemon.containers.inspect(container)["HostConfig"]["CpuShares"] == 0


async def test_a_container_that_does_not_run_is_limited_at_its_next_start(daemon: Daemon, machine: Machine) -> None:
    container = await daemon.create()
    await daemon.containers.update(container, UpdateConfig(PidsLimit=9))
    assert not machine.groups
    await daemon.containers.start(container)
    assert machine.task(container).spec.config["linux"]["resources"]["pids"] == {"limit": 9}
