"""Killed before any step, a daemon leaves a sandbox that is whole, or nothing of it."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.unit.engine.containers.harness import Daemon, Machine
from tests.unit.engine.containers.test_crashes import Killed, Steps
from tests.unit.engine.sandboxes.test_sandboxes import wanted
from wherry.engine.networks.fake import FakePlumbing
from wherry.engine.networks.model import PortBinding
from wherry.engine.sandboxes import Wanted
from wherry.engine.sandboxes.fake import FakePins

WANTED: dict[str, Wanted] = {
    "usual": wanted(ports=[PortBinding(80, "tcp", "0.0.0.0", 8080)]),
    "shares processes": wanted(shares_processes=True),
    "the host's ids": wanted(mapped=False),
    "the host's network": wanted(mapped=False, host_network=True),
}


def instrument(daemon: Daemon, monkeypatch: pytest.MonkeyPatch, steps: Steps) -> None:
    """Every database statement, every call of the runtime, of the pins and of the kernel's network."""
    monkeypatch.setattr(daemon.database, "execute", steps.around(daemon.database.execute))
    monkeypatch.setattr(daemon.runtime, "spawn", steps.around(daemon.runtime.spawn))
    for kind, names in (
        (FakePlumbing, ("lay", "publish", "unpublish")),
        (FakePins, ("make", "write", "pin_processes", "remove")),
    ):
        for name in names:
            monkeypatch.setattr(kind, name, steps.around(getattr(kind, name)))


async def start(daemon: Daemon, kind: str) -> None:
    await daemon.containers.pods.sandboxes.start(WANTED[kind])


async def remove(daemon: Daemon, kind: str) -> None:
    sandboxes = daemon.containers.pods.sandboxes
    for sandbox in sandboxes:
        await sandboxes.remove(sandbox.id)


async def stop(daemon: Daemon, kind: str) -> None:
    sandboxes = daemon.containers.pods.sandboxes
    for sandbox in sandboxes:
        await sandboxes.stop(sandbox.id)


Operation = Callable[[Daemon, str], Awaitable[None]]
OPERATIONS: dict[str, Operation] = {"start": start, "remove": remove, "stop": stop}


@pytest.mark.parametrize("kind", list(WANTED))
@pytest.mark.parametrize("operation", list(OPERATIONS))
async def test_killed_before_any_step(tmp_path: Path, operation: str, kind: str) -> None:
    number, done = 0, False
    while not done:
        number += 1
        root = tmp_path / str(number)
        root.mkdir()
        machine = Machine(root)
        daemon = await machine.up()
        if operation != "start":
            await start(daemon, kind)
        with pytest.MonkeyPatch.context() as monkeypatch:
            steps = Steps(number)
            instrument(daemon, monkeypatch, steps)
            done = await _attempt(OPERATIONS[operation], daemon, kind) and not steps.is_dead
            await machine.crash()
        daemon.database.close()
        await _check(machine, operation, acknowledged=done)
    assert number > 1, "nothing was interrupted"


async def _attempt(operation: Operation, daemon: Daemon, kind: str) -> bool:
    try:
        await operation(daemon, kind)
    except (Killed, asyncio.CancelledError):
        return False
    return True


async def _check(machine: Machine, operation: str, acknowledged: bool) -> None:
    after = await machine.up()
    sandboxes = after.containers.pods.sandboxes
    known = {sandbox.id for sandbox in sandboxes}
    assert set(machine.pins.there()) <= known
    attached = {one.container_id for one in after.networks.attached(after.networks.get("bridge"))}
    assert attached <= sandboxes.ready()
    assert all(sandboxes.is_ready(one) or operation != "start" for one in sandboxes), "no half of one has a row"
    if acknowledged:
        assert bool(known) == (operation != "remove")
    for kind in WANTED:  # and whatever it was, it can be gone on with
        again = await sandboxes.start(WANTED[kind])
        assert sandboxes.is_ready(again)
        await sandboxes.remove(again.id)
    assert not machine.pins.there() and not list(sandboxes)
    await after.close()
    machine.tasks.reboot()
