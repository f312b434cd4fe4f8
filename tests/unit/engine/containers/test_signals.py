"""Signals to containers, and the patience with what comes of them."""

import asyncio
from typing import Any

import pytest

from tests.unit.engine.containers.harness import Daemon, FakeGroup, Machine, wait_until
from wherry.engine.containers import signals
from wherry.engine.containers.model import State
from wherry.engine.containers.row import Container
from wherry.engine.containers.signals import Signals, within
from wherry.engine.containers.waiting import WaitResult
from wherry.engine.runtime.fake import Life
from wherry.kit.errors import Conflict, Unavailable


@pytest.fixture
async def container(daemon: Daemon) -> Container:
    return daemon.containers._registry.get(await daemon.run())


@pytest.fixture
def sender(daemon: Daemon) -> Signals:
    return Signals(daemon.containers._around)


def group(machine: Machine, container: Container) -> FakeGroup:
    return machine.groups.setdefault(f"{machine.instance.cgroup_parent}/{container.id}", FakeGroup())


async def test_a_signal_is_sent_and_told(
    daemon: Daemon, machine: Machine, sender: Signals, container: Container
) -> None:
    await sender.send(container, 23)
    assert machine.task(container.id).signals == [23]
    assert daemon.told[-1].attributes["signal"] == "23"


async def test_where_nobody_is_nothing_is_sent_and_nothing_told(
    daemon: Daemon, machine: Machine, sender: Signals, container: Container
) -> None:
    task = machine.task(container.id)
    task._exit.set_result(None)  # type: ignore[arg-type]  # it has ended, and nobody knows yet
    before = daemon.actions()
    await sender.send(container, 15)
    other = daemon.containers._registry.get(await daemon.create())
    await sender.send(other, 15)
    assert daemon.actions() == [*before, "create"]


async def test_a_stop_returns_after_the_end(sender: Signals, container: Container) -> None:
    await sender.stop(container, 15, None)
    assert (container.state, container.exit_code) == (State.EXITED, 143)


async def test_who_does_not_listen_is_killed_after_a_while(daemon: Daemon, machine: Machine, sender: Signals) -> None:
    container = daemon.containers._registry.get(await daemon.run("deaf"))
    task = machine.task(container.id)
    await sender.stop(container, 15, 0.01)
    assert (task.signals, container.exit_code) == ([15, 9], 137)


async def test_who_is_asked_by_sigkill_is_asked_once(machine: Machine, sender: Signals, container: Container) -> None:
    task = machine.task(container.id)
    await sender.stop(container, 9, 0)
    assert task.signals == [9]


async def test_a_paused_container_is_let_go_on_so_that_it_can_die(
    machine: Machine, sender: Signals, container: Container, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sender.freeze(container)
    task, thawed = machine.task(container.id), group(machine, container)
    kill = task.kill

    async def frozen(signal: int, everyone: bool = False) -> None:
        """Nothing happens to who is frozen."""

    monkeypatch.setattr(task, "kill", frozen)
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(thawed, "thaw", lambda: asyncio.run_coroutine_threadsafe(kill(9), loop).result(5))
    await sender.kill(container)
    assert (container.state, container.exit_code) == (State.EXITED, 137)


async def test_who_survives_even_that_is_told_by_name_and_not_waited_for(
    daemon: Daemon, machine: Machine, sender: Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signals, "_PATIENCE_SECONDS", 0.01)
    machine.tasks.program = lambda _: Life(seconds=None, ignored=frozenset({9, 15}))
    container = daemon.containers._registry.get(await daemon.run())
    with pytest.raises(Unavailable, match=f"container {container.id} did not end within"):
        await sender.kill(container)
    assert container.state is State.RUNNING
    waiters: Any = daemon.containers._around.waiting._waiters
    assert all(waiter.done() for waiter in waiters.get((container.id, "not-running"), ()))
    machine.task(container.id).end(0)


async def test_freezing_and_thawing_are_written_down_and_told(
    daemon: Daemon, machine: Machine, sender: Signals, container: Container
) -> None:
    await sender.freeze(container)
    assert b'"state":"paused"' in daemon.database.execute("SELECT document FROM containers")[0][0]
    await sender.thaw(container)
    assert container.state is State.RUNNING
    assert group(machine, container).calls == ["freeze", "thaw"]
    assert daemon.actions()[-2:] == ["pause", "unpause"]


async def test_who_ends_while_it_is_frozen_is_not_paused(
    daemon: Daemon, machine: Machine, sender: Signals, container: Container
) -> None:
    ended = asyncio.Event()

    class Ending(FakeGroup):
        def freeze(self) -> None:
            loop.call_soon_threadsafe(machine.task(container.id).end, 0)
            asyncio.run_coroutine_threadsafe(ended.wait(), loop).result(5)

    loop = asyncio.get_running_loop()
    machine.groups[f"{machine.instance.cgroup_parent}/{container.id}"] = Ending()
    freezing = asyncio.create_task(sender.freeze(container))
    await wait_until(lambda: container.state is State.EXITED)
    ended.set()
    with pytest.raises(Conflict, match="is not running"):
        await freezing
    assert container.state is State.EXITED
    assert "pause" not in daemon.actions()


async def test_a_wait_that_comes_to_nothing_goes_on() -> None:
    waiter: asyncio.Future[WaitResult] = asyncio.get_running_loop().create_future()
    assert not await within(waiter, 0.001)
    assert not waiter.cancelled()
    waiter.set_result(WaitResult(0))
    assert await within(waiter, None)
