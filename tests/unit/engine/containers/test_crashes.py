"""Killed at any instruction: after a restart, everything is as if it had been done, or as if it had not been begun."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.engine.containers.harness import Daemon, Machine, wait_until
from wherry.engine.containers.surroundings import Surroundings
from wherry.engine.networks.fake import FakePlumbing


class Killed(BaseException):
    """The process ends here. No handler may do anything about it: see :class:`Steps`."""


class Steps:
    """Counts what leaves a trace outside the process, and ends the process before step ``last``.

    What handlers try after that leaves no trace any more.
    """

    def __init__(self, last: int | None) -> None:
        self.count = 0
        self._last = last
        self.is_dead = False

    def step(self) -> None:
        if self.is_dead:
            raise Killed
        self.count += 1
        if self.count == self._last:
            self.is_dead = True
            raise Killed

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*arguments: Any, **options: Any) -> Any:
            self.step()
            return function(*arguments, **options)

        return stepped


def instrument(daemon: Daemon, monkeypatch: pytest.MonkeyPatch, steps: Steps) -> None:
    """Every database statement, every directory made or removed, every call of the runtime and the kernel's network."""
    monkeypatch.setattr(daemon.database, "execute", steps.around(daemon.database.execute))
    for name in ("lay", "publish", "unpublish"):
        monkeypatch.setattr(FakePlumbing, name, steps.around(getattr(FakePlumbing, name)))
    for name in ("spawn", "clean"):
        monkeypatch.setattr(daemon.runtime, name, steps.around(getattr(daemon.runtime, name)))
    around: Surroundings = daemon.containers._around
    for trash in (around.trash, daemon.volumes._trash):
        monkeypatch.setattr(trash, "throw", steps.around(trash.throw))
    monkeypatch.setattr(around.snapshots, "prepare", steps.around(around.snapshots.prepare))
    monkeypatch.setattr(Path, "mkdir", steps.around(Path.mkdir))
    monkeypatch.setattr(Path, "rmdir", steps.around(Path.rmdir))


OPTIONS: dict[str, Any] = {"Binds": ["/anonymous", "named:/named"], "PortBindings": {"80/tcp": []}}
Operation = Callable[[Daemon], Awaitable[None]]


async def create(daemon: Daemon) -> None:
    await daemon.create(name="victim", **OPTIONS)


async def start(daemon: Daemon) -> None:
    await daemon.containers.start("victim")


async def stop(daemon: Daemon) -> None:
    await daemon.containers.stop("victim")
    await wait_until(daemon.containers._registry.live(daemon.containers._registry.get("victim")).settled.is_set)


async def remove(daemon: Daemon) -> None:
    await daemon.containers.remove("victim", force=True, volumes=True)


BEFORE: dict[str, list[Operation]] = {
    "create": [],
    "start": [create],
    "stop": [create, start],
    "remove": [create, start],
}
OPERATIONS: dict[str, Operation] = {"create": create, "start": start, "stop": stop, "remove": remove}


@pytest.mark.parametrize("operation", list(OPERATIONS))
async def test_killed_before_any_step(tmp_path: Path, operation: str) -> None:
    number = 0
    while True:
        number += 1
        root = tmp_path / str(number)
        root.mkdir()
        machine = Machine(root)
        daemon = await machine.up()
        for prepare in BEFORE[operation]:
            await prepare(daemon)
        with pytest.MonkeyPatch.context() as monkeypatch:
            steps = Steps(number)
            instrument(daemon, monkeypatch, steps)
            done = await attempt(OPERATIONS[operation], daemon)
            await machine.crash()
        daemon.database.close()
        after = await machine.up()
        try:
            await check(machine, after, operation, acknowledged=done)
        finally:
            await after.close()
            machine.tasks.reboot()
        if done and not steps.is_dead:
            break
    assert number > 3, "nothing was interrupted"


async def attempt(operation: Operation, daemon: Daemon) -> bool:
    """Whether the operation was acknowledged."""
    task = asyncio.ensure_future(operation(daemon))
    done, _ = await asyncio.wait((task,), timeout=0.3)
    return bool(done) and not task.cancelled() and task.exception() is None


async def check(machine: Machine, daemon: Daemon, operation: str, acknowledged: bool) -> None:
    """What was acknowledged is so; what is there is whole; nothing else is there."""
    there = daemon.exists("victim")
    rows = {one["Id"] for one in daemon.containers.list(all=True)}
    assert machine.directories() == rows
    assert set(machine.tasks.tasks) == {one["Id"] for one in daemon.containers.list()}
    volumes = {volume.name for volume in daemon.volumes.list()}
    assert {path.name for path in machine.instance.volumes.iterdir()} == volumes
    if operation == "create":
        assert there >= acknowledged
        assert len(volumes) == (2 if there else 0)
    elif operation == "remove":
        assert not (there and acknowledged)
        assert len(volumes) == (2 if there else 1)  # the named one stays
    elif acknowledged:
        assert daemon.status("victim") == {"start": "running", "stop": "exited"}[operation]
    else:
        assert there
    published = machine.plumbing.published[machine.instance.nft_table]
    assert bool(published) == bool(machine.tasks.tasks)
    if there:
        await usable(daemon)


async def usable(daemon: Daemon) -> None:
    if daemon.status("victim") != "running":
        await daemon.containers.start("victim")
    await daemon.containers.remove("victim", force=True, volumes=True)
    assert not daemon.exists("victim")
