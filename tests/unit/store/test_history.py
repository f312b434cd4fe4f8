"""Histories: what is written down, and what becomes of it."""

import pytest

from wherry.kit.errors import Unavailable
from wherry.store.history import (
    Began,
    CommitCall,
    Complete,
    Ended,
    Entry,
    Failed,
    GetCall,
    Given,
    Over,
    RangeCall,
    Recorder,
    Refused,
    WatchCall,
    told,
)
from wherry.store.memory import MemoryStore
from wherry.store.model import Compare, Delete, Event, Future, Mismatch, Put


async def test_a_recorder_answers_as_its_store_and_writes_it_down() -> None:
    store, entries, times = MemoryStore(), list[Entry](), iter(range(100))
    recorder = Recorder(store, entries.append, lambda: float(next(times)), "me")
    given: list[Event] = []
    _, number = await recorder.watch("/", 1, given.extend, lambda error: None)
    assert await recorder.commit([], [Put("/a", b"1")]) == 2
    with pytest.raises(Mismatch):
        await recorder.commit([Compare("/a", 0)], [Delete("/a")])
    item = await recorder.get("/a")
    page = await recorder.range("/", limit=1)
    with pytest.raises(Future):
        await recorder.get("/a", 7)
    recorder.complete(number, 2)
    assert entries == [
        Began("me.0", 0, WatchCall("/", 1)),
        Began("me.1", 1, CommitCall((), (Put("/a", b"1"),))),
        Given("me.0", tuple(given)),
        Ended("me.1", 2, 2),
        Began("me.2", 3, CommitCall((Compare("/a", 0),), (Delete("/a"),))),
        Ended("me.2", 4, Refused("/a", item)),
        Began("me.3", 5, GetCall("/a")),
        Ended("me.3", 6, item),
        Began("me.4", 7, RangeCall("/", limit=1)),
        Ended("me.4", 8, page),
        Began("me.5", 9, GetCall("/a", 7)),
        Ended("me.5", 10, Failed("Future: the newest revision is 2", True, True)),
        Complete("me.0", 2),
    ]


async def test_a_lost_answer_is_not_known_to_have_had_no_effect() -> None:
    class Broken(MemoryStore):
        async def commit(self, *arguments: object) -> int:
            raise Unavailable("gone")

    entries: list[Entry] = []
    with pytest.raises(Unavailable):
        await Recorder(Broken(), entries.append, lambda: 0.0, "me").commit([], [Put("/a", b"")])
    assert entries[-1] == Ended("me.0", 0, Failed("Unavailable: gone", False))
    (commit,) = told(entries).commits
    assert (commit.end, commit.is_known) == (None, False)


def test_what_had_not_ended_with_its_process_is_over_then() -> None:
    call = CommitCall((), (Put("/a", b""),))
    entries = [
        Began("a", 1, call),
        Began("b", 2, call),
        Ended("b", 3, 2),
        Began("w", 3, WatchCall("", 1)),
        Given("w", (Event("/a", 2, b"", 2),)),
        Over(5),
        Began("c", 6, call),
    ]
    history = told(entries)
    assert [(done.end, done.is_known) for done in history.commits] == [(5, False), (3, True), (None, False)]
    assert [len(watch.events) for watch in history.watches] == [1]
