import asyncio
from datetime import timedelta

from wherry.kube.client.clock import FakeClock, SystemClock, settle


async def test_a_fake_clock_stands_still_and_moves_when_told() -> None:
    clock = FakeClock()
    before = clock.now()
    await settle()
    assert clock.now() == before and clock.monotonic() == 0
    await clock.advance(90)
    assert clock.now() - before == timedelta(seconds=90) and clock.monotonic() == 90


async def test_calls_come_in_the_order_of_their_times_each_at_its_own() -> None:
    clock, seen = FakeClock(), []
    for seconds in (3, 1, 2, 7):
        clock.call_later(seconds, lambda: seen.append(clock.monotonic()))
    await clock.advance(5)
    assert seen == [1, 2, 3] and clock.next_due == 2


async def test_a_cancelled_call_does_not_come() -> None:
    clock, seen = FakeClock(), []
    clock.call_later(1, lambda: seen.append("cancelled")).cancel()
    clock.call_later(1, lambda: seen.append("kept"))
    await clock.advance(1)
    assert seen == ["kept"] and clock.next_due is None


async def test_who_sleeps_in_steps_wakes_at_each_of_them() -> None:
    clock, seen = FakeClock(), []

    async def sleeper() -> None:
        for _ in range(3):
            await clock.sleep(1)
            seen.append(clock.monotonic())

    task = asyncio.ensure_future(sleeper())
    await clock.advance(10)
    assert seen == [1, 2, 3] and task.done()


async def test_a_sleep_that_is_cancelled_leaves_no_call_behind() -> None:
    clock = FakeClock()
    task = asyncio.ensure_future(clock.sleep(1))
    await settle()
    task.cancel()
    await settle()
    assert clock.next_due is None


async def test_the_system_clock_calls_and_knows_the_zone() -> None:
    clock, called = SystemClock(), asyncio.Event()
    clock.call_later(-1, called.set)
    await called.wait()
    await clock.sleep(0)
    assert clock.now().utcoffset() == timedelta(0) and clock.monotonic() > 0
