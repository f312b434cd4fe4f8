"""Watches of a local store."""

from collections.abc import AsyncIterator, Sequence

import pytest

from wherry.store.model import Event
from wherry.store.watches import LocalWatch, Watches


def event(key: str, revision: int = 2) -> Event:
    return Event(key, revision, b"", revision)


async def nothing() -> AsyncIterator[Sequence[Event]]:
    for events in ():
        yield events


async def added(watches: Watches, prefix: str) -> tuple[LocalWatch, list[str]]:
    keys: list[str] = []
    watch = LocalWatch(prefix, lambda events: keys.extend(one.key for one in events), lambda error: None)
    watches.add(watch)
    await watch.catch_up(nothing())
    return watch, keys


async def test_each_is_given_what_starts_with_its_prefix_once() -> None:
    watches = Watches()
    given = {prefix: (await added(watches, prefix))[1] for prefix in ("", "a", "ab", "abcdef", "b")}
    watches.publish([event("ab"), event("b"), event("abcdefg"), event("a")])
    assert given == {
        "": ["ab", "b", "abcdefg", "a"],
        "a": ["ab", "abcdefg", "a"],
        "ab": ["ab", "abcdefg"],
        "abcdef": ["abcdefg"],
        "b": ["b"],
    }


async def test_watches_of_one_prefix_are_closed_one_by_one() -> None:
    watches = Watches()
    (first, ours), (_, theirs) = [await added(watches, "a") for _ in range(2)]
    first.close()
    watches.publish([event("a")])
    assert (ours, theirs) == ([], ["a"])


async def test_what_comes_while_the_past_is_given_follows_it() -> None:
    watches = Watches()
    given: list[int] = []
    watch = LocalWatch("", lambda events: given.extend(one.revision for one in events), lambda error: None)
    watches.add(watch)

    async def past() -> AsyncIterator[Sequence[Event]]:
        yield [event("a", 2)]
        watches.publish([event("a", 4)])
        yield [event("a", 3)]

    await watch.catch_up(past())
    watches.publish([event("a", 5)])
    assert given == [2, 3, 4, 5]


async def test_a_past_that_cannot_be_read_closes_the_watch() -> None:
    watches = Watches()
    given: list[Event] = []
    watch = LocalWatch("", given.extend, lambda error: None)
    watches.add(watch)

    async def past() -> AsyncIterator[Sequence[Event]]:
        yield []
        raise OSError

    with pytest.raises(OSError):
        await watch.catch_up(past())
    watches.publish([event("a")])
    assert given == []


async def test_failing_all_tells_each_once() -> None:
    watches = Watches()
    told: list[BaseException] = []
    for prefix in ("", "", "a"):
        watch = LocalWatch(prefix, lambda events: None, told.append)
        watches.add(watch)
    error = OSError()
    watches.fail(error)
    watches.fail(error)
    assert told == [error] * 3
