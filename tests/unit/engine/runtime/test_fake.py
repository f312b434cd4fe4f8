"""The runtime in memory does what model.Runtime says."""

import asyncio
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.descriptors import open_descriptors
from wherry.engine.runtime.fake import FakeMachine, FakeRuntime, FakeTask
from wherry.engine.runtime.model import (
    Attachment,
    ExecSpec,
    IdRange,
    Isolation,
    LogFile,
    Namespace,
    Rootfs,
    Runtime,
    StartFailed,
    TaskSpec,
)
from wherry.kit.errors import NotFound, Unavailable

USUAL = Isolation(ids=IdRange(100_000))
CGROUP = "/wherry-x/c1"


def spec(directory: Path, *command: str, tty: bool = False, **fields: Any) -> TaskSpec:
    return TaskSpec(
        id="c1",
        config={"process": {"args": list(command), "terminal": tty}},
        rootfs=Rootfs([], directory / "upper", directory / "work"),
        directory=directory,
        log=LogFile(directory / "log"),
        **fields,
    )


async def run(runtime: FakeRuntime, directory: Path, *command: str, **fields: Any) -> FakeTask:
    sandbox = await runtime.spawn(USUAL)
    return await sandbox.start(spec(directory, *command, **fields))


@pytest.fixture
def runtime() -> FakeRuntime:
    return FakeRuntime()


def test_it_is_a_runtime(runtime: FakeRuntime) -> None:
    found: Runtime = runtime
    assert found is runtime


async def test_a_task_ends_as_its_program_does(runtime: FakeRuntime, tmp_path: Path) -> None:
    task = await run(runtime, tmp_path, "exit", "7")
    assert (await task.wait()).code == 7
    assert (await task.wait()).code == 7


async def test_a_task_runs_until_a_signal_or_until_told(runtime: FakeRuntime, tmp_path: Path) -> None:
    task = await run(runtime, tmp_path, "server")
    await task.kill(28)
    waiting = asyncio.ensure_future(task.wait())
    await asyncio.sleep(0)
    assert not waiting.done()
    await task.kill(15)
    assert (await waiting).code == 143
    with pytest.raises(NotFound):
        await task.kill(9)
    task = await run(runtime, tmp_path, "server")
    task.end(137, oom_killed=True)
    assert (await task.wait()).oom_killed


async def test_a_wait_that_is_cancelled_ends_nothing(runtime: FakeRuntime, tmp_path: Path) -> None:
    task = await run(runtime, tmp_path, "server")
    waiting = asyncio.ensure_future(task.wait())
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    task.end(1)
    assert (await task.wait()).code == 1


async def test_output_is_in_the_log_and_with_clients(runtime: FakeRuntime, tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    task = await run(runtime, tmp_path, "echo", "hello", attachments=[Attachment(theirs.detach())])
    await task.wait()
    assert ours.recv(100) == b"\1\0\0\0\0\0\0\6hello\n"
    assert ours.recv(100) == b""
    assert (tmp_path / "log").read_bytes().endswith(b" stdout F hello\n")
    ours.close()


async def test_a_terminal_s_output_is_not_framed(runtime: FakeRuntime, tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    task = await run(runtime, tmp_path, "server", tty=True)
    await task.attach(Attachment(theirs.detach()))
    task.write("stdout", b"$ ")
    assert ours.recv(100) == b"$ "
    task.end(0)
    ours.close()


async def test_a_client_s_descriptor_is_taken_over_in_any_case(runtime: FakeRuntime, tmp_path: Path) -> None:
    before = open_descriptors()
    ours, theirs = socket.socketpair()
    with pytest.raises(StartFailed, match="executable file not found"):
        await run(runtime, tmp_path, "missing", attachments=[Attachment(theirs.detach())])
    ours.close()
    task = await run(runtime, tmp_path, "true")
    await task.wait()
    ours, theirs = socket.socketpair()
    with pytest.raises(Unavailable):
        await task.attach(Attachment(theirs.detach()))
    ours.close()
    assert open_descriptors() == before


async def test_a_sandbox_starts_once_and_can_be_discarded_twice(runtime: FakeRuntime, tmp_path: Path) -> None:
    sandbox = await runtime.spawn(USUAL)
    assert sandbox.alive
    assert sandbox.netns_fd is not None
    await sandbox.discard()
    await sandbox.discard()
    assert not sandbox.alive
    with pytest.raises(StartFailed):
        await sandbox.start(spec(tmp_path, "true"))
    assert not runtime.machine.sandboxes


async def test_a_shared_network_namespace_is_not_the_sandbox_s(runtime: FakeRuntime) -> None:
    for isolation in (Isolation(ids=None, network=Namespace.HOST), Isolation(ids=None, join_network=1)):
        sandbox = await runtime.spawn(isolation)
        assert sandbox.netns_fd is None
        await sandbox.discard()


async def test_execs_end_by_themselves_or_with_the_task(runtime: FakeRuntime, tmp_path: Path) -> None:
    task = await run(runtime, tmp_path, "server")
    short = await task.exec(ExecSpec("e1", {"args": ["exit", "3"]}))
    long = await task.exec(ExecSpec("e2", {"args": ["server"]}))
    assert (await short.wait()).code == 3
    await long.resize(24, 80)
    assert long.sizes == [(24, 80)]
    task.end(0)
    assert (await long.wait()).code == 137
    with pytest.raises(StartFailed):
        await task.exec(ExecSpec("e3", {"args": ["true"]}))


# Another daemon on the same machine


async def test_running_tasks_are_found_again(tmp_path: Path) -> None:
    machine = FakeMachine()
    task = await run(FakeRuntime(machine), tmp_path, "server")
    waiting = await FakeRuntime(machine).spawn(USUAL)
    machine.end_daemon()
    found = await FakeRuntime(machine).recover("c1", tmp_path, CGROUP)
    assert (found.task, found.exit) == (task, None)
    assert not waiting.alive
    task.end(0)


async def test_exits_that_nobody_heard_of_are_told(tmp_path: Path) -> None:
    machine = FakeMachine()
    task = await run(FakeRuntime(machine), tmp_path, "server")
    task.end(3)
    found = await FakeRuntime(machine).recover("c1", tmp_path, CGROUP)
    assert found.task is None
    assert found.exit is not None
    assert found.exit.code == 3


async def test_after_a_reboot_tasks_are_lost(tmp_path: Path) -> None:
    machine = FakeMachine()
    await run(FakeRuntime(machine), tmp_path, "server")
    machine.reboot()
    found = await FakeRuntime(machine).recover("c1", tmp_path, CGROUP)
    assert found.exit is not None
    assert found.exit.code == 255
    assert found.exit.error


async def test_what_never_ran_is_nothing(runtime: FakeRuntime, tmp_path: Path) -> None:
    found = await runtime.recover("c1", tmp_path, CGROUP)
    assert (found.task, found.exit) == (None, None)


async def test_a_process_that_is_held_stays_and_the_sandbox_is_gone(runtime: FakeRuntime) -> None:
    sandbox = await runtime.spawn(Isolation(ids=None))
    await sandbox.hold()
    assert not sandbox.alive and runtime.machine.held == {sandbox.pid}
    with pytest.raises(StartFailed):
        await sandbox.hold()
    runtime.machine.reboot()
    assert not runtime.machine.held
