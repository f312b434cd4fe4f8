"""The store over its tables: what is read on the event loop, a little at a time, and what is left to the writer."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from wherry.kit.errors import Unavailable
from wherry.store.keys import end_of, start_of
from wherry.store.leases import Leases
from wherry.store.model import Compacted, Compare, Event, Future, Item, Operation, Page, Put, Sink
from wherry.store.sqlite.aside import Aside
from wherry.store.sqlite.connections import connect
from wherry.store.sqlite.faults import translated
from wherry.store.sqlite.guard import Guard
from wherry.store.sqlite.integrity import check
from wherry.store.sqlite.reader import Reader
from wherry.store.sqlite.reserve import Reserve
from wherry.store.sqlite.schema import State, migrate
from wherry.store.sqlite.writer import Writer
from wherry.store.watches import LocalWatch, Watches

_CHUNK = 256  # rows read before others on the loop have their turn: about a millisecond
_FAR = 5000  # revisions back, from where SQLite may look for many milliseconds at what has changed since
_FORGOTTEN_AT_ONCE = 200  # so that commits wait some 10 ms for it
_SWITCH_SECONDS = 1e-4


class SqliteStore:
    """A :class:`wherry.store.model.Store`. Belongs to the event loop that runs when it is made.

    Making one lowers the interpreter's switch interval: a thread that comes back from the disk otherwise waits for an
    event loop that never idles (measured: for seconds).
    """

    def __init__(self, path: Path) -> None:
        """See :func:`wherry.store.sqlite.open_store`."""
        self._path = str(path)
        sys.setswitchinterval(min(sys.getswitchinterval(), _SWITCH_SECONDS))
        self._guard = Guard(path)
        try:
            with translated(self._path):
                self._open(path)
        except BaseException:
            self._guard.close()
            raise

    def _open(self, path: Path) -> None:
        self._writing = connect(path)
        try:
            migrate(self._writing)
            check(self._writing)
            self._reader = Reader(connect(path, is_reader=True))
            self._state = self._reader.state()
            self._guard.check(self._state.revision)
            self._guard.acknowledge(self._state.revision)
        except BaseException:
            self._writing.close()
            raise
        self._aside = Aside(path)
        self._watches = Watches()
        self._leases = Leases(self.revoke)
        for lease, seconds in self._reader.leases():
            self._leases.begin(lease, seconds)
        reserve = Reserve(path)
        reserve.hold()
        self._writer = Writer(self._writing, reserve, self._state, self._committed)
        self._is_closed = False

    @property
    def is_local(self) -> bool:
        return True

    async def revision(self) -> int:
        self._check()
        return self._state.revision

    async def settle(self) -> int:
        return await self.revision()

    async def compacted(self) -> int:
        self._check()
        return self._state.compacted

    def _check(self) -> None:
        if self._is_closed:
            raise Unavailable("the store was closed")

    def _committed(self, state: State, events: Sequence[Event]) -> None:
        self._guard.acknowledge(state.revision)
        self._state = state
        if events:
            self._watches.publish(events)

    # Reading

    async def get(self, key: str, revision: int = 0) -> Item | None:
        page = await self._range(key, key + "\0", 1, revision)
        return page.items[0] if page.items else None

    async def range(self, prefix: str, *, after: str = "", limit: int = 0, revision: int = 0) -> Page:
        return await self._range(start_of(prefix, after), end_of(prefix), limit, revision)

    async def _range(self, low: str, high: str | None, limit: int, revision: int) -> Page:
        while True:
            wanted = self._readable(revision)
            try:
                with translated(self._path):
                    if self._state.revision - wanted > _FAR:
                        return await self._far_page(low, high, limit, wanted)
                    return await self._page(low, high, limit, wanted)
            except Compacted:  # while we read what then was the newest
                if revision:
                    raise

    async def _page(self, low: str, high: str | None, limit: int, revision: int) -> Page:
        items: list[Item] = []
        while True:
            count = min(_CHUNK, limit - len(items)) if limit else _CHUNK
            if revision == self._state.revision and not self._writer.is_committing:
                found = self._reader.now(low, high, count)
            else:
                found = self._reader.then(low, high, count, revision)
            items += found
            if len(found) < count or (low := items[-1].key + "\0") == high:
                return Page(tuple(items), revision)
            if len(items) == limit:
                return Page(tuple(items), revision, self._reader.count(low, high, revision))
            await asyncio.sleep(0)
            self._readable(revision)

    async def _far_page(self, low: str, high: str | None, limit: int, revision: int) -> Page:
        def ask(reader: Reader) -> Page:
            items = reader.then(low, high, limit or -1, revision)
            left = reader.count(items[-1].key + "\0", high, revision) if limit and len(items) == limit else 0
            return Page(tuple(items), revision, left)

        page = await self._aside.ask(ask)
        self._readable(revision)  # still: nothing was forgotten before it was read
        return page

    def _readable(self, revision: int) -> int:
        """The revision that 0 stands for, if it can be read."""
        self._check()
        if revision > self._state.revision:
            raise Future(self._state.revision)
        if revision and revision < self._state.compacted:
            raise Compacted(self._state.compacted)
        return revision or self._state.revision

    async def events(self, prefix: str, after: int, until: int) -> Sequence[Event]:
        self._check()
        if until > self._state.revision:
            raise Future(self._state.revision)
        return [event async for events in self._between(prefix, after, until) for event in events]

    async def _between(self, prefix: str, after: int, until: int) -> AsyncIterator[Sequence[Event]]:
        """Some whole commits at a time."""
        self._check_events(after)
        with translated(self._path):
            while after < until:
                window = self._reader.window(after, until, _CHUNK)
                yield self._reader.events(prefix, end_of(prefix), after, window)
                after = window
                if after < until:
                    await asyncio.sleep(0)
                    self._check_events(after)

    def _check_events(self, after: int) -> None:
        self._check()
        if after > self._state.revision:
            raise Future(self._state.revision)
        if after < self._state.compacted:
            raise Compacted(self._state.compacted)

    async def watch(self, prefix: str, after: int, sink: Sink, failed: Callable[[BaseException], None]) -> LocalWatch:
        self._check_events(after)
        watch = LocalWatch(prefix, sink, failed)
        self._watches.add(watch)
        await watch.catch_up(self._between(prefix, after, self._state.revision))
        return watch

    # Writing

    def commit(self, compares: Sequence[Compare], operations: Sequence[Operation]) -> Coroutine[Any, Any, int]:
        size_bytes, shrinks = 0, True
        for operation in operations:
            if isinstance(operation, Put):
                size_bytes += len(operation.value)
                shrinks = False
        return self._writer.do(
            lambda transaction: transaction.commit(compares, operations), size_bytes=size_bytes, shrinks=shrinks
        )

    async def compact(self, revision: int) -> None:
        self._check()
        if revision > self._state.revision:
            raise Future(self._state.revision)
        await self._writer.do(lambda transaction: transaction.mark_compacted(revision), shrinks=True)
        # Only now that everybody knows: a reader of what is forgotten from here on has been refused.
        while not await self._writer.do(lambda transaction: transaction.forget(_FORGOTTEN_AT_ONCE), shrinks=True):
            pass

    async def backup(self, target: Path) -> int:
        """See :func:`wherry.store.sqlite.backup.backup`; commits go on meanwhile."""
        from wherry.store.sqlite.backup import backup

        self._check()
        return await asyncio.to_thread(backup, Path(self._path), target)

    # Leases

    async def grant(self, seconds: int) -> int:
        lease = await self._writer.do(lambda transaction: transaction.grant(seconds))
        self._leases.begin(lease, seconds)
        return lease

    async def keep_alive(self, lease: int) -> None:
        self._check()
        self._leases.renew(lease)

    async def revoke(self, lease: int) -> None:
        self._leases.end(lease)
        while not await self._writer.do(lambda transaction: transaction.revoke(lease), shrinks=True):
            pass

    async def aclose(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        await self._leases.aclose()
        await self._writer.aclose()
        self._watches.fail(Unavailable("the store was closed"))
        await self._aside.aclose()
        self._reader.close()
        self._writing.close()
        self._guard.close()
