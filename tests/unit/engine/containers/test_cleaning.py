"""Letting go of what a run had in the kernel."""

import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.engine.containers.harness import Daemon, Machine, wait_until
from wherry.engine.containers import steps
from wherry.engine.containers.model import Config, HostConfig
from wherry.engine.containers.steps import Step
from wherry.kit.errors import Unavailable


@pytest.fixture
async def daemon(tmp_path: Path) -> AsyncIterator[Daemon]:
    daemon = await Machine(tmp_path).up()
    yield daemon
    await daemon.close()


async def test_a_failure_does_not_keep_the_rest(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    container = await daemon.run("wait")

    async def full(container_id: str) -> None:
        raise Unavailable("database or disk is full")

    monkeypatch.setattr(daemon.networks, "disconnect", full)
    await daemon.containers.kill(container, "KILL")
    await wait_until(lambda: daemon.status(container) == "exited")
    await wait_until(lambda: container in daemon.machine.tasks.cleaned)


async def test_what_a_step_could_not_let_go_of_goes_later(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step has no row: nobody else would ever try."""
    monkeypatch.setattr(steps, "_RETRY_SECONDS", 0.01)
    disconnect, failures = daemon.networks.disconnect, [1, 2, 3]

    async def sometimes(container_id: str) -> None:
        if failures:
            failures.pop()
            raise Unavailable("database or disk is full")
        await disconnect(container_id)

    monkeypatch.setattr(daemon.networks, "disconnect", sometimes)
    ours, theirs = socket.socketpair()
    step = Step([Path("/layers/a")], Config(Cmd=["echo", "x"]), HostConfig(NetworkMode="bridge"))
    async with daemon.containers.steps.run(step, theirs.detach()) as ended:
        assert ended.exit.code == 0
    ours.close()
    await wait_until(lambda: not failures and not daemon.networks.attached(daemon.networks.get("bridge")))
    assert os.listdir(daemon.machine.instance.containers) == []


async def test_at_the_latest_when_everything_ends(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    disconnect, failures = daemon.networks.disconnect, [1]

    async def once(container_id: str) -> None:
        if failures:
            failures.pop()
            raise Unavailable("database or disk is full")
        await disconnect(container_id)

    monkeypatch.setattr(daemon.networks, "disconnect", once)
    ours, theirs = socket.socketpair()
    step = Step([Path("/layers/a")], Config(Cmd=["echo", "x"]), HostConfig(NetworkMode="bridge"))
    async with daemon.containers.steps.run(step, theirs.detach()):
        pass
    ours.close()
    assert daemon.networks.attached(daemon.networks.get("bridge"))
    await daemon.containers.shut_down()
    assert not daemon.networks.attached(daemon.networks.get("bridge"))
