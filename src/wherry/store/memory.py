"""A store in memory, for tests and simulations: nothing survives the process, all else is as the contract says."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import AsyncIterator, Callable, Sequence

from wherry.kit.errors import NotFound, Unavailable
from wherry.store.keys import check_commit, end_of, start_of
from wherry.store.leases import Leases
from wherry.store.model import (
    FIRST_REVISION,
    Compacted,
    Compare,
    Event,
    Future,
    Item,
    Mismatch,
    Operation,
    Page,
    Put,
    Sink,
)
from wherry.store.watches import LocalWatch, Watches


class MemoryStore:
    """A :class:`wherry.store.model.Store`."""

    def __init__(self) -> None:
        self._keys: list[str] = []  # of all versions, in order
        self._versions: dict[str, list[Event]] = {}  # of each key, in order; not older than the last compaction
        self._events: list[Event] = []
        self._revision = FIRST_REVISION
        self._compacted = 0
        self._watches = Watches()
        self._leases = Leases(self.revoke)
        self._last_lease = 0
        self._is_closed = False

    @property
    def is_local(self) -> bool:
        return True

    async def revision(self) -> int:
        self._check()
        return self._revision

    async def settle(self) -> int:
        return await self.revision()

    async def compacted(self) -> int:
        self._check()
        return self._compacted

    # Reading

    async def get(self, key: str, revision: int = 0) -> Item | None:
        return self._item(key, self._readable(revision))

    async def range(self, prefix: str, *, after: str = "", limit: int = 0, revision: int = 0) -> Page:
        wanted = self._readable(revision)
        end = end_of(prefix)
        first = bisect_left(self._keys, start_of(prefix, after))
        last = len(self._keys) if end is None else bisect_left(self._keys, end)
        found = [item for key in self._keys[first:last] if (item := self._item(key, wanted)) is not None]
        kept = found[:limit] if limit else found
        return Page(tuple(kept), wanted, len(found) - len(kept))

    async def events(self, prefix: str, after: int, until: int) -> Sequence[Event]:
        self._check()
        if until > self._revision:
            raise Future(self._revision)
        return self._between(prefix, after, until)

    def _readable(self, revision: int) -> int:
        """The revision that 0 stands for, if it can be read."""
        self._check()
        if revision > self._revision:
            raise Future(self._revision)
        if revision and revision < self._compacted:
            raise Compacted(self._compacted)
        return revision or self._revision

    def _item(self, key: str, revision: int) -> Item | None:
        versions = self._versions.get(key, [])
        at = bisect_right(versions, revision, key=lambda event: event.revision)
        return item_of(versions[at - 1]) if at else None

    def _between(self, prefix: str, after: int, until: int) -> list[Event]:
        if after > self._revision:
            raise Future(self._revision)
        if after < self._compacted:
            raise Compacted(self._compacted)
        first, last = (bisect_right(self._events, end, key=lambda event: event.revision) for end in (after, until))
        return [event for event in self._events[first:last] if event.key.startswith(prefix)]

    # Writing

    async def commit(self, compares: Sequence[Compare], operations: Sequence[Operation]) -> int:
        self._check()
        check_commit(compares, operations)
        for compare in compares:
            item = self._item(compare.key, self._revision)
            if (item.revision if item else 0) != compare.revision:
                raise Mismatch(compare.key, item)
        for operation in operations:
            if isinstance(operation, Put) and operation.lease and operation.lease not in self._leases:
                raise NotFound(f"there is no lease {operation.lease}, or its time is over")
        found = [self._event(operation, self._revision + 1) for operation in operations]
        events = [event for event in found if event is not None]
        if events:
            self._apply(events)
        return self._revision

    def _event(self, operation: Operation, revision: int) -> Event | None:
        previous = self._item(operation.key, revision)
        created = previous.created if previous else revision
        if isinstance(operation, Put):
            return Event(operation.key, revision, operation.value, created, previous, operation.lease)
        return Event(operation.key, revision, None, created, previous) if previous else None

    def _apply(self, events: list[Event]) -> None:
        self._revision = events[0].revision
        for event in events:
            if event.key not in self._versions:
                self._versions[event.key] = []
                insort(self._keys, event.key)
            self._versions[event.key].append(event)
        self._events += events
        self._watches.publish(events)

    # Watching

    async def watch(self, prefix: str, after: int, sink: Sink, failed: Callable[[BaseException], None]) -> LocalWatch:
        self._check()
        past = self._between(prefix, after, self._revision)
        watch = LocalWatch(prefix, sink, failed)
        self._watches.add(watch)
        await watch.catch_up(_once(past))
        return watch

    # Forgetting

    async def compact(self, revision: int) -> None:
        self._check()
        if revision > self._revision:
            raise Future(self._revision)
        if revision <= self._compacted:
            return
        self._compacted = revision
        self._events = self._events[bisect_right(self._events, revision, key=lambda event: event.revision) :]
        for key, versions in self._versions.items():
            at = bisect_right(versions, revision, key=lambda event: event.revision)
            is_there = at and versions[at - 1].value is not None
            self._versions[key] = versions[at - 1 if is_there else at :]
        self._versions = {key: versions for key, versions in self._versions.items() if versions}
        self._keys = sorted(self._versions)

    # Leases

    async def grant(self, seconds: int) -> int:
        self._check()
        self._last_lease += 1
        self._leases.begin(self._last_lease, seconds)
        return self._last_lease

    async def keep_alive(self, lease: int) -> None:
        self._check()
        self._leases.renew(lease)

    async def revoke(self, lease: int) -> None:
        self._check()
        self._leases.end(lease)
        revision = self._revision + 1
        items = [item for key in self._keys if (item := self._item(key, revision)) and item.lease == lease]
        if items:
            self._apply([Event(item.key, revision, None, item.created, item) for item in items])

    async def aclose(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            await self._leases.aclose()
            self._watches.fail(Unavailable("the store was closed"))

    def _check(self) -> None:
        if self._is_closed:
            raise Unavailable("the store was closed")


def item_of(event: Event) -> Item | None:
    """What the key's item is after it."""
    if event.value is None:
        return None
    return Item(event.key, event.value, event.created, event.revision, event.lease)


async def _once(events: Sequence[Event]) -> AsyncIterator[Sequence[Event]]:
    yield events
