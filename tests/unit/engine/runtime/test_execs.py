"""Further processes in a container, as far as it needs no container (the whole: tests/kernel/test_runtime.py)."""

import os
import signal
import socket
from collections.abc import Callable
from typing import Any

import pytest

from tests.descriptors import open_descriptors
from wherry.engine.runtime import births, wire
from wherry.engine.runtime.execs import Execs, _await_exec, _Running
from wherry.engine.runtime.failure import Failure, to_message
from wherry.engine.runtime.loop import Loop
from wherry.engine.runtime.starting import Started
from wherry.engine.runtime.stdio import Stdio
from wherry.linux import namespaces, processes
from wherry.linux.cgroup import Cgroup, layout

ISOLATION: dict[str, Any] = {"ids": None, "pid": "new"}


class Place:
    """A container whose process 1 is this process; what is told of its execs."""

    def __init__(self, **isolation: Any) -> None:
        self.told: list[wire.Message] = []
        self.loop = Loop()
        self.started = Started(os.getpid(), Cgroup.at("/wherry-test-of-nothing/x", layout()), None)
        self.execs = Execs(self.loop, os.getpid(), self.started, ISOLATION | isolation, self.told.append)

    def running(self, name: str, work: Callable[[], object] = signal.pause) -> int:
        """An exec that was started and does ``work``."""
        pid = os.fork()
        if not pid:
            work()
            os._exit(3)
        stdio = Stdio(self.loop, False, lambda: None)
        self.execs._running[name] = _Running(pid, processes.pidfd_open(pid), stdio)
        return pid


@pytest.fixture
def place() -> Place:
    return Place()


@pytest.mark.parametrize(("ids", "own"), [(None, False), ([100_000, 65536], True)])
def test_all_namespaces_are_entered_but_our_own_user_namespace(ids: list[int] | None, own: bool) -> None:
    kinds = Place(ids=ids).execs._kinds()
    assert bool(kinds & namespaces.NEWUSER) is own
    for kind in ("NEWNS", "NEWPID", "NEWIPC", "NEWUTS", "NEWNET", "NEWCGROUP"):
        assert kinds & getattr(namespaces, kind), kind


def test_who_does_not_run_cannot_be_found(place: Place) -> None:
    for ask in (place.execs.stdio, lambda name: place.execs.kill(name, 9)):
        with pytest.raises(Failure, match="exec x is not running") as failure:
            ask("x")
        assert failure.value.errno == 3  # ESRCH: the daemon makes NotFound of it


def test_a_signal_reaches_the_exec_and_its_end_is_told(place: Place) -> None:
    place.running("x")
    place.execs.kill("x", signal.SIGTERM)
    running = place.execs._running["x"]
    os.waitid(os.P_PID, running.pid, os.WEXITED | os.WNOWAIT)
    place.execs._ended("x", running)
    (message,) = place.told
    assert (message["event"], message["exec"], message["code"]) == ("exec_exit", "x", 143)
    with pytest.raises(Failure):
        place.execs.stdio("x")


@pytest.mark.parametrize("pid", ["new", "host"])
def test_with_its_container_every_exec_ends(pid: str) -> None:
    place = Place(pid=pid)
    for name in ("x", "y"):
        process = place.running(name)
        if pid == "new":
            os.kill(process, signal.SIGKILL)  # the kernel does that to all of a pid namespace
    place.execs.drain()
    assert [(one["exec"], one["code"]) for one in place.told] == [("x", 137), ("y", 137)]
    assert not place.execs.busy


def test_a_client_that_has_still_to_be_sent_something_is_waited_for(place: Place) -> None:
    place.running("x", lambda: None)
    place.execs.drain()
    (stdio,) = place.execs._leaving
    assert not stdio.busy
    assert not place.execs.busy
    assert place.execs._leaving == []


def child(work: Callable[[], object]) -> int:
    pid = os.fork()
    if not pid:
        work()
        os._exit(127)
    return pid


def test_an_exec_that_became_its_program_has_told_who_it_is() -> None:
    ours, theirs = wire.pair()
    pid = child(lambda: wire.send(theirs, {"exec": True, "uid": 5, "gid": 6}))
    theirs.close()
    assert _await_exec(ours) == (5, 6)
    os.waitpid(pid, 0)
    ours.close()


def says_why(report: socket.socket) -> None:
    wire.receive(report)
    wire.send(report, {"error": to_message(Failure("find program", "not found", 2, "x"), "")})


@pytest.mark.parametrize(
    ("work", "seen", "why"),
    [
        (says_why, False, "not found"),
        (wire.receive, False, "ended before it could run its program"),
        (lambda _report: None, True, "ended before it could run its program"),  # so that it cannot be told
        (lambda report: report.recv(1, socket.MSG_PEEK), False, "ended before it could run its program"),
    ],
)
def test_an_exec_that_could_not_says_why_and_is_waited_for(
    place: Place, monkeypatch: pytest.MonkeyPatch, work: Callable[[socket.socket], object], seen: bool, why: str
) -> None:
    """One that is ended with its container, too: or the kernel would wait for us, and process 1 for the kernel."""
    pids: list[int] = []

    def join(*_others: object) -> tuple[int, socket.socket]:
        ours, theirs = wire.pair()
        pids.append(child(lambda: (ours.close(), work(theirs))))
        theirs.close()
        if seen:
            os.waitid(os.P_PID, pids[0], os.WEXITED | os.WNOWAIT)
        return pids[0], ours

    monkeypatch.setattr(births, "join", join)
    before = open_descriptors()
    message = {"exec": "x", "process": {}, "seccomp": "", "open_stdin": False}
    with pytest.raises(Failure, match=why):
        place.execs.start(message, wire.Received(message, {}))
    with pytest.raises(ChildProcessError):
        os.waitpid(pids[0], 0)
    assert open_descriptors() == before and not place.execs._running


def test_a_container_without_terminals_has_none_for_an_exec(place: Place) -> None:
    before = open_descriptors()
    message = {"exec": "x", "process": {"terminal": True}, "size": None}
    with pytest.raises(Failure, match="the container has no /dev/pts"):
        place.execs.start(message, wire.Received(message, {}))
    assert open_descriptors() == before
