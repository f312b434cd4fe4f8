import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.kube.client.clock import FakeClock, settle
from wherry.kube.client.workqueue import Backoff, Closed, WorkQueue


async def drain(queue: WorkQueue[str]) -> list[str]:
    taken = []
    while len(queue):
        taken.append(await queue.get())
        queue.done(taken[-1])
    return taken


async def test_a_key_waits_once_however_often_it_is_added() -> None:
    queue: WorkQueue[str] = WorkQueue(FakeClock())
    for key in "abacab":
        queue.add(key)
    assert await drain(queue) == ["a", "b", "c"] and queue.is_idle


async def test_a_key_under_work_comes_again_only_when_that_is_done() -> None:
    queue: WorkQueue[str] = WorkQueue(FakeClock())
    queue.add("a")
    key = await queue.get()
    queue.add("a")
    assert len(queue) == 0 and not queue.is_idle
    queue.done(key)
    assert await drain(queue) == ["a"]


async def test_a_delayed_key_comes_when_it_is_due_and_the_shortest_delay_counts() -> None:
    clock = FakeClock()
    queue: WorkQueue[str] = WorkQueue(clock)
    queue.add_after("a", 10)
    queue.add_after("a", 3)
    queue.add_after("a", 5)
    queue.add_after("b", 4)
    await clock.advance(3)
    assert await drain(queue) == ["a"]
    await clock.advance(1)
    assert await drain(queue) == ["b"]
    await clock.advance(100)
    assert len(queue) == 0


async def test_failures_double_the_delay_until_they_are_forgotten() -> None:
    clock = FakeClock()
    queue: WorkQueue[str] = WorkQueue(clock)
    waited = []
    for _ in range(20):
        queue.add_failed("a")
        begun = clock.monotonic()
        await clock.advance(clock.next_due or 0)
        waited.append(round(clock.monotonic() - begun, 3))
        assert await drain(queue) == ["a"]
    assert waited[:4] == [0.005, 0.01, 0.02, 0.04] and waited[-1] == 1000 and queue.failures("a") == 20
    queue.forget("a")
    assert queue.failures("a") == 0


async def test_who_waits_for_a_key_gets_the_next_one_added() -> None:
    queue: WorkQueue[str] = WorkQueue(FakeClock())
    waiting = [asyncio.ensure_future(queue.get()) for _ in range(2)]
    await settle()
    queue.add("a")
    await settle()
    queue.add("b")
    assert sorted(await asyncio.gather(*waiting)) == ["a", "b"]


async def test_closing_wakes_everybody_and_nothing_comes_after() -> None:
    clock = FakeClock()
    queue: WorkQueue[str] = WorkQueue(clock)
    waiting = [asyncio.ensure_future(queue.get()) for _ in range(2)]
    await settle()
    queue.add_after("late", 1)
    queue.close()
    queue.close()
    assert [type(each) for each in await asyncio.gather(*waiting, return_exceptions=True)] == [Closed, Closed]
    queue.add("a")
    await clock.advance(2)
    with pytest.raises(Closed):
        await queue.get()


@given(st.integers(0, 10_000))
def test_a_delay_never_exceeds_the_maximum_and_never_shrinks(failures: int) -> None:
    backoff = Backoff()
    assert 0.005 <= backoff.delay(failures) <= backoff.delay(failures + 1) <= 1000


@given(st.lists(st.tuples(st.sampled_from(["add", "get", "done"]), st.sampled_from("abc")), max_size=60))
def test_no_key_is_lost_or_worked_on_twice_at_once(steps: list[tuple[str, str]]) -> None:
    async def play() -> None:
        queue: WorkQueue[str] = WorkQueue(FakeClock())
        owed: set[str] = set()
        working: set[str] = set()
        for action, key in steps:
            if action == "add":
                queue.add(key)
                owed.add(key)
            elif action == "get" and len(queue):
                taken = await queue.get()
                assert taken not in working and taken in owed
                working.add(taken)
                owed.discard(taken)
            elif action == "done" and key in working:
                working.discard(key)
                queue.done(key)
        for key in working:
            queue.done(key)
        assert set(await drain(queue)) == owed and queue.is_idle

    asyncio.run(play())
