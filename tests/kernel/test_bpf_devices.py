"""Device programs on the real kernel, in version 2's hierarchy (a hybrid machine has one too)."""

import os
import time
from collections.abc import Iterator

import pytest

from wherry.linux import bpf_devices
from wherry.linux.cgroup import Cgroup, Hierarchy, Layout, Mode, layout

DENY_ALL = {"allow": False, "access": "rwm"}
NULL = {"allow": True, "type": "c", "major": 1, "minor": 3, "access": "rwm"}
ZERO_READ = {"allow": True, "type": "c", "major": 1, "minor": 5, "access": "r"}


@pytest.fixture
def cgroup() -> Iterator[Cgroup]:
    """A cgroup in version 2 alone."""
    unified = layout().unified
    if unified is None:
        pytest.skip("no cgroup version 2 on this machine")
    alone = Layout(Mode.UNIFIED, (), Hierarchy(unified.mount, 2, frozenset()))
    parent = Cgroup.at(f"/wherry-test{os.getpid()}", alone)
    group = Cgroup.at(f"{parent.path}/bpf", alone)
    group.create()
    yield group
    group.kill()
    parent.delete()


def may_open(cgroup: Cgroup, path: str, flags: int) -> bool:
    pid = os.fork()
    if pid == 0:
        code = 2
        try:
            cgroup.attach(0)
            os.open(path, flags)
            code = 0
        except PermissionError:
            code = 1
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert code in (0, 1)
    return code == 0


def test_rules_hold_by_device_and_access(cgroup: Cgroup) -> None:
    cgroup.apply({"devices": [DENY_ALL, NULL, ZERO_READ]})
    assert may_open(cgroup, "/dev/null", os.O_RDWR)
    assert may_open(cgroup, "/dev/zero", os.O_RDONLY)
    assert not may_open(cgroup, "/dev/zero", os.O_WRONLY)
    assert not may_open(cgroup, "/dev/full", os.O_RDONLY)


def test_a_change_replaces_the_program(cgroup: Cgroup) -> None:
    fd = cgroup.open_unified()
    assert fd is not None
    for _ in range(3):
        cgroup.apply({"devices": [DENY_ALL]})
        assert not may_open(cgroup, "/dev/null", os.O_RDONLY)
        cgroup.apply({"devices": [DENY_ALL, NULL]})
        assert may_open(cgroup, "/dev/null", os.O_RDONLY)
    assert len(bpf_devices._attached(fd)) == 1
    os.close(fd)


def test_a_running_process_never_sees_a_gap(cgroup: Cgroup) -> None:
    cgroup.apply({"devices": [DENY_ALL, NULL]})
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            cgroup.attach(0)
            end = time.monotonic() + 0.5
            while time.monotonic() < end:
                os.close(os.open("/dev/null", os.O_RDWR))
            code = 0
        finally:
            os._exit(code)
    for number in range(50):
        cgroup.apply({"devices": [DENY_ALL, NULL, *([ZERO_READ] * (number % 2))]})
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_many_rules_make_a_program_the_kernel_takes(cgroup: Cgroup) -> None:
    rules = [{"allow": True, "type": "c", "major": n, "minor": n, "access": "rw"} for n in range(300)]
    cgroup.apply({"devices": [DENY_ALL, *rules]})
    assert not may_open(cgroup, "/dev/null", os.O_RDWR)
