"""What :mod:`wherry.store.model` promises, of every store.

A subclass gives the fixture ``store``, and ``durable`` where one can be closed and opened again. Stores may be shared
with what was there before: nothing here counts on a revision, only on their order.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from tests.suites.storeitems import ItemSuite
from tests.suites.storetools import PATIENCE_SECONDS, Seen, arrived, put, wait_until, watching
from wherry.kit.errors import NotFound, Unavailable
from wherry.store.model import Compacted, Delete, Event, Item, Put, Store

__all__ = ["PATIENCE_SECONDS", "Seen", "StoreSuite", "arrived", "put", "wait_until", "watching"]


class StoreSuite(ItemSuite):
    """The tests."""

    @pytest.fixture
    async def store(self) -> AsyncIterator[Store]:
        raise NotImplementedError
        yield

    # Compaction

    async def test_what_was_compacted_cannot_be_read(self, store: Store) -> None:
        revisions = [await put(store, "/a", b"%d" % number) for number in range(4)]
        await store.compact(revisions[2])
        for reading in (
            store.get("/a", revisions[1]),
            store.range("", revision=revisions[1]),
            store.events("", revisions[1], revisions[3]),
            store.watch("", revisions[1], lambda events: None, lambda error: None),
        ):
            with pytest.raises(Compacted) as there:
                await reading
            assert there.value.revision == revisions[2]
        assert await store.compacted() == revisions[2]

    async def test_what_was_not_compacted_can_be_read(self, store: Store) -> None:
        quiet = await put(store, "/quiet", b"still")
        revisions = [await put(store, "/a", b"%d" % number) for number in range(4)]
        await store.compact(revisions[2])
        assert await store.get("/quiet") == Item("/quiet", b"still", quiet, quiet)
        assert await store.get("/quiet", revisions[2]) == Item("/quiet", b"still", quiet, quiet)
        assert await store.get("/a", revisions[2]) == Item("/a", b"2", revisions[0], revisions[2])
        (event,) = await store.events("", revisions[2], revisions[3])
        assert event.previous == Item("/a", b"2", revisions[0], revisions[2])
        assert (await watching(store, "", revisions[2])).events == [event]

    async def test_a_deletion_that_was_compacted_stays_one(self, store: Store) -> None:
        await put(store, "/a")
        await put(store, "/b")
        gone = await store.commit([], [Delete("/a")])
        await put(store, "/b")
        await store.compact(gone)
        assert [item.key for item in (await store.range("", revision=gone)).items] == ["/b"]
        assert await store.get("/a") is None

    async def test_compacting_again_or_to_less_changes_nothing(self, store: Store) -> None:
        first = await put(store, "/a")
        second = await put(store, "/a")
        for revision in (second, second, first):
            await store.compact(revision)
            assert await store.compacted() == second

    async def test_a_running_watch_does_not_feel_a_compaction(self, store: Store) -> None:
        seen = await watching(store, "/", await store.revision())
        await store.compact(await put(store, "/a"))
        await put(store, "/b")
        await arrived(store, seen, 2)
        assert seen.errors == []

    # Watches

    async def test_a_watch_is_given_what_has_been_before_it_returns(self, store: Store) -> None:
        first = await put(store, "/a", b"1")
        await put(store, "/b", b"2")
        await put(store, "/other/c", b"3")
        await store.commit([], [Delete("/a")])
        seen = await watching(store, "/", first)
        assert seen.events == list(await store.events("/", first, await store.revision()))
        assert seen.keys == ["/b", "/other/c", "/a"]
        assert (await watching(store, "/other/", first)).keys == ["/other/c"]

    async def test_a_watch_is_given_what_comes(self, store: Store) -> None:
        start = await store.revision()
        every, some = await watching(store, "", start), await watching(store, "/a/", start)
        await put(store, "/a/1")
        await put(store, "/b/1")
        await store.commit([], [Put("/b/2", b""), Delete("/a/1"), Put("/a/2", b"")])
        await arrived(store, every, 5)
        await arrived(store, some, 3)
        assert every.events == list(await store.events("", start, await store.revision()))
        assert some.keys == ["/a/1", "/a/1", "/a/2"]

    async def test_a_commit_is_given_whole(self, store: Store) -> None:
        seen = await watching(store, "", await store.revision())
        for number in range(3):
            await store.commit([], [Put(f"/{number}/{letter}", b"") for letter in "abc"])
        await arrived(store, seen, 9)
        late = await watching(store, "", seen.events[0].revision - 1)
        for call in (*seen.calls, *late.calls):
            assert len(call) % 3 == 0

    async def test_a_watch_misses_nothing_while_it_is_being_made(self, store: Store) -> None:
        start = await store.revision()
        for number in range(600):
            await put(store, f"/{number % 7}", b"%d" % number)
        writers = [asyncio.create_task(put(store, f"/{number}", b"%d" % (600 + number))) for number in range(40)]
        watches = [asyncio.create_task(watching(store, "", start)) for _ in range(4)]
        await asyncio.gather(*writers)
        for seen in await asyncio.gather(*watches):
            await arrived(store, seen, 640)
            revisions = [event.revision for event in seen.events]
            assert revisions == sorted(set(revisions))

    async def test_a_closed_watch_is_given_nothing(self, store: Store) -> None:
        seen, other = [await watching(store, "/", await store.revision()) for _ in range(2)]
        assert seen.watch is not None
        seen.watch.close()
        seen.watch.close()
        await put(store, "/a")
        await arrived(store, other, 1)
        assert seen.events == []
        assert seen.errors == []

    async def test_a_sink_that_closes_its_watch_is_called_no_more(self, store: Store) -> None:
        seen = Seen()

        def once(events: Sequence[Event]) -> None:
            seen.calls.append(events)
            assert seen.watch is not None
            seen.watch.close()

        seen.watch = await store.watch("", await store.revision(), once, seen.errors.append)
        other = await watching(store, "", await store.revision())
        for number in range(5):
            await put(store, f"/{number}")
        await arrived(store, other, 5)
        assert len(seen.calls) == 1

    async def test_a_sink_that_raises_ends_its_own_watch(self, store: Store) -> None:
        seen = Seen()

        def breaks(events: Sequence[Event]) -> None:
            raise ZeroDivisionError

        seen.watch = await store.watch("", await store.revision(), breaks, seen.errors.append)
        other = await watching(store, "", await store.revision())
        await put(store, "/a")
        await put(store, "/b")
        await arrived(store, other, 2)
        await wait_until(lambda: len(seen.errors) == 1)
        assert isinstance(seen.watch.failed, ZeroDivisionError)

    async def test_a_watch_is_never_behind_a_local_commit(self, store: Store) -> None:
        if not store.is_local:
            pytest.skip("this store has other writers")
        seen = await watching(store, "/", await store.revision())

        async def write(number: int) -> None:
            revision = await put(store, f"/{number}")
            assert seen.events[-1].revision >= revision
            assert await store.revision() >= revision

        await asyncio.gather(*(write(number) for number in range(100)))

    async def test_after_settling_watches_have_been_given_all(self, store: Store) -> None:
        start = await store.revision()
        seen, some = await watching(store, "", start), await watching(store, "/some/", start)
        assert await store.settle() >= start
        for number in range(20):
            revision = await store.commit([], [Put(f"/{number}", b""), Delete(f"/{number - 1}")])
            settled = await store.settle()
            assert settled >= revision
            assert seen.events == list(await store.events("", start, settled))
        assert some.events == []
        assert (await watching(store, "", await store.settle())).events == []

    # Leases

    async def test_items_go_with_their_lease(self, store: Store) -> None:
        lease = await store.grant(3600)
        await put(store, "/a", lease=lease)
        await put(store, "/b", lease=lease)
        await put(store, "/kept")
        item = await store.get("/a")
        assert item is not None
        assert item.lease == lease
        seen = await watching(store, "", await store.revision())
        await store.revoke(lease)
        await store.revoke(lease)
        assert [item.key for item in (await store.range("")).items] == ["/kept"]
        await arrived(store, seen, 2)
        assert {(event.key, event.value) for event in seen.events} == {("/a", None), ("/b", None)}
        assert {event.previous.lease for event in seen.events if event.previous} == {lease}

    async def test_a_put_takes_the_item_from_its_lease(self, store: Store) -> None:
        first, second = await store.grant(3600), await store.grant(3600)
        await put(store, "/a", lease=first)
        await put(store, "/b", lease=first)
        await put(store, "/a", lease=second)
        await put(store, "/b")
        await store.revoke(first)
        assert [item.lease for item in (await store.range("")).items] == [second, 0]

    async def test_a_lease_ends_by_itself(self, store: Store) -> None:
        lease = await store.grant(1)
        await put(store, "/a", lease=lease)
        seen = await watching(store, "", await store.revision())
        await wait_until(lambda: len(seen.events) == 1)
        assert await store.get("/a") is None
        with pytest.raises(NotFound):
            await store.keep_alive(lease)

    async def test_a_lease_that_is_kept_alive_goes_on(self, store: Store) -> None:
        kept, left = await store.grant(3), await store.grant(3)
        await put(store, "/kept", lease=kept)
        await put(store, "/left", lease=left)
        seen = await watching(store, "/left", await store.revision())
        while not seen.events:
            await store.keep_alive(kept)
            await asyncio.sleep(0.2)
        assert await store.get("/kept") is not None

    async def test_a_lease_that_is_not_there_is_told(self, store: Store) -> None:
        gone = await store.grant(3600)
        await store.revoke(gone)
        before = await store.revision()
        with pytest.raises(NotFound):
            await store.commit([], [Put("/a", b""), Put("/b", b"", gone)])
        with pytest.raises(NotFound):
            await store.keep_alive(gone)
        assert await store.revision() == before

    # The end

    async def test_a_closed_store_says_so(self, store: Store) -> None:
        seen = await watching(store, "", await store.revision())
        await store.aclose()
        await store.aclose()
        for use in (
            store.get("/a"),
            store.range(""),
            store.commit([], [Put("/a", b"")]),
            store.revision(),
            store.watch("", 1, lambda events: None, lambda error: None),
        ):
            with pytest.raises(Unavailable):
                await use
        assert [type(error) for error in seen.errors] == [Unavailable]
