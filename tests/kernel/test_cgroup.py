"""The cgroup package on this machine's own hierarchies (version 2 on its own is tested in tests/vm)."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from tests.kernel.rig import wait_until
from wherry.linux.cgroup import Cgroup, Layout, layout
from wherry.linux.errors import KernelError

PARENT = f"/wherry-test{os.getpid()}"
DEVICES = [
    {"allow": False, "access": "rwm"},
    {"allow": True, "type": "c", "major": 1, "minor": 3, "access": "rwm"},
    {"allow": True, "type": "c", "major": 1, "minor": 5, "access": "r"},
]
Spawn = Callable[[Callable[[], None]], int]


@pytest.fixture(scope="module")
def machine() -> Layout:
    return layout()


@pytest.fixture
def cgroup(machine: Layout) -> Iterator[Cgroup]:
    """A new cgroup; afterwards it and its parent are gone from every hierarchy."""
    group = Cgroup.at(f"{PARENT}/one", machine)
    group.create()
    yield group
    parent = Cgroup.at(PARENT, machine)
    parent.kill()
    parent.delete()
    assert not parent.exists()


@pytest.fixture
def spawn(cgroup: Cgroup) -> Iterator[Spawn]:
    """Fork a process that enters the cgroup, runs a function and ends with code 0, or 1 when it raises."""
    pids: list[int] = []

    def inside(body: Callable[[], None]) -> int:
        ready, tell = os.pipe()
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                cgroup.attach(0)
                os.write(tell, b"x")
                body()
                code = 0
            finally:
                os._exit(code)
        pids.append(pid)
        os.close(tell)
        os.read(ready, 1)
        os.close(ready)
        return pid

    yield inside
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass


def sleep() -> NoReturn:
    """In a child: it is killed, or ends long after."""
    time.sleep(600)
    os._exit(1)


def spin() -> None:
    while True:
        pass


def end_of(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_create_and_delete_are_idempotent(cgroup: Cgroup) -> None:
    cgroup.create()
    assert cgroup.exists()
    cgroup.delete()
    cgroup.delete()
    assert not cgroup.exists()


def test_a_process_enters_every_hierarchy_by_itself(cgroup: Cgroup, spawn: Spawn, machine: Layout) -> None:
    pid = spawn(sleep)
    assert cgroup.pids() == [pid]
    lines = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
    inside = [line for line in lines if line.endswith(cgroup.path)]
    assert len(inside) == len(machine.legacy) + machine.relies_on_unified


def test_another_process_is_attached_to_every_hierarchy(cgroup: Cgroup, machine: Layout) -> None:
    pid = os.fork()
    if pid == 0:
        sleep()
    cgroup.attach(pid)
    lines = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
    assert len([line for line in lines if line.endswith(cgroup.path)]) == len(machine.hierarchies)
    cgroup.kill()
    assert end_of(pid) == -signal.SIGKILL


def test_a_child_enters_by_descriptors_opened_for_it(cgroup: Cgroup) -> None:
    fds = cgroup.open_entries()
    pid = os.fork()
    if pid == 0:
        try:
            os.setresuid(1000, 1000, 1000)  # the right to enter is the opener's
            for fd in fds:
                os.write(fd, b"0")
            sleep()
        finally:
            os._exit(1)
    for fd in fds:
        os.close(fd)
    wait_until(lambda: cgroup.pids() == [pid])
    cgroup.kill()
    assert end_of(pid) == -signal.SIGKILL


def test_more_processes_than_the_limit_cannot_be_forked(cgroup: Cgroup, spawn: Spawn) -> None:
    cgroup.apply({"pids": {"limit": 5}})

    def bomb() -> None:
        made = 0
        try:
            while made < 20:
                if os.fork() == 0:
                    sleep()
                made += 1
        except BlockingIOError:
            os._exit(made)

    assert end_of(spawn(bomb)) == 4
    assert cgroup.stats().pids.limit == 5


def test_a_memory_hog_is_killed_and_counted(cgroup: Cgroup, spawn: Spawn) -> None:
    cgroup.apply({"memory": {"limit": 32 << 20, "swap": 32 << 20}})
    assert cgroup.oom_kills() == 0
    assert end_of(spawn(lambda: print(len(bytearray(256 << 20))))) == -signal.SIGKILL
    assert cgroup.oom_kills() == 1
    assert cgroup.stats().memory.limit_bytes == 32 << 20


def test_what_is_used_is_counted_without_any_limit(cgroup: Cgroup, spawn: Spawn) -> None:
    def use() -> None:
        kept = bytearray(b"x") * (16 << 20)
        for _ in range(3_000_000):
            pass
        print(len(kept))
        sleep()

    spawn(use)
    wait_until(lambda: cgroup.stats().memory.working_set_bytes > 16 << 20)
    wait_until(lambda: cgroup.stats().cpu.total_nanoseconds > 10_000_000)
    stats = cgroup.stats()
    assert stats.pids.current == 1
    assert stats.pids.limit is None
    assert stats.memory.limit_bytes is None


@pytest.mark.parametrize("first, second", [(32, 256), (256, 32)])
def test_memory_and_swap_are_raised_and_lowered_together(cgroup: Cgroup, first: int, second: int) -> None:
    cgroup.apply({"memory": {"limit": first << 20, "swap": 2 * first << 20}})
    cgroup.apply({"memory": {"limit": second << 20, "swap": 2 * second << 20}})
    assert cgroup.stats().memory.limit_bytes == second << 20


def test_memory_is_made_unlimited_again(cgroup: Cgroup) -> None:
    cgroup.apply({"memory": {"limit": 32 << 20, "swap": 32 << 20}})
    cgroup.apply({"memory": {"limit": -1}})
    assert cgroup.stats().memory.limit_bytes is None


def test_a_quota_throttles(cgroup: Cgroup, spawn: Spawn) -> None:
    cgroup.apply({"cpu": {"quota": 1_000, "period": 50_000}})  # less than it has among others
    spawn(spin)
    wait_until(lambda: cgroup.stats().cpu.throttled_periods >= 5)

    def share() -> float:
        """At most: who is held up here measures less. A processor that is emulated may overdraw, and pays it back."""
        begin = time.monotonic_ns()
        before = cgroup.stats().cpu.total_nanoseconds
        time.sleep(1)
        return (cgroup.stats().cpu.total_nanoseconds - before) / (time.monotonic_ns() - begin)

    wait_until(lambda: share() < 0.1)


def test_processors_are_chosen(cgroup: Cgroup, spawn: Spawn) -> None:
    cgroup.apply({"cpu": {"cpus": "0", "mems": "0"}})
    assert os.sched_getaffinity(spawn(sleep)) == {0}


def test_device_rules_hold_and_change_while_running(cgroup: Cgroup, spawn: Spawn) -> None:
    cgroup.apply({"devices": DEVICES})

    def check() -> None:
        os.close(os.open("/dev/null", os.O_RDWR))
        os.close(os.open("/dev/zero", os.O_RDONLY))
        for path, flags in (("/dev/zero", os.O_WRONLY), ("/dev/full", os.O_RDONLY)):
            with pytest.raises(PermissionError):
                os.open(path, flags)

    assert end_of(spawn(check)) == 0
    cgroup.apply({"devices": [*DEVICES, {"allow": True, "type": "c", "major": 1, "minor": 7, "access": "rw"}]})
    assert end_of(spawn(lambda: os.close(os.open("/dev/full", os.O_RDWR)))) == 0
    cgroup.apply({"devices": [{"allow": True, "access": "rwm"}]})
    assert end_of(spawn(lambda: os.close(os.open("/dev/random", os.O_RDONLY)))) == 0


def test_freezing_stops_and_thawing_goes_on(cgroup: Cgroup, spawn: Spawn) -> None:
    spawn(spin)
    cgroup.freeze()

    def stands_still() -> bool:
        """A frozen process counts as one a moment before it leaves its processor, and its time is written down."""
        used = cgroup.stats().cpu.total_nanoseconds
        time.sleep(0.3)
        return cgroup.stats().cpu.total_nanoseconds == used

    wait_until(stands_still)
    stopped = cgroup.stats().cpu.total_nanoseconds
    cgroup.thaw()
    wait_until(lambda: cgroup.stats().cpu.total_nanoseconds > stopped)


@pytest.mark.parametrize("frozen", [False, True])
def test_kill_outruns_a_fork_bomb(cgroup: Cgroup, spawn: Spawn, frozen: bool) -> None:
    cgroup.apply({"pids": {"limit": 100}})

    def bomb() -> None:
        while True:
            try:
                os.fork()
            except BlockingIOError:
                pass

    first = spawn(bomb)
    wait_until(lambda: len(cgroup.pids()) > 50)
    if frozen:
        cgroup.freeze()
    cgroup.kill()
    assert cgroup.pids() == []
    assert end_of(first) == -signal.SIGKILL
    cgroup.delete()


def test_cgroups_made_inside_are_killed_and_deleted_too(cgroup: Cgroup, machine: Layout) -> None:
    below = Cgroup.at(f"{cgroup.path}/a/b", machine)
    below.create()
    pid = os.fork()
    if pid == 0:
        sleep()
    below.attach(pid)
    assert cgroup.pids() == [pid]
    cgroup.kill()
    assert end_of(pid) == -signal.SIGKILL
    cgroup.delete()
    assert not below.exists()


def test_deleting_a_cgroup_in_use_is_refused_with_the_processes(cgroup: Cgroup, spawn: Spawn) -> None:
    pid = spawn(sleep)
    with pytest.raises(KernelError, match=str(pid)):
        cgroup.delete()


def test_a_refused_value_names_file_and_value(cgroup: Cgroup) -> None:
    with pytest.raises(KernelError, match=r"write '0-999' to .*/cpuset.cpus"):
        cgroup.apply({"cpu": {"cpus": "0-999"}})


def test_what_the_kernel_lacks_is_refused(cgroup: Cgroup) -> None:
    with pytest.raises(KernelError, match="rdma"):
        cgroup.apply({"rdma": {"mlx5_1": {"hcaHandles": 3}}})


def test_a_half_made_cpuset_parent_is_completed(machine: Layout) -> None:
    found = machine.find("cpuset")
    if found is None or found.version != 1:
        pytest.skip("cpuset is not in version 1 here")
    os.mkdir(f"{found.mount}{PARENT}")  # as left by a crash before it got its processors
    group = Cgroup.at(f"{PARENT}/one", machine)
    group.create()
    entries = group.open_entries()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            for fd in entries:
                os.write(fd, b"0")
            code = 0
        finally:
            os._exit(code)
    for fd in entries:
        os.close(fd)
    assert end_of(pid) == 0
    Cgroup.at(PARENT, machine).delete()


def test_mounts_show_this_cgroup_of_every_hierarchy(cgroup: Cgroup, machine: Layout) -> None:
    mounts = cgroup.mounts()
    assert {directory for _, directory in mounts} == {h.mount + cgroup.path for h in machine.hierarchies}
    assert all(Path(directory).is_dir() for _, directory in mounts)
