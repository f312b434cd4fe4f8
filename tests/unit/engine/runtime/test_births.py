"""Processes born into namespaces: fresh ones, shared ones, all those of another."""

import os
import signal
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.unit.linux.apart import apart
from wherry.engine.runtime import wire
from wherry.engine.runtime.births import join, make_init
from wherry.linux import namespaces, processes
from wherry.linux.namespaces import open_namespace
from wherry.linux.syscalls import sethostname

NEW: dict[str, Any] = {"ids": None, "network": "new", "pid": "new", "ipc": "new", "uts": "new"}
ALL = namespaces.NEWNS | namespaces.NEWPID | namespaces.NEWIPC | namespaces.NEWUTS | namespaces.NEWNET


KINDS = ("mnt", "net", "pid", "ipc", "uts", "user")


def identities() -> dict[str, int]:
    """Which namespaces this process is in."""
    return {kind: Path(f"/proc/self/ns/{kind}").stat().st_ino for kind in KINDS}


def tell(control: socket.socket) -> None:
    """A child that says who it is, and ends when it is told to."""
    who = {"pid": os.getpid(), "name": socket.gethostname(), "namespaces": identities()}
    wire.send(control, {**who, "open": os.listdir("/proc/self/fd")})
    wire.receive(control)
    os._exit(7)


def said(control: socket.socket) -> wire.Message:
    received = wire.receive(control)
    assert received is not None
    return received.message


def shared(one: dict[str, int], other: dict[str, int]) -> set[str]:
    """The namespaces that two processes have in common."""
    return {kind for kind in KINDS if one[kind] == other[kind]}


def end(pid: int, control: socket.socket) -> int:
    control.close()
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@apart
def test_a_container_is_process_1_of_fresh_namespaces_and_our_child() -> None:
    pid, control = make_init(NEW, {}, tell)
    child = said(control)
    assert child["pid"] == 1
    assert shared(child["namespaces"], identities()) == {"user"}
    assert end(pid, control) == 7


@apart
def test_a_namespace_of_the_host_is_ours() -> None:
    pid, control = make_init(NEW | {"pid": "host", "network": "host"}, {}, tell)
    child = said(control)
    assert child["pid"] == pid
    assert shared(child["namespaces"], identities()) == {"user", "pid", "net"}
    assert end(pid, control) == 7


@apart
def test_ids_of_its_own_mean_a_user_namespace_of_its_own() -> None:
    pid, control = make_init(NEW | {"ids": [0, 1]}, {}, tell)
    assert shared(said(control)["namespaces"], identities()) == set()
    end(pid, control)


@apart
def test_namespaces_of_another_are_joined_and_the_rest_is_fresh() -> None:
    donor, first = make_init(NEW, {}, tell)
    theirs = said(first)["namespaces"]
    joins = {kind: open_namespace(donor, name) for kind, name in (("network", "net"), ("pid", "pid"))}
    pid, control = make_init(NEW, joins, tell)
    child = said(control)
    assert child["pid"] > 1  # another's process 1 is there already
    assert shared(child["namespaces"], theirs) == {"user", "pid", "net"}
    assert end(pid, control) == 7  # it is our child all the same
    end(donor, first)


@apart
def test_a_further_process_is_in_all_namespaces_and_has_nothing_of_ours() -> None:
    def named(control: socket.socket) -> None:
        sethostname("box")
        tell(control)

    init, first = make_init(NEW, {}, named)
    theirs = said(first)["namespaces"]
    secret = os.open("/", os.O_PATH)
    os.set_inheritable(secret, True)
    moved: list[int] = []
    pid, control = join(processes.pidfd_open(init), ALL, moved.append, tell)
    message = said(control)
    assert message["name"] == "box"
    assert moved == []  # that was in the process between
    assert str(secret) not in message["open"]
    assert message["namespaces"] == theirs
    assert Path(f"/proc/{pid}/cmdline").read_bytes().strip(b"\0") == b""
    assert end(pid, control) == 7
    end(init, first)


@apart
def test_a_cgroup_is_entered_before_the_namespaces() -> None:
    init, first = make_init(NEW, {}, tell)
    said(first)
    told, telling = os.pipe()

    def attach(which: int) -> None:
        os.write(telling, b"%d %d" % (which, identities()["net"]))

    pid, control = join(processes.pidfd_open(init), ALL, attach, tell)
    said(control)
    assert os.read(told, 100) == b"0 %d" % identities()["net"]
    end(pid, control)
    end(init, first)


@apart
def test_what_cannot_be_entered_is_told_in_the_kernels_words_and_leaves_no_child() -> None:
    with open("/proc/self/stat") as file, pytest.raises(OSError, match="enter namespace: "):
        make_init(NEW, {"network": os.dup(file.fileno())}, tell)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


@apart
def test_who_makes_a_child_may_be_killed_before_saying_so_and_the_child_goes_too() -> None:
    """Whom nobody waits for keeps the end of its pid namespace waiting."""

    def killed(*_: object) -> int:
        os.kill(os.getpid(), signal.SIGKILL)
        return 0

    init, first = make_init(NEW, {}, tell)
    said(first)

    def attach(_: int) -> None:  # runs in who makes the child: its next word is that of the birth
        os.write = killed

    with pytest.raises(OSError, match="ended early"):
        join(processes.pidfd_open(init), ALL, attach, tell)
    assert end(init, first) == 7
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


@apart
def test_a_cgroup_that_refuses_keeps_the_process_out() -> None:
    init, first = make_init(NEW, {}, tell)
    said(first)

    def full(_: int) -> None:
        raise OSError(11, "Resource temporarily unavailable")

    with pytest.raises(OSError, match="temporarily unavailable"):
        join(processes.pidfd_open(init), ALL, full, tell)
    end(init, first)


@apart
def test_a_child_whose_work_fails_never_comes_back() -> None:
    def broken(_: socket.socket) -> None:
        raise ZeroDivisionError

    devnull = os.open("/dev/null", os.O_WRONLY)
    os.dup2(devnull, 2)
    pid, control = make_init(NEW, {}, broken)
    assert wire.receive(control) is None
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 127
    assert signal.getsignal(signal.SIGTERM) is not None  # we are still here, once


@apart
def test_a_host_name_can_be_shared() -> None:
    init, first = make_init(NEW, {}, tell)
    ours = said(first)
    joins = {"uts": open_namespace(init, "uts"), "ipc": open_namespace(init, "ipc")}
    pid, control = make_init(NEW, joins, tell)
    assert shared(said(control)["namespaces"], ours["namespaces"]) == {"uts", "ipc", "user"}
    end(pid, control)
    end(init, first)
