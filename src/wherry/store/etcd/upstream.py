"""One watch of everything that a store has in its etcd; the store's own watches are given their events from it.

How is it known that a watch has been given all up to a revision? By an event of that revision or a later one: etcd
gives events in order. Where none may come, a **fence** is written, whose event does. (etcd can be asked for its
progress, but before 3.4.25 the answer may be ahead of the events: https://github.com/etcd-io/etcd/issues/15220.)
An etcd without room takes none: a watch then begins from what is read to be the newest.
Events of a revision that has been given already are dropped (before 3.4.24 some came twice).
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from typing import Any

from wherry.kit.errors import Unavailable, WherryError
from wherry.store.etcd.connection import Connection, NoSpace
from wherry.store.etcd.messages import Keys, etcd
from wherry.store.model import Compacted, Event
from wherry.store.watches import LocalWatch, Watches

_RECENT_BYTES = 8 << 20
_PATIENCE_SECONDS = 0.05  # an event that is on its way takes some milliseconds


class Upstream:
    """Runs from :meth:`open` until the connection is lost, which ends all watches, or until :meth:`aclose`."""

    def __init__(self, connection: Connection, keys: Keys) -> None:
        self._connection = connection
        self._keys = keys
        self.watches = Watches()
        self.seen = 0
        """All events up to this revision have been given."""
        self.start = 0
        """Of the events behind this revision ``_recent`` has all."""
        self._recent: deque[list[Event]] = deque()
        self._recent_bytes = 0
        self._moved = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None
        self.failure: BaseException | None = None

    async def open(self) -> None:
        """Raises Unavailable."""
        try:
            fence = await self._fence()
        except NoSpace:
            self.seen = self.start = await self._newest()
            self._task = asyncio.create_task(self._run(self.seen + 1))
            return
        self.seen = self.start = fence - 1
        self._task = asyncio.create_task(self._run(fence))
        await self.reach(fence)
        self.start = fence

    async def _fence(self) -> int:
        """Write something that a watch must see. Returns its revision."""
        request = etcd().PutRequest(key=self._keys.fence)
        response = await self._connection.call(self._connection.kv.Put, request)
        return int(response.header.revision)

    async def _newest(self) -> int:
        request = etcd().RangeRequest(key=self._keys.fence, count_only=True)
        response = await self._connection.call(self._connection.kv.Range, request)
        return int(response.header.revision)

    async def reach(self, revision: int) -> None:
        """Wait until all events up to it have been given. Raises Unavailable."""
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):  # not wait_for, which loses a cancellation now and then
                await self._reached(revision)
        except TimeoutError:
            # Perhaps what is waited for changed nothing of ours, and no event will come.
            await self._fence()
            await self._reached(revision)

    async def _reached(self, revision: int) -> None:
        async with self._moved:
            await self._moved.wait_for(lambda: self.failure is not None or self.seen >= revision)
        if self.failure is not None:
            raise self.failure.with_traceback(None)  # which grows each time, else

    async def _run(self, start: int) -> None:
        try:
            async for events, revision in self.stream(start):
                self._take(events, revision)
                async with self._moved:
                    self._moved.notify_all()
        except WherryError as error:
            await self._fail(error)
        except asyncio.CancelledError:
            await self._fail(Unavailable("the store was closed"))
            raise
        except Exception as error:  # whatever it is, watches must not be silent
            await self._fail(error)

    def _take(self, events: list[Event], revision: int) -> None:
        fresh = [event for event in events if event.revision > self.seen]
        self.seen = max(self.seen, revision)
        if fresh:
            self._remember(fresh)
            self.watches.publish(fresh)

    def _remember(self, events: list[Event]) -> None:
        self._recent.append(events)
        self._recent_bytes += sum(map(_size_bytes, events))
        while self._recent_bytes > _RECENT_BYTES:
            forgotten = self._recent.popleft()
            self._recent_bytes -= sum(map(_size_bytes, forgotten))
            self.start = forgotten[-1].revision

    async def _fail(self, error: BaseException) -> None:
        self.failure = error
        self.watches.fail(error)
        async with self._moved:
            self._moved.notify_all()

    async def past(self, watch: LocalWatch, after: int) -> AsyncIterator[Sequence[Event]]:
        """What a watch that was just added is not given by itself: events behind ``after``, up to now.

        To be begun before anything else can happen on the loop.
        """
        seen, start, recent = self.seen, self.start, list(self._recent)
        if after < start:
            async with aclosing(self.stream(after + 1)) as stream:
                async for events, revision in stream:
                    yield _of(watch, [event for event in events if event.revision <= start])
                    if revision >= start:
                        break
        for events in recent:
            yield _of(watch, [event for event in events if max(after, start) < event.revision <= seen])

    async def stream(self, start: int) -> AsyncGenerator[tuple[list[Event], int], None]:
        """A watch of its own, from revision ``start`` on: events, and the revision up to which these are all.

        Raises Compacted, Unavailable.
        """
        rpc, keys = etcd(), self._keys
        ended = asyncio.Event()

        async def requests() -> AsyncIterator[Any]:
            create = rpc.WatchCreateRequest(key=keys.first, range_end=keys.end, start_revision=start, prev_kv=True)
            yield rpc.WatchRequest(create_request=create)
            await ended.wait()  # the stream of requests must stay open

        stream = self._connection.stream(self._connection.watches.Watch, requests())
        try:
            async with aclosing(stream) as responses:
                async for response in responses:
                    if response.compact_revision:
                        raise Compacted(response.compact_revision)
                    if response.canceled:
                        raise Unavailable(f"etcd ended a watch: {response.cancel_reason}")
                    if response.events:
                        ours = [keys.event(event) for event in response.events if keys.is_data(event.kv.key)]
                        yield ours, response.events[-1].kv.mod_revision
        finally:
            ended.set()

    async def aclose(self) -> None:
        """Ends all watches. Idempotent."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)


def _size_bytes(event: Event) -> int:
    return len(event.value or b"") + (len(event.previous.value) if event.previous else 0) + 400


def _of(watch: LocalWatch, events: list[Event]) -> list[Event]:
    return [event for event in events if event.key.startswith(watch.prefix)]
