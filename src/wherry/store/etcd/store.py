"""The store over etcd's calls."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from wherry.kit.errors import NotFound, Unavailable
from wherry.store.etcd.address import Address
from wherry.store.etcd.connection import Connection, OfRevision
from wherry.store.etcd.messages import Keys, etcd
from wherry.store.etcd.upstream import Upstream
from wherry.store.keys import check_commit
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
    Sink,
)
from wherry.store.watches import LocalWatch

_CHUNK = 1000  # items of one answer


class EtcdStore:
    """A :class:`wherry.store.model.Store`. Belongs to the event loop that runs when it is made."""

    def __init__(self, address: Address) -> None:
        """See :func:`wherry.store.etcd.open_store`."""
        self._connection = Connection(address)
        self._keys = Keys(address.prefix)
        self._upstream: Upstream | None = None
        self._opening = asyncio.Lock()
        self._compacted = 0
        self._is_closed = False

    @property
    def is_local(self) -> bool:
        return False

    async def reach_a_member(self) -> None:
        """Ask one after the other; the last one's Unavailable when none answers."""
        for left in range(self._connection.members - 1, -1, -1):
            try:
                await self._probe(0)
                return
            except Unavailable:
                if not left:
                    raise

    # Revisions

    async def revision(self) -> int:
        return await self._probe(0)

    async def _probe(self, revision: int) -> int:
        """The newest revision, if that one can be read. Raises OfRevision."""
        request = etcd().RangeRequest(key=self._keys.fence, revision=revision, count_only=True)
        response = await self._connection.call(self._connection.kv.Range, request)
        return int(response.header.revision)

    async def compacted(self) -> int:
        """etcd does not tell: it is the first revision that can be read."""
        low, high = max(self._compacted, FIRST_REVISION), await self._probe(0)
        while low < high:
            middle = (low + high) // 2
            try:
                await self._probe(middle)
                high = middle
            except OfRevision:
                low = middle + 1
        self._compacted = low if low > FIRST_REVISION else self._compacted
        return self._compacted

    async def _told(self, error: OfRevision) -> Compacted | Future:
        return Future(await self.revision()) if error.is_future else Compacted(await self.compacted())

    # Reading

    async def get(self, key: str, revision: int = 0) -> Item | None:
        request = etcd().RangeRequest(key=self._keys.inner(key), revision=revision)
        response = await self._read(request)
        return self._keys.item(response.kvs[0]) if response.kvs else None

    async def range(self, prefix: str, *, after: str = "", limit: int = 0, revision: int = 0) -> Page:
        low, high = self._keys.bounds(prefix, after)
        items: list[Item] = []
        while True:
            count = min(limit - len(items), _CHUNK) if limit else _CHUNK
            request = etcd().RangeRequest(key=low, range_end=high, limit=count, revision=revision)
            response = await self._read(request)
            revision = revision or int(response.header.revision)
            items += [self._keys.item(kv) for kv in response.kvs]
            if not response.more or len(items) == limit:
                return Page(tuple(items), revision, int(response.count) - len(response.kvs))
            low = response.kvs[-1].key + b"\0"

    async def _read(self, request: Any) -> Any:
        try:
            return await self._connection.call(self._connection.kv.Range, request)
        except OfRevision as error:
            raise await self._told(error) from error

    # Writing

    async def commit(self, compares: Sequence[Compare], operations: Sequence[Operation]) -> int:
        check_commit(compares, operations)
        request = self._keys.transaction(compares, operations)
        response = await self._connection.call(self._connection.kv.Txn, request)
        if response.succeeded:
            return int(response.header.revision)
        for compare, found in zip(compares, response.responses, strict=True):
            kvs = found.response_range.kvs
            if (kvs[0].mod_revision if kvs else 0) != compare.revision:
                raise Mismatch(compare.key, self._keys.item(kvs[0]) if kvs else None)
        raise Unavailable("etcd refused a transaction whose compares all hold")

    # Watching

    async def watch(self, prefix: str, after: int, sink: Sink, failed: Callable[[BaseException], None]) -> LocalWatch:
        newest = await self._probe_from(after)
        upstream = await self._running()
        watch = LocalWatch(prefix, _behind(after, sink), failed)
        upstream.watches.add(watch)
        await watch.catch_up(_all(upstream, watch, after, newest))
        return watch

    async def _probe_from(self, after: int) -> int:
        """The newest revision, if events behind ``after`` can be had."""
        try:
            return await self._probe(max(after, FIRST_REVISION))
        except OfRevision as error:
            raise await self._told(error) from error

    async def _running(self) -> Upstream:
        async with self._opening:
            if self._is_closed:
                raise Unavailable("the store was closed")
            if self._upstream is None or self._upstream.failure is not None:
                if self._upstream is not None:
                    await self._upstream.aclose()
                self._upstream = Upstream(self._connection, self._keys)
                await self._upstream.open()
            return self._upstream

    async def settle(self) -> int:
        newest = await self._probe(0)
        if self._upstream is not None:
            await self._upstream.reach(newest)
        return newest

    async def events(self, prefix: str, after: int, until: int) -> Sequence[Event]:
        newest = await self._probe_from(after)
        if until > newest:
            raise Future(newest)
        found: list[Event] = []
        watch = await self.watch(prefix, after, found.extend, lambda error: None)
        watch.close()
        return [event for event in found if event.revision <= until]

    # Forgetting

    async def compact(self, revision: int) -> None:
        request = etcd().CompactionRequest(revision=revision)
        try:
            await self._connection.call(self._connection.kv.Compact, request)
        except OfRevision as error:
            if error.is_future:
                raise await self._told(error) from error

    # Leases

    async def grant(self, seconds: int) -> int:
        request = etcd().LeaseGrantRequest(TTL=seconds)
        return int((await self._connection.call(self._connection.leases.LeaseGrant, request)).ID)

    async def keep_alive(self, lease: int) -> None:
        async def requests() -> AsyncIterator[Any]:
            yield etcd().LeaseKeepAliveRequest(ID=lease)

        async for response in self._connection.stream(self._connection.leases.LeaseKeepAlive, requests()):
            if response.TTL > 0:
                return
            break
        raise NotFound(f"there is no lease {lease}, or its time is over")

    async def revoke(self, lease: int) -> None:
        try:
            await self._connection.call(self._connection.leases.LeaseRevoke, etcd().LeaseRevokeRequest(ID=lease))
        except NotFound:
            return

    async def aclose(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        if self._upstream is not None:
            await self._upstream.aclose()
        await self._connection.aclose()


def _behind(after: int, sink: Sink) -> Sink:
    """A watch may begin behind what upstream has seen so far."""

    def give(events: Sequence[Event]) -> None:
        if events[0].revision <= after:
            events = [event for event in events if event.revision > after]
        if events:
            sink(events)

    return give


async def _all(upstream: Upstream, watch: LocalWatch, after: int, newest: int) -> AsyncIterator[Sequence[Event]]:
    """The past; and no end before all up to ``newest`` is among what waits behind it."""
    async for events in upstream.past(watch, after):
        yield events
    await upstream.reach(newest)
