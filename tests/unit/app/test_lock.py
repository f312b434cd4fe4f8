"""Who holds an instance."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from wherry.app import lock
from wherry.engine.instance import Instance
from wherry.kit.errors import Conflict

HOLD = (
    "import fcntl, os, sys; fd = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT); fcntl.flock(fd, fcntl.LOCK_EX);"
    "os.write(fd, sys.argv[2].encode() if sys.argv[2] else str(os.getpid()).encode()); print('held', flush=True);"
    "sys.stdin.read()"
)


def _holding(instance: Instance, pid: str = "") -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(lock.lock_path(instance)), pid],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_free_root_is_taken_and_free_again(tmp_path: Path) -> None:
    instance = Instance.at(tmp_path)
    held = lock.take(instance)
    assert lock.holder(instance) is not None
    os.close(held)
    assert lock.holder(instance) is None
    assert lock.wait_free(instance, 0.0)


def test_another_daemon_is_named_with_pid_and_root(tmp_path: Path) -> None:
    instance = Instance.at(tmp_path)
    process = _holding(instance)
    try:
        assert lock.holder(instance) == process.pid
        advice = rf"pid {process.pid}\) holds {tmp_path}: stop it with `wherry down --root {tmp_path}`"
        with pytest.raises(Conflict, match=advice):
            lock.take(instance)
        assert not lock.wait_free(instance, 0.0)
    finally:
        process.communicate()


def test_a_root_whose_supervisor_was_killed_is_waited_for(tmp_path: Path) -> None:
    instance = Instance.at(tmp_path)
    dead = subprocess.Popen(["true"])
    dead.wait()
    process = _holding(instance, str(dead.pid))
    assert lock.holder(instance) == 0
    assert process.stdin is not None
    process.stdin.close()  # it ends a moment after, as an orphaned node does
    os.close(lock.take(instance))
    process.wait()


def test_nobody_holds_what_does_not_exist(tmp_path: Path) -> None:
    assert lock.holder(Instance.at(tmp_path / "none")) is None


def test_a_zombie_is_not_alive() -> None:
    process = subprocess.Popen(["true"])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert not lock.alive(process.pid)
    process.wait()
    assert lock.alive(os.getpid())
    assert not lock.alive(0)
