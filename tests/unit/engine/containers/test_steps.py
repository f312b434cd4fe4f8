"""Steps of builds, on the runtime in memory."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.engine.containers.harness import Daemon, Machine, wait_until
from wherry.engine.containers.model import Config, HostConfig
from wherry.engine.containers.steps import Step
from wherry.engine.networks.asked import Asked
from wherry.kit.errors import Invalid, NotFound


@pytest.fixture
async def daemon(tmp_path: Path) -> AsyncIterator[Daemon]:
    daemon = await Machine(tmp_path).up()
    yield daemon
    await daemon.close()


def step(*command: str, **host: object) -> Step:
    return Step([Path("/layers/a")], Config(Cmd=list(command)), HostConfig(**host))  # type: ignore[arg-type]


def output() -> tuple[socket.socket, int]:
    ours, theirs = socket.socketpair()
    return ours, theirs.detach()


async def test_what_a_step_writes_is_there_until_the_block_ends(daemon: Daemon) -> None:
    ours, theirs = output()
    async with daemon.containers.steps.run(step("echo", "hello"), theirs) as ended:
        assert ended.exit.code == 0
        assert ended.upper.is_dir()
        assert ended.first_id >= 65536
        (ended.upper / "file").write_text("x")
    assert b"hello" in ours.recv(100)
    ours.close()
    assert not daemon.machine.directories()
    assert daemon.actions() == []  # nobody is told of a container
    assert list(daemon.containers.list(all=True)) == []


async def test_the_code_of_a_failure(daemon: Daemon) -> None:
    ours, theirs = output()
    async with daemon.containers.steps.run(step("exit", "3"), theirs) as ended:
        assert ended.exit.code == 3
    ours.close()


async def test_a_program_that_is_not_there(daemon: Daemon) -> None:
    ours, theirs = output()
    async with daemon.containers.steps.run(step("missing"), theirs) as ended:
        assert ended.exit.code == 127
        assert "executable file not found" in ended.message
    ours.close()


async def test_a_cancelled_step_is_ended_and_leaves_nothing(daemon: Daemon) -> None:
    ours, theirs = output()

    async def run() -> None:
        async with daemon.containers.steps.run(step("wait"), theirs):
            raise AssertionError("it does not end by itself")

    task = asyncio.create_task(run())
    await wait_until(lambda: daemon.machine.tasks.tasks)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    ours.close()
    assert not daemon.machine.tasks.tasks
    assert not daemon.machine.directories()


async def test_what_a_crash_leaves_of_a_step_goes_at_the_next_start(daemon: Daemon) -> None:
    ours, theirs = output()

    async def run() -> None:
        async with daemon.containers.steps.run(step("wait"), theirs):
            pass

    task = asyncio.create_task(run())
    machine = daemon.machine
    await wait_until(lambda: machine.tasks.tasks)
    (left,) = machine.directories()
    await machine.crash()
    task.cancel()
    (machine.instance.containers / left).mkdir(exist_ok=True)  # a killed daemon would have left it
    await machine.up()
    assert not machine.directories()
    assert left in machine.tasks.cleaned
    ours.close()


async def test_a_step_is_on_the_network_that_it_names(daemon: Daemon) -> None:
    front = daemon.networks.create(Asked("front"))
    ours, theirs = output()

    async def run(network: str) -> None:
        async with daemon.containers.steps.run(step("wait", NetworkMode=network), theirs):
            pass

    task = asyncio.create_task(run("front"))
    await wait_until(lambda: daemon.machine.tasks.tasks)
    assert [one.endpoint.interface for one in daemon.networks.attached(front)] == ["eth0"]
    assert daemon.networks.attached(daemon.networks.get("bridge")) == []
    assert len(daemon.machine.plumbing.listening) == 1, "names are answered"
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    ours.close()
    assert not daemon.networks.attached(front)
    ours, theirs = output()
    with pytest.raises(NotFound, match="network nope not found"):
        await run("nope")
    ours.close()


async def test_what_no_container_may_have_no_step_may(daemon: Daemon) -> None:
    for wrong in (step(), step("true", ShmSize=-1)):
        ours, theirs = output()
        with pytest.raises(Invalid):
            async with daemon.containers.steps.run(wrong, theirs):
                pass
        ours.close()
        with pytest.raises(OSError, match="Bad file"):
            os.close(theirs)
    assert not daemon.machine.directories()
