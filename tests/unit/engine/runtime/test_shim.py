"""A shim that waits, in namespaces nobody else sees (what it does for a container that runs: tests/kernel)."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.unit.linux.apart import apart
from wherry.engine.runtime import home, shim, wire
from wherry.engine.runtime.ground import Ground
from wherry.linux.cgroup import layout

NEW: dict[str, Any] = {
    "ids": None,
    "network": "new",
    "pid": "new",
    "ipc": "new",
    "uts": "new",
    "cgroup": "new",
    "joins": [],
}
START: wire.Message = {
    "op": "start",
    "name": "x",
    "runtime": "wherry",
    "config": {"process": {"args": ["true"]}, "linux": {"cgroupsPath": "/wherry-test-of-nothing/x"}},
    "layers": [],
    "upper": "",
    "work": "",
    "directory": "/nowhere",
    "log": None,
    "seccomp": "",
    "size": None,
    "open_stdin": False,
    "stdin_once": False,
    "attachments": [],
}


class Shim:
    """One, and the daemon's end of its socket."""

    def __init__(self, **isolation: Any) -> None:
        self.control, theirs = wire.pair()
        self.control.settimeout(60)
        self.pid = os.fork()
        if not self.pid:
            self.control.close()
            try:
                shim.main(theirs, {"isolation": NEW | isolation, "ahead": None}, {}, Ground(layout(), -1))
            finally:
                os._exit(0)
        theirs.close()

    def hears(self) -> wire.Received:
        received = wire.receive(self.control)
        assert received is not None
        return received

    def ask(self, message: wire.Message, **fds: int) -> wire.Message:
        wire.send(self.control, message | {"n": 7}, fds)
        received = self.hears()
        assert received.message["n"] == 7
        return received.message

    def is_over(self) -> bool:
        """It has ended, with all that is its own: waits for that."""
        self.control.close()
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1]) == 0


@apart
def test_it_is_ready_with_the_pid_and_the_network_of_a_container_to_be() -> None:
    one = Shim()
    received = one.hears()
    assert received.message["ready"]
    netns = received.take("netns")
    assert netns is not None
    assert os.fstat(netns).st_ino == os.stat(f"/proc/{received.message['pid']}/ns/net").st_ino
    assert os.fstat(netns).st_ino != os.stat("/proc/self/ns/net").st_ino
    assert one.is_over()


@apart
def test_a_network_that_is_not_its_own_is_not_handed_out() -> None:
    one = Shim(network="host")
    assert one.hears().fds == {}
    assert one.is_over()


@apart
def test_before_a_start_there_is_nothing_to_live_for() -> None:
    one = Shim()
    pid = one.hears().message["pid"]
    assert one.is_over()
    os.waitpid(pid, 0)  # an orphan is ours: it has ended, or does so now


@pytest.mark.parametrize("op", ["state", "attach", "exec", "kill", "resize", "reopen_log", "nonsense"])
@apart
def test_what_has_not_started_can_only_be_started(op: str) -> None:
    one = Shim()
    one.hears()
    answer = one.ask({"op": op})
    assert answer["error"] == {"step": op, "message": "not started", "errno": 0, "path": ""}
    assert one.ask({"op": op})["error"]["message"] == "not started"  # and goes on waiting
    assert one.is_over()


@apart
def test_ids_that_cannot_be_mapped_are_told_at_once() -> None:
    one = Shim(ids=[100_000, 65536])
    message = one.hears().message
    assert message["error"]["step"] == "map ids"
    assert one.is_over()


@apart
def test_signals_meant_for_the_daemon_do_not_end_it() -> None:
    one = Shim()
    one.hears()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.kill(one.pid, number)
    assert "error" in one.ask({"op": "state"})
    assert one.is_over()


@apart
def test_a_start_that_fails_is_told_and_ends_it() -> None:
    one = Shim()
    one.hears()
    answer = one.ask(START | {"attachments": [{}]})
    assert "error" in answer
    assert wire.receive(one.control) is None
    assert one.is_over()


def test_an_early_end_of_the_first_process_is_why() -> None:
    failure = shim._failure(None)
    assert (failure.step, failure.message) == ("make namespaces", "the container's first process ended early")
    told = {"error": {"step": "a", "message": "b", "errno": 3, "path": "c"}}
    failure = shim._failure(wire.Received(told, {}))
    assert (failure.step, failure.message, failure.errno, failure.path) == ("a", "b", 3, "c")


@apart
def test_a_process_can_be_held_and_outlives_its_shim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home, "NEWROOT", str(tmp_path))
    one = Shim()
    pid = one.hears().message["pid"]
    wire.send(one.control, {"op": "hold", "n": 1})
    assert one.hears().message == {"ok": {}, "n": 1}
    os.waitpid(one.pid, 0)
    os.kill(pid, signal.SIGTERM)  # means nothing to process 1 of a namespace, from inside or without a handler
    comm = Path(f"/proc/{pid}/comm").read_text()
    assert comm == "wherry-pause\n"
    assert Path(f"/proc/{pid}/cmdline").read_bytes().strip(b"\0") == b""
    assert os.listdir(f"/proc/{pid}/fd") == []
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)  # ours: orphans are
