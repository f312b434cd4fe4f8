"""What a process says of itself to the kernel."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.linux.apart import apart
from wherry.linux import processes
from wherry.linux.errors import KernelError
from wherry.linux.links import Links
from wherry.linux.syscalls import prctl

SOURCE = str(Path(processes.__file__).parents[2])
LEFT = """
import json, os, sys
sys.path.insert(0, sys.argv[1])
from wherry.linux import processes
for number in range(3, 40):
    os.dup2(0, number)
processes.close_all_but(*json.loads(sys.argv[2]))
print([number for number in range(100) if os.path.exists(f"/proc/self/fd/{number}")])
"""
HIDDEN = """
import sys
sys.path.insert(0, sys.argv[1])
from wherry.linux import processes
processes.hide_arguments()
print(open("/proc/self/cmdline").read().strip(chr(0)), sys.argv[2], end="")
"""


def run(program: str, *arguments: str) -> str:
    command = [sys.executable, "-I", "-S", "-c", program, SOURCE, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("keep", [[], [3], [39], [5, 6], [30, 4, 17], [1, 2, 9], [200]], ids=str)
def test_all_descriptors_but_those_asked_for_and_the_streams_are_closed(keep: list[int]) -> None:
    assert json.loads(run(LEFT, json.dumps(keep))) == sorted({0, 1, 2, *keep} - {200})


def test_nobody_can_read_hidden_arguments_but_the_program_still_has_them() -> None:
    assert run(HIDDEN, "secret") == " secret"


def test_a_sealed_copy_is_the_program_and_cannot_be_written_to() -> None:
    copy = processes.sealed_copy("/proc/self/exe")
    try:
        assert os.pread(copy, 1 << 30, 0) == Path("/proc/self/exe").read_bytes()
        with pytest.raises(PermissionError):
            os.write(copy, b"x")
        with pytest.raises(PermissionError):
            os.ftruncate(copy, 0)
    finally:
        os.close(copy)


def status(pid: int | str, name: str) -> str:
    """A line of proc_pid_status(5)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(line.split(":", 1)[1].strip() for line in lines if line.startswith(f"{name}:"))


def test_a_process_is_opened_once_it_is_there() -> None:
    pidfd = processes.pidfd_open(os.getpid())
    signal.pidfd_send_signal(pidfd, 0)
    os.close(pidfd)
    with pytest.raises(KernelError, match="open process 4194305: "):
        processes.pidfd_open(4194305)  # one above the highest there can be (PID_MAX_LIMIT)


@apart
def test_a_name_is_cut_where_the_kernel_would() -> None:
    processes.set_name("a rather long name")
    assert status("self", "Name") == "a rather long n"


@apart
def test_new_privileges_are_given_up_for_good() -> None:
    assert status("self", "NoNewPrivs") == "0"
    processes.no_new_privileges()
    assert status("self", "NoNewPrivs") == "1"


@apart
def test_a_child_ends_with_its_parent() -> None:
    reader, writer = os.pipe()
    parent = os.fork()
    if not parent:
        child = os.fork()
        if not child:
            processes.set_parent_death_signal(signal.SIGKILL)
            os.write(writer, b"x")
            signal.pause()
        os.close(writer)
        signal.pause()
    os.close(writer)
    assert os.read(reader, 1) == b"x"
    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)
    assert os.read(reader, 1) == b""  # the last writer is gone


@apart
def test_who_forbids_inspection_cannot_be_dumped() -> None:
    dumpable = 3  # PR_GET_DUMPABLE
    assert prctl(dumpable, step="ask") == 1
    processes.forbid_inspection()
    assert prctl(dumpable, step="ask") == 0


@apart
def test_loopback_is_brought_up_as_often_as_one_likes() -> None:
    with Links() as links:
        for up in (False, True, True):
            loopback = links.get("lo")
            assert loopback is not None
            assert loopback.up is up
            processes.loopback_up()


@apart
def test_a_fresh_keyring_has_none_of_the_keys_of_before() -> None:
    before = Path("/proc/keys").read_text()
    processes.new_session_keyring()
    assert "_ses" in Path("/proc/keys").read_text()
    assert Path("/proc/keys").read_text() != before
