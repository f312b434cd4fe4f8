"""What a container may use, and that its neighbours do not feel it when it wants more (E13)."""

import time
from pathlib import Path

import pytest

from tests.kernel.rig import Rig, wait_until
from wherry.linux.cgroup import Cgroup, layout

FORK_BOMB = ["sh", "-c", "(bomb() { bomb | bomb & }; while :; do bomb; done) & exec sleep 600"]
FULL_HOUSE = ["sh", "-c", "(while :; do sleep 600 & done) & exec sleep 600"]
# A variable that doubles: busybox's shell keeps it all in its own memory.
MEMORY_HOG = ["sh", "-c", "x=0123456789abcdef; while :; do x=$x$x; done"]
PATIENT = ["sh", "-c", "trap exit TERM; while :; do sleep 0.1; done"]


def answers(container: object) -> bool:
    """Whether a neighbour can still be used."""
    code, _ = container.exec_run(["true"])  # type: ignore[attr-defined]
    return bool(code == 0)


def cgroup_of(rig: Rig, container_id: str) -> Cgroup:
    return Cgroup.at(f"{rig.names.cgroup_parent}/{container_id}", layout())


@pytest.mark.parametrize("command", [FORK_BOMB, FULL_HOUSE], ids=["bomb", "full house"])
def test_a_fork_bomb_hurts_only_itself(instance: Rig, command: list[str]) -> None:
    neighbour = instance.run(*PATIENT)
    bomb = instance.run(*command, pids_limit=50)
    group = cgroup_of(instance, bomb.id)
    if command is FULL_HOUSE:
        wait_until(lambda: group.stats().pids.current >= 49)
    assert all(answers(neighbour) for _ in range(10))
    assert group.stats().pids.current <= group.stats().pids.limit == 50
    bomb.remove(force=True)
    wait_until(lambda: not group.exists())
    neighbour.reload()
    assert neighbour.status == "running"


def test_an_exec_into_a_full_house_is_refused_with_the_reason(instance: Rig) -> None:
    full = instance.run(*FULL_HOUSE, pids_limit=20)
    wait_until(lambda: cgroup_of(instance, full.id).stats().pids.current >= 20)
    answer = full.exec_run(["true"])
    assert answer.exit_code == 126
    assert b"Resource temporarily unavailable" in answer.output


def test_a_memory_hog_is_killed_alone_and_inspect_says_so(instance: Rig) -> None:
    neighbour = instance.run(*PATIENT, mem_limit="32m")
    hog = instance.run(*MEMORY_HOG, mem_limit="32m")
    answer = hog.wait(timeout=60)
    assert answer["StatusCode"] == 137
    hog.reload()
    assert hog.attrs["State"]["OOMKilled"] is True
    assert hog.attrs["State"]["ExitCode"] == 137
    assert answers(neighbour)
    neighbour.reload()
    assert neighbour.attrs["State"]["OOMKilled"] is False


def test_a_child_that_is_killed_for_memory_is_told_as_well(instance: Rig) -> None:
    container = instance.run(
        "sh", "-c", 'sh -c "$1"; echo child ended with $?; exit 3', "sh", MEMORY_HOG[2], mem_limit="32m"
    )
    assert container.wait(timeout=60)["StatusCode"] == 3
    container.reload()
    assert container.attrs["State"]["OOMKilled"] is True
    assert b"child ended with 137" in container.logs()


def test_a_quota_is_kept(instance: Rig) -> None:
    container = instance.run("sh", "-c", "while :; do :; done", nano_cpus=20_000_000)  # less than it has among others
    group = cgroup_of(instance, container.id)
    wait_until(lambda: group.stats().cpu.throttled_periods > 3)

    def share() -> float:
        """At most: who is held up here measures less."""
        begin, before = time.monotonic_ns(), group.stats().cpu.total_nanoseconds
        time.sleep(2)
        return (group.stats().cpu.total_nanoseconds - before) / (time.monotonic_ns() - begin)

    wait_until(lambda: share() < 0.1)


def test_a_container_sees_the_processors_it_was_given(instance: Rig) -> None:
    container = instance.run("nproc", cpuset_cpus="0")
    assert container.wait(timeout=60)["StatusCode"] == 0
    assert container.logs().strip() == b"1"


def test_an_impossible_limit_is_refused_and_leaves_nothing(instance: Rig) -> None:
    with pytest.raises(Exception, match=r"(?i)cpu"):
        instance.run("true", cpuset_cpus="0-4000", name="impossible")
    left = [c for c in instance.docker.containers.list(all=True) if c.status == "running"]
    assert left == []


def test_limits_are_changed_while_it_runs(instance: Rig) -> None:
    container = instance.run(*PATIENT, mem_limit="32m", pids_limit=20)
    group = cgroup_of(instance, container.id)
    container.update(mem_limit="128m", memswap_limit="128m")
    assert group.stats().memory.limit_bytes == 128 << 20
    container.update(mem_limit="24m", memswap_limit="24m")
    assert group.stats().memory.limit_bytes == 24 << 20
    assert group.stats().pids.limit == 20


def test_what_it_uses_is_reported(instance: Rig) -> None:
    container = instance.run(*PATIENT, mem_limit="64m", pids_limit=30)
    stats = container.stats(stream=False)
    assert stats["memory_stats"]["limit"] == 64 << 20
    assert stats["memory_stats"]["usage"] > 0
    assert stats["cpu_stats"]["cpu_usage"]["total_usage"] > 0
    assert stats["pids_stats"]["current"] >= 1
    assert stats["pids_stats"]["limit"] == 30


def test_a_paused_container_stands_still_and_can_be_killed(instance: Rig) -> None:
    container = instance.run("sh", "-c", "while :; do :; done")
    group = cgroup_of(instance, container.id)
    container.pause()

    def stands_still() -> bool:
        """What it used last is written down a moment after it is stopped."""
        used = group.stats().cpu.total_nanoseconds
        time.sleep(0.3)
        return group.stats().cpu.total_nanoseconds == used

    wait_until(stands_still)
    before = group.stats().cpu.total_nanoseconds
    container.unpause()
    wait_until(lambda: group.stats().cpu.total_nanoseconds > before)
    container.pause()
    container.remove(force=True)
    wait_until(lambda: not group.exists())


def test_a_container_cannot_loosen_its_own_limits(instance: Rig) -> None:
    """Its cgroups are there to look at, read-only (CVE-2022-0492's way out is closed)."""
    script = (
        "for f in $(find /sys/fs/cgroup -name '*.max' -o -name '*limit_in_bytes' -o -name 'release_agent'"
        " -o -name 'devices.allow' -o -name cgroup.procs); do"
        " if (echo 1 > $f) 2>/dev/null; then echo WROTE $f; fi; done;"
        " grep cgroup /proc/self/mounts | grep -v ' ro[, ]'; ls /sys/fs/cgroup"
    )
    container = instance.run("sh", "-c", script, mem_limit="32m")
    container.wait(timeout=60)
    text = container.logs().decode()
    assert "WROTE" not in text
    assert "cgroup rw" not in text
    assert text.strip(), "the cgroups are to be seen"


@pytest.mark.parametrize("parent", ["../../x", "/a/../../b"])
def test_a_cgroup_parent_that_leads_elsewhere_is_refused(instance: Rig, parent: str) -> None:
    """E10."""
    with pytest.raises(Exception, match=r"(?i)cgroup"):
        instance.run("true", cgroup_parent=parent)
    assert not Path("/sys/fs/cgroup/x").exists()
