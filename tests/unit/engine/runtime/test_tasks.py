"""Sandboxes, tasks and execs as conversations with a shim; here the test is the shim."""

import asyncio
import fcntl
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.descriptors import open_descriptors
from wherry.engine.instance import Instance
from wherry.engine.runtime import tasks, wire
from wherry.engine.runtime.connection import Connection
from wherry.engine.runtime.model import Attachment, ExecSpec, Exit, Isolation, LogFile, Rootfs, StartFailed, TaskSpec
from wherry.engine.runtime.tasks import ShimSandbox, ShimTask
from wherry.kit.errors import NotFound, Unavailable

STATE = {"pid": 100, "shim": 99, "started": 5, "uid": 1000, "gid": 50, "exit": None}
ENDED = {"code": 3, "at": 7, "oom": True}
CONFIG: dict[str, Any] = {"process": {"args": ["true"]}, "mounts": []}


class Shim:
    """The other end of a sandbox's or task's socket."""

    def __init__(self, root: Path) -> None:
        ours, self.sock = wire.pair()
        self.sock.settimeout(60)
        self.connection = Connection(ours)
        self.instance = Instance(root, root / "run", "12345678")
        self.directory = root / "containers/x"
        for path in (self.instance.shims, self.directory):
            path.mkdir(parents=True)
        self.got: dict[str, str] = {}

    async def hears(self) -> wire.Message:
        """The next request; what its descriptors are is kept in ``got``."""
        received = await asyncio.to_thread(wire.receive, self.sock)
        assert received is not None
        self.got = {name: os.readlink(f"/proc/self/fd/{fd}") for name, fd in received.fds.items()}
        received.close()
        return received.message

    async def answers(self, ok: Any = None, error: dict[str, Any] | None = None) -> wire.Message:
        """Hear a request and answer it."""
        message = await self.hears()
        wire.send(self.sock, {"n": message["n"], **({"error": error} if error else {"ok": ok or {}})})
        return message

    def tells(self, **event: Any) -> None:
        wire.send(self.sock, event)

    def spec(self, **options: Any) -> TaskSpec:
        rootfs = Rootfs([Path("/a"), Path("/b")], self.directory / "upper", self.directory / "work")
        usual: dict[str, Any] = {"log": LogFile(self.directory / "log", 5, 2), "config": CONFIG}
        return TaskSpec(id="x", rootfs=rootfs, directory=self.directory, **(usual | options))

    async def sandbox(self) -> ShimSandbox:
        netns = os.open("/dev/null", os.O_RDONLY)
        wire.send(self.sock, {"ready": True, "pid": 100}, {"netns": netns})
        os.close(netns)
        return await ShimSandbox.born(self.connection, Isolation(ids=None), self.instance)

    async def task(self, **options: Any) -> ShimTask:
        """One that was started."""
        sandbox = await self.sandbox()
        starting = asyncio.create_task(sandbox.start(self.spec(**options)))
        await self.answers(STATE)
        return await starting


@pytest.fixture
async def shim(tmp_path: Path) -> AsyncIterator[Shim]:
    shim = Shim(tmp_path)
    yield shim
    shim.connection.close()
    shim.sock.close()


async def test_a_sandbox_is_born_with_a_pid_and_a_network(shim: Shim) -> None:
    sandbox = await shim.sandbox()
    assert (sandbox.pid, sandbox.alive) == (100, True)
    assert sandbox.netns_fd is not None
    fd = sandbox.netns_fd
    for _ in range(2):
        await sandbox.discard()
    assert not sandbox.alive
    with pytest.raises(OSError):
        os.fstat(fd)


async def test_a_sandbox_that_could_not_be_made_says_why(shim: Shim) -> None:
    wire.send(shim.sock, {"error": {"step": "map ids", "message": "no", "errno": 1, "path": ""}})
    with pytest.raises(StartFailed, match="no") as failure:
        await ShimSandbox.born(shim.connection, Isolation(ids=None), shim.instance)
    assert (failure.value.step, failure.value.errno) == ("map ids", 1)
    assert shim.connection.closed


async def test_a_shim_that_ends_before_its_first_word_is_a_failed_start(shim: Shim) -> None:
    shim.sock.close()
    with pytest.raises(StartFailed, match="ended before its container was made"):
        await ShimSandbox.born(shim.connection, Isolation(ids=None), shim.instance)


async def test_a_start_says_everything_and_hands_over_lock_listener_and_clients(shim: Shim) -> None:
    sandbox = await shim.sandbox()
    ours, theirs = socket.socketpair()
    client = Attachment(theirs.detach(), stdin=True, stderr=False, detach_keys=b"\1", early=b"hi")
    spec = shim.spec(seccomp=b"\xff", terminal_size=(24, 80), stdin_once=True, attachments=[client])
    starting = asyncio.create_task(sandbox.start(spec))
    message = await shim.answers(STATE)
    task = await starting
    assert message["layers"] == ["/a", "/b"]
    assert message["log"] == [str(shim.directory / "log"), 5, 2]
    assert (message["seccomp"], message["size"], message["stdin_once"]) == ("ff", [24, 80], True)
    assert message["attachments"] == [
        {"stdin": True, "stdout": True, "stderr": False, "detach_keys": "01", "early": "6869", "framed": None}
    ]
    assert shim.got["lock"] == str(shim.directory / "lock")
    assert set(shim.got) == {"lock", "listener", "attach:0"}
    assert (task.id, task.pid, task.shim_pid, task.started_nanoseconds) == ("x", 100, 99, 5)
    assert task.username_ids == (1000, 50)
    assert sandbox.netns_fd is None
    assert ours.recv(1) == b""  # nobody here holds it any more
    ours.close()


async def test_without_a_log_a_filter_and_a_terminal_there_is_none(shim: Shim) -> None:
    sandbox = await shim.sandbox()
    starting = asyncio.create_task(sandbox.start(shim.spec(log=None)))
    message = await shim.answers(STATE)
    await starting
    assert (message["log"], message["seccomp"], message["size"], message["attachments"]) == (None, "", None, [])


async def test_a_start_that_fails_says_why_and_is_over(shim: Shim) -> None:
    sandbox = await shim.sandbox()
    before = open_descriptors()
    starting = asyncio.create_task(sandbox.start(shim.spec()))
    await shim.answers(error={"step": "find program", "message": "not found", "errno": 2, "path": "x"})
    with pytest.raises(StartFailed, match="not found"):
        await starting
    assert not sandbox.alive
    assert open_descriptors() < before


async def test_a_shim_that_ends_while_it_starts_is_a_failed_start(shim: Shim) -> None:
    sandbox = await shim.sandbox()
    starting = asyncio.create_task(sandbox.start(shim.spec()))
    await shim.hears()
    shim.sock.close()
    with pytest.raises(StartFailed, match="ended while it was starting"):
        await starting


def bind(source: Path, *options: str) -> dict[str, Any]:
    return {"destination": "/data", "type": "bind", "source": str(source), "options": list(options)}


async def test_a_source_that_is_not_there_is_told_in_dockers_words(shim: Shim, tmp_path: Path) -> None:
    sandbox = await shim.sandbox()
    ours, theirs = socket.socketpair()
    config = CONFIG | {"mounts": [bind(tmp_path / "absent")]}
    with pytest.raises(StartFailed, match="bind source path does not exist: ") as failure:
        await sandbox.start(shim.spec(config=config, attachments=[Attachment(theirs.detach())]))
    assert (failure.value.step, failure.value.errno) == ("open bind mount", 2)
    assert ours.recv(1) == b""
    ours.close()


async def test_a_tree_that_was_given_takes_the_place_of_a_source(shim: Shim, tmp_path: Path) -> None:
    sandbox = await shim.sandbox()
    tree = os.open(tmp_path, os.O_PATH)
    config = CONFIG | {"mounts": [{"destination": "/proc", "type": "proc"}, bind(tmp_path / "absent")]}
    starting = asyncio.create_task(sandbox.start(shim.spec(config=config, trees={"/data": tree})))
    await shim.answers(STATE)
    await starting
    assert shim.got["mount:1"] == str(tmp_path)
    os.close(tree)  # it was still ours


async def test_an_end_is_heard_by_all_who_wait_and_by_those_who_come_later(shim: Shim) -> None:
    task = await shim.task()
    waiting = [asyncio.create_task(task.wait()) for _ in range(2)]
    shim.tells(event="exit", **ENDED)
    shim.tells(event="exit", code=9, at=9, oom=False)
    assert [await one for one in waiting] == [Exit(3, 7, True)] * 2
    assert await task.wait() == Exit(3, 7, True)


async def test_who_stops_waiting_does_not_stop_others(shim: Shim) -> None:
    task = await shim.task()
    impatient = asyncio.create_task(task.wait())
    await asyncio.sleep(0)
    impatient.cancel()
    waiting = asyncio.create_task(task.wait())
    shim.tells(event="exit", **ENDED)
    assert (await waiting).code == 3


async def test_a_lost_shim_is_an_end_with_a_reason(shim: Shim) -> None:
    task = await shim.task()
    exec_ = await started_exec(shim, task)
    shim.sock.close()
    ended = await task.wait()
    assert (ended.code, ended.error) == (255, "the container's shim was lost, and the container with it")
    assert (await exec_.wait()).code == 137
    for ask in (task.kill(9), task.resize(1, 1), task.reopen_log()):
        with pytest.raises(Unavailable):
            await ask


async def test_requests_are_what_the_shim_knows(shim: Shim) -> None:
    task = await shim.task()
    for ask, expected in (
        (task.kill(15), {"op": "kill", "signal": 15, "everyone": False}),
        (task.kill(9, everyone=True), {"op": "kill", "signal": 9, "everyone": True}),
        (task.resize(24, 80), {"op": "resize", "height": 24, "width": 80}),
        (task.reopen_log(), {"op": "reopen_log"}),
    ):
        asking = asyncio.create_task(ask)
        message = await shim.answers()
        await asking
        assert {key: value for key, value in message.items() if key != "n"} == expected


@pytest.mark.parametrize(("errno", "kind"), [(3, NotFound), (1, StartFailed)])
async def test_a_signal_to_nobody_is_not_found(shim: Shim, errno: int, kind: type[Exception]) -> None:
    task = await shim.task()
    killing = asyncio.create_task(task.kill(9))
    await shim.answers(error={"step": "kill", "message": "the container has ended", "errno": errno, "path": ""})
    with pytest.raises(kind, match="the container has ended"):
        await killing


async def test_a_clients_socket_goes_to_the_shim_and_not_stays_here(shim: Shim) -> None:
    task = await shim.task()
    ours, theirs = socket.socketpair()
    attaching = asyncio.create_task(task.attach(Attachment(theirs.detach(), stdin=True)))
    message = await shim.answers()
    await attaching
    assert (message["op"], message["stdin"], set(shim.got)) == ("attach", True, {"attach"})
    assert ours.recv(1) == b""
    ours.close()


async def started_exec(shim: Shim, task: ShimTask, **options: Any) -> tasks.ShimExec:
    running = asyncio.create_task(task.exec(ExecSpec(id="e", process={"args": ["sh"]}, **options)))
    await shim.answers({"pid": 200})
    return await running


async def test_an_exec_has_a_pid_and_an_end_of_its_own(shim: Shim) -> None:
    task = await shim.task()
    exec_ = await started_exec(shim, task)
    assert exec_.pid == 200
    shim.tells(event="exec_exit", exec="other", code=1, at=1)
    shim.tells(event="exec_exit", exec="e", code=4, at=8)
    assert await exec_.wait() == Exit(4, 8)
    resizing = asyncio.create_task(exec_.resize(1, 2))
    await shim.answers(error={"step": "resize", "message": "exec e is not running", "errno": 3, "path": ""})
    with pytest.raises(NotFound):
        await resizing


async def test_an_end_that_is_told_before_the_answer_is_not_missed(shim: Shim) -> None:
    task = await shim.task()
    running = asyncio.create_task(task.exec(ExecSpec(id="e", process={"args": ["true"]})))
    message = await shim.hears()
    shim.tells(event="exec_exit", exec="e", code=0, at=8)
    wire.send(shim.sock, {"n": message["n"], "ok": {"pid": 200}})
    assert await (await running).wait() == Exit(0, 8)


async def test_an_exec_that_fails_is_none_and_its_client_is_let_go(shim: Shim) -> None:
    task = await shim.task()
    ours, theirs = socket.socketpair()
    spec = ExecSpec(id="e", process={"args": ["x"]}, attachment=Attachment(theirs.detach()), terminal_size=(1, 2))
    running = asyncio.create_task(task.exec(spec))
    message = await shim.answers(error={"step": "find program", "message": "not found", "errno": 2, "path": "x"})
    with pytest.raises(StartFailed, match="not found"):
        await running
    assert message["size"] == [1, 2]
    assert ours.recv(1) == b""
    assert task._execs == {}
    ours.close()


@pytest.mark.parametrize("ended", [None, ENDED])
async def test_a_task_is_adopted_with_how_it_is_by_now(shim: Shim, ended: dict[str, Any] | None) -> None:
    adopting = asyncio.create_task(ShimTask.adopt(shim.connection, "x"))
    assert (await shim.answers(STATE | {"exit": ended}))["op"] == "state"
    task = await adopting
    assert (task.id, task.pid, task.username_ids) == ("x", 100, (1000, 50))
    if ended:
        assert await task.wait() == Exit(3, 7, True)
    else:
        assert not task._exit.done()


async def test_a_shim_that_has_not_started_anything_is_nobodys(shim: Shim) -> None:
    adopting = asyncio.create_task(ShimTask.adopt(shim.connection, "x"))
    await shim.answers(error={"step": "state", "message": "not started", "errno": 0, "path": ""})
    with pytest.raises(Unavailable, match="not started"):
        await adopting


def test_a_lock_is_fresh_and_what_the_last_run_left_goes(tmp_path: Path) -> None:
    for name in ("lock", "exit.json", "task.json"):
        (tmp_path / name).write_text("old")
    fd = tasks._lock(tmp_path)
    assert os.listdir(tmp_path) == ["lock"]
    with (tmp_path / "lock").open() as other, pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(fd)


def test_a_shims_address_may_be_longer_than_sockets_can_say(tmp_path: Path) -> None:
    directory = tmp_path / ("d" * 100) / ("e" * 100)
    directory.mkdir(parents=True)
    for _ in range(2):
        fd = tasks._listen(directory / "x.sock")
        assert (directory / "x.sock").stat().st_mode & 0o777 == 0o600
        os.close(fd)


def test_an_init_is_put_before_the_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "tini").touch()
    monkeypatch.setattr(tasks, "_INIT_SOURCE", str(tmp_path / "tini"))
    config = tasks._with_init(CONFIG)
    assert config["process"]["args"] == ["/sbin/docker-init", "--", "true"]
    assert config["mounts"][-1]["source"] == str(tmp_path / "tini")
    assert CONFIG == {"process": {"args": ["true"]}, "mounts": []}
    monkeypatch.setattr(tasks, "_INIT_SOURCE", str(tmp_path / "absent"))
    with pytest.raises(StartFailed, match="install Debian's package tini"):
        tasks._with_init(CONFIG)
