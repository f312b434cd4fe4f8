"""The shim's part of a start, as far as it needs no root: limits, scores, binds, and what init says (the whole:
tests/kernel/test_runtime.py)."""

import os
import resource
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.linux.apart import apart
from wherry.engine.runtime import starting, wire
from wherry.engine.runtime.failure import Failure, to_message
from wherry.engine.runtime.loop import Loop
from wherry.engine.runtime.starting import Started, binds, undo
from wherry.engine.runtime.stdio import Stdio
from wherry.linux import mount
from wherry.linux.cgroup import Cgroup, layout
from wherry.linux.rlimits import RESOURCES


def child(work: Callable[[], None] = signal.pause) -> int:
    """A process that does ``work``."""
    pid = os.fork()
    if not pid:
        try:
            work()
        finally:
            os._exit(0)
    return pid


def started_of(pid: int) -> Started:
    return Started(pid, Cgroup.at("/wherry-test-of-nothing/x", layout()), None)


@pytest.fixture
def started() -> Iterator[Started]:
    """A container whose process 1 sleeps; it has no cgroup."""
    one = started_of(child())
    yield one
    try:
        os.kill(one.pid, signal.SIGKILL)
        os.waitpid(one.pid, 0)
    except (ProcessLookupError, ChildProcessError):
        pass
    os.close(one.pidfd)


def test_what_is_told_of_a_started_container(started: Started) -> None:
    started.at, started.uid, started.gid = 5, 1000, 50
    assert started.describe() == {"pid": started.pid, "shim": os.getpid(), "started": 5, "uid": 1000, "gid": 50}


def test_a_container_without_a_cgroup_was_not_killed_for_memory_and_is_let_go_of(started: Started) -> None:
    started.rootfs = os.open("/", os.O_PATH)
    fd = started.rootfs
    assert started.oom_kills() == 0
    for _ in range(2):
        started.release()
    with pytest.raises(OSError):
        os.fstat(fd)


def test_undoing_ends_the_process_and_waits_for_it(started: Started) -> None:
    undo(started)
    with pytest.raises(ProcessLookupError):
        os.kill(started.pid, 0)


def test_undoing_what_has_ended_is_no_fault() -> None:
    pid = child(lambda: None)
    one = started_of(pid)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    undo(one)
    os.close(one.pidfd)


def limits(name: str, hard: int) -> list[dict[str, Any]]:
    return [{"type": name, "soft": 0, "hard": hard}]


@pytest.mark.parametrize("name", sorted(RESOURCES))
def test_every_limit_that_can_be_set_can_be_raised(started: Started, name: str) -> None:
    _, hard = resource.prlimit(started.pid, RESOURCES[name])
    starting._raise_hard_limits(started.pid, limits(name, hard if hard >= 0 else 1 << 64))
    assert resource.prlimit(started.pid, RESOURCES[name])[1] == hard


def test_a_lower_limit_is_for_init_to_set(started: Started) -> None:
    before = resource.prlimit(started.pid, resource.RLIMIT_NOFILE)
    starting._raise_hard_limits(started.pid, limits("RLIMIT_NOFILE", 1))
    assert resource.prlimit(started.pid, resource.RLIMIT_NOFILE) == before


def test_a_limit_that_nobody_knows_is_refused_by_name(started: Started) -> None:
    with pytest.raises(Failure, match="unknown limit RLIMIT_FUN"):
        starting._raise_hard_limits(started.pid, limits("RLIMIT_FUN", 1))


@apart
def test_a_limit_that_we_may_not_raise_is_refused_with_its_number() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (10, 20))
    pid = child()
    with pytest.raises(Failure, match=r"error setting rlimit RLIMIT_NOFILE to 30 .*may go to 20") as failure:
        starting._raise_hard_limits(pid, limits("RLIMIT_NOFILE", 30))
    assert failure.value.errno == 1
    os.kill(pid, signal.SIGKILL)


def test_a_score_for_the_want_of_memory_is_set_where_one_is_said(started: Started) -> None:
    path = Path(f"/proc/{started.pid}/oom_score_adj")
    before = path.read_text()
    starting._set_oom_score(started.pid, None)
    assert path.read_text() == before
    starting._set_oom_score(started.pid, 777)
    assert path.read_text() == "777\n"


@pytest.mark.parametrize("score", [1001, -2000])
def test_a_score_that_cannot_be_is_refused(started: Started, score: int) -> None:
    with pytest.raises(Failure, match=f"set oom_score_adj to {score}: Invalid argument"):
        starting._set_oom_score(started.pid, score)


class Init:
    """The other end of init's socket."""

    def __init__(self, started: Started) -> None:
        self.ours, self.theirs = wire.pair()
        self.started = started
        self.stdio = Stdio(Loop(), False, lambda: None)

    def says(self, *messages: wire.Message, **fds: int) -> None:
        """Say all that and become the program."""
        for message in messages:
            wire.send(self.theirs, message, fds)
        self.theirs.close()

    def follow(self) -> None:
        try:
            starting._await_exec(self.ours, self.started, self.stdio)
        finally:
            self.ours.close()


@pytest.fixture
def init(started: Started) -> Init:
    return Init(started)


def test_init_that_became_the_program_has_told_who_it_is(init: Init) -> None:
    devpts = os.open("/", os.O_PATH)
    init.says({"devpts": True}, {"exec": True, "uid": 1000, "gid": 50}, devpts=devpts)
    init.follow()
    assert (init.started.uid, init.started.gid) == (1000, 50)
    assert init.started.devpts is not None
    os.close(devpts)
    init.started.release()


def test_what_init_complains_of_is_why_the_start_failed(init: Init) -> None:
    init.says({"error": to_message(Failure("find program", "not found", 2, "x"), "")})
    with pytest.raises(Failure, match="not found") as failure:
        init.follow()
    assert (failure.value.step, failure.value.errno, failure.value.path) == ("find program", 2, "x")


@pytest.mark.parametrize("messages", [(), ({"devpts": True},)])
def test_init_that_says_nothing_more_ended_too_early(init: Init, messages: tuple[wire.Message, ...]) -> None:
    init.says(*messages)
    with pytest.raises(Failure, match="ended before it could run its program"):
        init.follow()


def test_an_early_end_with_a_message_unread_is_still_quoted(init: Init) -> None:
    wire.send(init.ours, {"cgroup": True})  # init will not read it: its end is told first, then what it said
    init.says({"error": to_message(Failure("mount", "no room", 28), "")})
    with pytest.raises(Failure, match="no room"):
        init.follow()


BINDS: dict[str, Any] = {
    "mounts": [
        {"destination": "/proc", "type": "proc"},
        {"destination": "/a", "type": "bind", "source": "/x", "options": ["idmap"]},
        {"destination": "/b", "source": "/y"},
    ]
}


def test_the_trees_that_came_are_taken_over_and_others_left() -> None:
    fds = {name: os.open("/", os.O_PATH) for name in ("mount:1", "mount:2", "lock")}
    received = wire.Received({}, dict(fds))
    assert binds(BINDS, received, None) == {name: fds[name] for name in ("mount:1", "mount:2")}
    assert received.fds == {"lock": fds["lock"]}
    for fd in fds.values():
        os.close(fd)


@apart
def test_a_tree_that_cannot_be_mapped_is_taken_as_it_is(tmp_path: Path) -> None:
    mount.move_to_path(mount.create("tmpfs"), str(tmp_path))
    ours = os.open("/proc/self/ns/user", os.O_RDONLY)
    tree = os.open(tmp_path, os.O_PATH)  # it can be seen already: EINVAL
    assert binds(BINDS, wire.Received({}, {"mount:1": tree}), ours) == {"mount:1": tree}
    with pytest.raises(OSError):
        binds(BINDS, wire.Received({}, {"mount:1": os.open("/proc/self/stat", os.O_RDONLY)}), 9999)
