"""The engine's event stream."""

import asyncio
import gc

from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.events import Event, Events

SECOND = 1_000_000_000


class Clock:
    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        self.now += SECOND
        return self.now


def actions(found: list[Event]) -> list[str]:
    return [event.action for event in found]


async def test_a_listener_hears_what_comes_after_it_asked() -> None:
    events = Events()
    events.publish("container", "before", "x")
    stream = events.subscribe()
    events.publish("container", "first", "x", {"a": "b"})
    events.publish("image", "second", "y")
    first = await anext(stream)
    assert (first.kind, first.action, first.actor, first.attributes) == ("container", "first", "x", {"a": "b"})
    assert (await anext(stream)).action == "second"


async def test_since_tells_what_was_kept_too() -> None:
    clock = Clock()
    events = Events(clock)
    for action in ("one", "two", "three"):
        events.publish("container", action, "x")
    found = [event async for event in events.subscribe(2 * SECOND, 3 * SECOND)]
    assert actions(found) == ["two", "three"]


async def test_until_ends_the_stream() -> None:
    events = Events(lambda: 5 * SECOND)
    assert [event async for event in events.subscribe(None, 4 * SECOND)] == []


async def test_until_in_the_future_waits_for_it() -> None:
    events = Events()
    import time

    stream = events.subscribe(None, time.time_ns() + 1_000_000_000)
    events.publish("container", "in time", "x")
    async with asyncio.timeout(60):
        assert actions([event async for event in stream]) == ["in time"]


async def test_nothing_is_told_twice_between_the_kept_and_the_new() -> None:
    events = Events(Clock())
    events.publish("container", "kept", "x")
    stream = events.subscribe(0)
    events.publish("container", "new", "x")
    assert [(await anext(stream)).action for _ in range(2)] == ["kept", "new"]


@given(st.integers(0, 600))
async def test_only_the_last_are_kept(count: int) -> None:
    events = Events(Clock())
    for number in range(count):
        events.publish("container", str(number), "x")
    found = [event async for event in events.subscribe(0, (count or 1) * SECOND)]
    assert actions(found) == [str(number) for number in range(max(0, count - 256), count)]


async def test_who_does_not_listen_loses_the_oldest_and_holds_nobody_up() -> None:
    events = Events()
    stream = events.subscribe()
    for number in range(3000):
        events.publish("container", str(number), "x")
    assert int((await anext(stream)).action) == 3000 - 1024


async def test_a_listener_that_goes_is_forgotten() -> None:
    events = Events()
    stream = events.subscribe()
    other = asyncio.ensure_future(anext(events.subscribe()))
    assert events.listener_count == 2
    await asyncio.sleep(0)
    other.cancel()
    await asyncio.gather(other, return_exceptions=True)
    del stream, other
    gc.collect()
    assert events.listener_count == 0


def test_who_is_called_misses_nothing_until_it_is_enough() -> None:
    events, heard = Events(), list[str]()
    end = events.listen(lambda event: heard.append(event.action))
    for number in range(3000):
        events.publish("container", str(number), "x")
    assert len(heard) == 3000 and heard[-1] == "2999"
    for _ in range(2):
        end()
    events.publish("container", "late", "x")
    assert len(heard) == 3000
