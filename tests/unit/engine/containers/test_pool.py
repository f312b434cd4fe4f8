"""Containers half made ahead of time."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.engine.containers.harness import Daemon, Machine, wait_until
from wherry.engine.containers import Rules
from wherry.engine.containers.idranges import IdRanges
from wherry.engine.containers.pool import Pool


@pytest.fixture
async def warm(tmp_path: Path) -> AsyncIterator[Daemon]:
    machine = Machine(tmp_path)
    yield await machine.up()
    await machine.daemons[-1].close()
    machine.tasks.reboot()


def pool(daemon: Daemon, size: int = 1) -> Pool:
    return Pool(daemon.runtime, daemon.networks, IdRanges(), size)


async def test_some_of_each_kind_are_ready(warm: Daemon) -> None:
    found = pool(warm, 2)
    found.start()
    await wait_until(lambda: found.ready == {True: 2, False: 2})
    assert len(warm.machine.plumbing.wires) == 2
    await found.close()


async def test_what_is_taken_is_replaced(warm: Daemon) -> None:
    found = pool(warm)
    found.start()
    await wait_until(lambda: found.ready == {True: 1, False: 1})
    first = await found.take(True)
    assert first.endpoint is not None
    await wait_until(lambda: found.ready == {True: 1, False: 1})
    second = await found.take(False)
    assert second.endpoint is None
    assert first.ids != second.ids
    await found.close()
    await first.sandbox.discard()
    await second.sandbox.discard()


async def test_an_empty_pool_makes_one_on_the_spot(warm: Daemon) -> None:
    found = pool(warm, 0)
    made = await found.take(True)
    assert made.sandbox.alive
    await found.close()
    await made.sandbox.discard()


async def test_one_that_has_ended_is_not_given_out(warm: Daemon) -> None:
    found = pool(warm)
    found.start()
    await wait_until(lambda: found.ready == {True: 1, False: 1})
    warm.machine.tasks.end_daemon()
    made = await found.take(True)
    assert made.sandbox.alive
    await found.close()
    await made.sandbox.discard()


async def test_nothing_is_left_of_one_that_could_not_be_wired(warm: Daemon) -> None:
    warm.machine.plumbing.refuse.add("lay")
    ranges = IdRanges()
    found = Pool(warm.runtime, warm.networks, ranges, 0)
    with pytest.raises(Exception, match="lay"):
        await found.take(True)
    assert not warm.machine.tasks.sandboxes
    assert ranges.take().first == 100_000


async def test_closing_discards_what_nobody_took(warm: Daemon) -> None:
    found = pool(warm, 2)
    found.start()
    await wait_until(lambda: found.ready == {True: 2, False: 2})
    await found.close()
    await found.close()
    assert not warm.machine.tasks.sandboxes  # their links go with their namespaces


async def test_a_start_takes_from_the_pool(tmp_path: Path) -> None:
    machine = Machine(tmp_path, rules=Rules(warm=1))
    daemon = await machine.up()
    await wait_until(lambda: len(machine.tasks.sandboxes) == 2)
    ready = {sandbox.pid for sandbox in machine.tasks.sandboxes}
    container = await daemon.run()
    assert machine.task(container).pid in ready
    await daemon.close()
    machine.tasks.reboot()
