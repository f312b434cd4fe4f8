"""Forgetting, again and again."""

import asyncio

import pytest

from wherry.kit.errors import Unavailable
from wherry.store.compaction import compact_for_ever
from wherry.store.memory import MemoryStore
from wherry.store.model import Put


class Clock:
    """Each sleep waits for its turn; the last is for ever."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.turns = asyncio.Semaphore(0)
        self.asleep = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.asleep.set()
        await self.turns.acquire()

    async def turn(self) -> None:
        self.asleep.clear()
        self.turns.release()
        await self.asleep.wait()


async def test_each_time_what_was_the_newest_the_time_before_is_compacted() -> None:
    store, clock = MemoryStore(), Clock()
    first = await store.commit([], [Put("/a", b"")])
    task = asyncio.create_task(compact_for_ever(store, 300, clock.sleep))
    await clock.asleep.wait()
    second = await store.commit([], [Put("/a", b"")])
    assert await store.compacted() == 0
    await clock.turn()
    assert await store.compacted() == first
    await clock.turn()
    assert await store.compacted() == second
    assert clock.slept == [300, 300, 300]
    task.cancel()


async def test_a_full_disk_is_waited_out(caplog: pytest.LogCaptureFixture) -> None:
    class Full(MemoryStore):
        is_full = True

        async def compact(self, revision: int) -> None:
            if self.is_full:
                raise Unavailable("no space left")
            await super().compact(revision)

    store, clock = Full(), Clock()
    await store.commit([], [Put("/a", b"")])
    task = asyncio.create_task(compact_for_ever(store, 300, clock.sleep))
    await clock.asleep.wait()
    await clock.turn()
    assert "no space left" in caplog.text
    store.is_full = False
    await clock.turn()
    assert await store.compacted() == await store.revision()
    task.cancel()
