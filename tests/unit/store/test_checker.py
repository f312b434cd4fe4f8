"""The checker finds nothing wrong with a store that is right, and every fault of those that are not."""

import asyncio
import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
import pytest

from tests.suites.storework import work
from wherry.kit.errors import Unavailable
from wherry.store.checker import check
from wherry.store.history import Entry, History, Recorder, told
from wherry.store.memory import MemoryStore
from wherry.store.model import Compare, Event, Item, Mismatch, Operation, Page, Sink, Watch

SEEDS = range(3)


def clock() -> Callable[[], float]:
    """Moments in order, no two the same."""
    moments: Iterator[int] = itertools.count()
    return lambda: float(next(moments))


class Slow(MemoryStore):
    """Takes effect some turns of the loop after it was asked, and answers some turns after that."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self.chance = chance

    async def some_turns(self) -> None:
        for _ in range(self.chance.randrange(4)):
            await asyncio.sleep(0)

    async def commit(self, compares: Sequence[Compare], operations: Sequence[Operation]) -> int:
        await self.some_turns()
        try:
            return await super().commit(compares, operations)
        finally:
            await self.some_turns()

    async def get(self, key: str, revision: int = 0) -> Item | None:
        await self.some_turns()
        item = await super().get(key, revision)
        await self.some_turns()
        return item

    async def range(self, prefix: str, **options: Any) -> Page:
        await self.some_turns()
        page = await super().range(prefix, **options)
        await self.some_turns()
        return page


class Faulty(Slow):
    """Does one kind of fault now and then; ``faults`` counts."""

    rarity = 20

    def __init__(self, chance: random.Random) -> None:
        super().__init__(chance)
        self.faults = 0

    def now(self) -> bool:
        if self.chance.randrange(self.rarity) or self._revision < 10:
            return False
        self.faults += 1
        return True


class LosesWrites(Faulty):
    async def commit(self, compares: Sequence[Compare], operations: Sequence[Operation]) -> int:
        if self.now():
            return self._revision
        return await super().commit(compares, operations)


class LosesWritesWithRevision(Faulty):
    """As a store that is put back to an earlier state: the next commit has the revision again."""

    async def commit(self, compares: Sequence[Compare], operations: Sequence[Operation]) -> int:
        if self.now():
            return self._revision + 1
        return await super().commit(compares, operations)


class WritesTwice(Faulty):
    async def commit(self, compares: Sequence[Compare], operations: Sequence[Operation]) -> int:
        revision = await super().commit(compares, operations)
        if any(hasattr(operation, "value") for operation in operations) and self.now():
            await MemoryStore.commit(self, [], operations)
        return revision


class WritesHalf(Faulty):
    async def commit(self, compares: Sequence[Compare], operations: Sequence[Operation]) -> int:
        puts = [operation for operation in operations if hasattr(operation, "value")]
        return await super().commit(compares, puts[:1] if len(puts) > 1 and self.now() else operations)


class IgnoresCompares(Faulty):
    async def commit(self, compares: Sequence[Compare], operations: Sequence[Operation]) -> int:
        try:
            return await super().commit(compares, operations)
        except Mismatch:
            self.faults += 1
            return await super().commit([], operations)


class RefusesWithoutReason(Faulty):
    async def commit(self, compares: Sequence[Compare], operations: Sequence[Operation]) -> int:
        if compares and self.now():
            raise Mismatch(compares[0].key, self._item(compares[0].key, compares[0].revision))
        return await super().commit(compares, operations)


class RefusesForWhatNeverWas(Faulty):
    async def commit(self, compares: Sequence[Compare], operations: Sequence[Operation]) -> int:
        if compares and self.now():
            revision = compares[0].revision + 1
            raise Mismatch(compares[0].key, Item(compares[0].key, b"never", revision, revision))
        return await super().commit(compares, operations)


class RefusesAndDoes(Faulty):
    async def commit(self, compares: Sequence[Compare], operations: Sequence[Operation]) -> int:
        try:
            return await super().commit(compares, operations)
        except Mismatch:
            if any(hasattr(operation, "value") for operation in operations):
                self.faults += 1
                await super().commit([], operations)
            raise


class ReadsStale(Faulty):
    async def get(self, key: str, revision: int = 0) -> Item | None:
        old, new = self._item(key, self._revision - 9), self._item(key, self._revision)
        stale = old != new and not revision and all(self._item(key, self._revision - back) == new for back in range(7))
        return old if stale and self.now() else await super().get(key, revision)


class ListsStale(Faulty):
    rarity = 5

    async def range(self, prefix: str, **options: Any) -> Page:
        if not options.get("revision") and self.now():
            options["revision"] = self._revision - 9
        return await super().range(prefix, **options)


class ListsMixed(Faulty):
    """One item is of another moment."""

    async def range(self, prefix: str, **options: Any) -> Page:
        page = await super().range(prefix, **options)
        for at, item in enumerate(page.items):
            older = self._item(item.key, item.revision - 1)
            if older and self.now():
                return msgspec.structs.replace(page, items=(*page.items[:at], older, *page.items[at + 1 :]))
        return page


class ListsTooLittle(Faulty):
    async def range(self, prefix: str, **options: Any) -> Page:
        page = await super().range(prefix, **options)
        return msgspec.structs.replace(page, items=page.items[1:]) if page.items and self.now() else page


class CountsWrong(Faulty):
    async def range(self, prefix: str, **options: Any) -> Page:
        page = await super().range(prefix, **options)
        return msgspec.structs.replace(page, remaining=page.remaining + 1) if self.now() else page


class FaultyWatches(Faulty):
    """``spoil`` makes calls of a sink out of one."""

    rarity = 50

    async def watch(self, prefix: str, after: int, sink: Sink, failed: Callable[[BaseException], None]) -> Watch:  # type: ignore[override]
        def spoiled(events: Sequence[Event]) -> None:
            for call in self.spoil(list(events)):
                if call:
                    sink(call)

        return await super().watch(prefix, after, spoiled, failed)

    def spoil(self, events: list[Event]) -> list[list[Event]]:
        raise NotImplementedError


class LosesEvents(FaultyWatches):
    def spoil(self, events: list[Event]) -> list[list[Event]]:
        return [events[1:] if self.now() else events]


class LosesLastEvents(FaultyWatches):
    def spoil(self, events: list[Event]) -> list[list[Event]]:
        return [events[:-1] if len(events) > 1 and self.now() else events]


class GivesEventsTwice(FaultyWatches):
    def spoil(self, events: list[Event]) -> list[list[Event]]:
        return [events, events] if self.now() else [events]


class GivesEventsTwiceAtOnce(FaultyWatches):
    def spoil(self, events: list[Event]) -> list[list[Event]]:
        return [[events[0], *events] if self.now() else events]


class ReordersInsideCommits(FaultyWatches):
    rarity = 5

    def spoil(self, events: list[Event]) -> list[list[Event]]:
        return [events[::-1] if len(events) > 1 and self.now() else events]


class ReordersCommits(FaultyWatches):
    held: list[Event] | None = None

    def spoil(self, events: list[Event]) -> list[list[Event]]:
        if self.held is not None:
            held, self.held = self.held, None
            return [events, held]
        if self.now():
            self.held = events
            return []
        return [events]


class InventsEvents(FaultyWatches):
    def spoil(self, events: list[Event]) -> list[list[Event]]:
        revision = events[-1].revision
        return [[*events, Event("/pods/ghost", revision, b"boo", revision)] if self.now() else events]


class InventsDeletions(FaultyWatches):
    def spoil(self, events: list[Event]) -> list[list[Event]]:
        last = events[-1]
        if last.value is not None and self.now():
            last = msgspec.structs.replace(last, value=None)
        return [[*events[:-1], last]]


class ForgetsPrevious(FaultyWatches):
    def spoil(self, events: list[Event]) -> list[list[Event]]:
        if events[0].previous and self.now():
            events[0] = msgspec.structs.replace(events[0], previous=None)
        return [events]


class GivesWrongRevisions(FaultyWatches):
    def spoil(self, events: list[Event]) -> list[list[Event]]:
        if self.now():
            events = [msgspec.structs.replace(event, revision=event.revision - 1) for event in events]
        return [events]


class GivesCommitsInParts(FaultyWatches):
    def spoil(self, events: list[Event]) -> list[list[Event]]:
        return [events[:1], events[1:]] if len(events) > 1 and self.now() else [events]


FAULTS = [
    LosesWrites,
    LosesWritesWithRevision,
    WritesTwice,
    WritesHalf,
    IgnoresCompares,
    RefusesWithoutReason,
    RefusesForWhatNeverWas,
    RefusesAndDoes,
    ReadsStale,
    ListsStale,
    ListsMixed,
    ListsTooLittle,
    CountsWrong,
    LosesEvents,
    LosesLastEvents,
    GivesEventsTwice,
    GivesEventsTwiceAtOnce,
    ReordersInsideCommits,
    ReordersCommits,
    InventsEvents,
    InventsDeletions,
    ForgetsPrevious,
    GivesWrongRevisions,
    GivesCommitsInParts,
]


class LosesAnswers(Slow):
    """Which no client can tell from doing nothing: not a fault."""

    async def commit(self, compares: Sequence[Compare], operations: Sequence[Operation]) -> int:
        fate = self.chance.randrange(10)
        if fate == 0:
            raise Unavailable("before")
        revision = await super().commit(compares, operations)
        if fate == 1:
            raise Unavailable("after")
        return revision


async def judged(store: Slow, seed: int) -> tuple[list[str], History]:
    entries: list[Entry] = []
    recorder = Recorder(store, entries.append, clock(), "test")
    await work(recorder, "client", seed, steps=60)
    history = told(entries)
    return check(history), history


@pytest.mark.parametrize("kind", [Slow, LosesAnswers])
@pytest.mark.parametrize("seed", SEEDS)
async def test_nothing_is_wrong_with_what_is_right(kind: type[Slow], seed: int) -> None:
    violations, history = await judged(kind(random.Random(seed)), seed)
    assert violations == []
    assert len(history.commits) > 100


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("seed", SEEDS)
async def test_every_fault_is_found(kind: type[Faulty], seed: int) -> None:
    store = kind(random.Random(seed))
    violations, _ = await judged(store, seed)
    assert store.faults, "nothing was done wrong: the test shows nothing"
    assert violations


@pytest.mark.parametrize("kind", FAULTS)
async def test_one_fault_among_hundreds_of_calls_is_found(kind: type[Faulty]) -> None:
    class Once(kind):  # type: ignore[valid-type, misc]
        def now(self) -> bool:
            return not self.faults and super().now()

    store = Once(random.Random(7))
    violations, _ = await judged(store, 7)
    assert store.faults
    assert violations
