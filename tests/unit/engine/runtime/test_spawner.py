"""The process that forks shims (its start, as root: tests/kernel/test_runtime.py)."""

import os
import socket
import sys
import threading

import pytest

from tests.unit.engine.runtime.test_shim import NEW
from tests.unit.linux.apart import apart
from wherry.engine.runtime import spawner, wire
from wherry.engine.runtime.ground import Ground
from wherry.linux.cgroup import layout


@pytest.mark.parametrize("name", ["encodings.idna", "wherry.engine", "no_such_module"])
def test_nothing_is_imported_after_the_start(name: str) -> None:
    with pytest.raises(ImportError, match=f"import of {name} after start: refused"):
        spawner._NoImports().find_spec(name)


@apart
def test_an_import_that_is_refused_is_not_looked_for_elsewhere() -> None:
    sys.meta_path.insert(0, spawner._NoImports())
    with pytest.raises(ImportError, match="refused"):
        import this  # noqa: F401


def spawn(message: wire.Message, with_socket: bool = True) -> socket.socket:
    """A spawner that gets one request and ends; the daemon's end of the shim's socket. The shim becomes our child."""
    control, _daemon = wire.pair()
    ours, theirs = wire.pair()
    ours.settimeout(60)
    pid = os.fork()
    if not pid:
        ours.close()
        os.dup2(os.open("/dev/null", os.O_WRONLY), 2)
        received = wire.Received(message, {"control": theirs.detach()} if with_socket else {})
        spawner._spawn(control, received, Ground(layout(), -1))
        os._exit(0)
    theirs.close()
    assert os.waitpid(pid, 0)[1] == 0
    return ours


def code() -> int:
    """How the shim ended."""
    return os.waitstatus_to_exitcode(os.wait()[1])


@apart
def test_a_shim_answers_for_itself_and_does_not_outlive_who_asked_for_it() -> None:
    ours = spawn({"isolation": NEW, "ahead": None})
    answer = wire.receive(ours)
    assert answer is not None
    assert answer.message["ready"]
    ours.close()
    assert code() == 0


@apart
def test_a_request_without_a_socket_is_nobodys() -> None:
    spawn({"isolation": NEW, "ahead": None}, with_socket=False)
    assert code() == 0


@apart
def test_a_request_that_makes_no_sense_is_answered_by_its_shim() -> None:
    answer = wire.receive(spawn({"nonsense": True}))
    assert answer is not None
    assert answer.message["error"]["step"] == "make namespaces"
    assert code() == 0


@apart
def test_a_spawner_of_two_threads_forks_nobody() -> None:
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    control, _daemon = wire.pair()
    with pytest.raises(RuntimeError, match="must have one thread"):
        spawner._spawn(control, wire.Received({"isolation": NEW, "ahead": None}, {}), Ground(layout(), -1))
    done.set()
    thread.join()
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
