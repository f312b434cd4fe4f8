"""What :mod:`wherry.store.model` promises, of every store.

A subclass gives the fixture ``store``, and ``durable`` where one can be closed and opened again. Stores may be shared
with what was there before: nothing here counts on a revision, only on their order.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from wherry.kit.errors import Invalid, NotFound, Unavailable
from wherry.store.model import Compacted, Compare, Delete, Event, Future, Item, Mismatch, Put, Store, Watch

PATIENCE_SECONDS = 20.0


async def wait_until(predicate: Callable[[], bool]) -> None:
    """Look again and again; the test fails when it does not come."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            if predicate():
                return
            await asyncio.sleep(0.005)


@dataclass
class Seen:
    """What one watch was given: ``calls`` as the sink was called."""

    calls: list[Sequence[Event]] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)
    watch: Watch | None = None

    @property
    def events(self) -> list[Event]:
        return [event for call in self.calls for event in call]

    @property
    def keys(self) -> list[str]:
        return [event.key for event in self.events]


async def watching(store: Store, prefix: str, after: int) -> Seen:
    seen = Seen()
    seen.watch = await store.watch(prefix, after, seen.calls.append, seen.errors.append)
    return seen


async def arrived(store: Store, seen: Seen, count: int) -> None:
    """Of a local store they have been given by now; of others they come."""
    if not store.is_local:
        await wait_until(lambda: len(seen.events) >= count)
    assert len(seen.events) == count


async def put(store: Store, key: str, value: bytes = b"value", lease: int = 0) -> int:
    return await store.commit([], [Put(key, value, lease)])


class StoreSuite:
    """The tests."""

    @pytest.fixture
    async def store(self) -> AsyncIterator[Store]:
        raise NotImplementedError
        yield

    # Items

    async def test_what_was_put_is_there(self, store: Store) -> None:
        revision = await put(store, "/a", b"\x00\xffbytes")
        assert await store.get("/a") == Item("/a", b"\x00\xffbytes", revision, revision)

    async def test_what_was_not_put_is_not_there(self, store: Store) -> None:
        assert await store.get("/a") is None

    async def test_a_store_without_commits_has_a_revision(self, store: Store) -> None:
        assert await store.revision() >= 1
        page = await store.range("")
        assert page.items == ()
        assert page.revision == await store.revision()

    async def test_a_second_put_keeps_when_it_was_created(self, store: Store) -> None:
        first = await put(store, "/a", b"1")
        second = await put(store, "/a", b"2")
        assert await store.get("/a") == Item("/a", b"2", first, second)

    async def test_the_same_value_again_is_a_change(self, store: Store) -> None:
        assert await put(store, "/a") < await put(store, "/a")

    async def test_a_deleted_item_is_gone_and_may_come_again(self, store: Store) -> None:
        await put(store, "/a", b"1")
        await store.commit([], [Delete("/a")])
        assert await store.get("/a") is None
        again = await put(store, "/a", b"2")
        assert await store.get("/a") == Item("/a", b"2", again, again)

    async def test_an_empty_value_is_a_value(self, store: Store) -> None:
        await put(store, "/a", b"")
        item = await store.get("/a")
        assert item is not None
        assert item.value == b""

    async def test_large_values_are_kept(self, store: Store) -> None:
        value = bytes(range(256)) * 4096  # 1 MiB
        await put(store, "/large", value)
        item = await store.get("/large")
        assert item is not None
        assert item.value == value

    @pytest.mark.parametrize("key", ["", "\ud800"])
    async def test_a_key_that_is_none_is_refused(self, store: Store, key: str) -> None:
        with pytest.raises(Invalid):
            await put(store, key)

    # Commits

    async def test_all_operations_of_a_commit_have_one_revision(self, store: Store) -> None:
        before = await put(store, "/gone")
        revision = await store.commit([], [Put("/b", b"b"), Delete("/gone"), Put("/a", b"a")])
        assert revision > before
        assert {item.key: item.revision for item in (await store.range("")).items} == {"/a": revision, "/b": revision}

    async def test_a_commit_that_changes_nothing_takes_no_revision(self, store: Store) -> None:
        revision = await put(store, "/a")
        assert await store.commit([], [Delete("/nothing")]) == revision
        assert await store.commit([], []) == revision
        assert await store.commit([Compare("/a", revision)], []) == revision
        assert await store.revision() == revision

    async def test_a_compare_that_holds_lets_the_commit_be(self, store: Store) -> None:
        revision = await put(store, "/a", b"1")
        await store.commit([Compare("/a", revision), Compare("/b", 0)], [Put("/a", b"2"), Put("/b", b"2")])
        assert [item.value for item in (await store.range("")).items] == [b"2", b"2"]

    async def test_a_compare_that_does_not_hold_changes_nothing(self, store: Store) -> None:
        old = await put(store, "/a", b"1")
        revision = await put(store, "/a", b"2")
        for compares in ([Compare("/a", old)], [Compare("/a", 0)], [Compare("/a", revision), Compare("/c", revision)]):
            with pytest.raises(Mismatch):
                await store.commit(compares, [Put("/a", b"3"), Put("/b", b"3")])
        assert [item.key for item in (await store.range("")).items] == ["/a"]
        assert await store.revision() == revision

    async def test_a_mismatch_says_what_is_there(self, store: Store) -> None:
        revision = await put(store, "/a", b"1")
        with pytest.raises(Mismatch) as there:
            await store.commit([Compare("/a", revision), Compare("/b", revision), Compare("/a", 0)], [Delete("/a")])
        assert (there.value.key, there.value.item) == ("/b", None)
        with pytest.raises(Mismatch) as there:
            await store.commit([Compare("/a", 0)], [Put("/a", b"2")])
        assert (there.value.key, there.value.item) == ("/a", Item("/a", b"1", revision, revision))

    async def test_one_commit_writes_a_key_once(self, store: Store) -> None:
        with pytest.raises(Invalid):
            await store.commit([], [Put("/a", b"1"), Delete("/a")])
        assert await store.get("/a") is None

    async def test_of_many_who_compare_with_the_same_one_wins(self, store: Store) -> None:
        revision = await put(store, "/a", b"0")
        commits = (store.commit([Compare("/a", revision)], [Put("/a", b"%d" % number)]) for number in range(20))
        ends = await asyncio.gather(*commits, return_exceptions=True)
        won = [end for end in ends if isinstance(end, int)]
        lost = [end for end in ends if isinstance(end, Mismatch)]
        assert (len(won), len(lost)) == (1, 19)
        assert {end.item.revision for end in lost if end.item} == set(won)

    async def test_commits_at_once_have_a_revision_each(self, store: Store) -> None:
        revisions = await asyncio.gather(*(put(store, f"/{number}") for number in range(50)))
        assert len(set(revisions)) == 50
        assert {item.revision for item in (await store.range("")).items} == set(revisions)

    async def test_a_counter_that_many_count_loses_nothing(self, store: Store) -> None:
        async def count() -> None:
            for _ in range(5):
                while True:
                    item = await store.get("/counter")
                    value = int(item.value) if item else 0
                    with suppress(Mismatch):
                        compare = Compare("/counter", item.revision if item else 0)
                        await store.commit([compare], [Put("/counter", b"%d" % (value + 1))])
                        break

        await asyncio.gather(*(count() for _ in range(8)))
        item = await store.get("/counter")
        assert item is not None
        assert item.value == b"40"

    # Ranges

    async def test_a_range_is_in_the_order_of_utf8(self, store: Store) -> None:
        keys = ["/b", "/a/b", "/a", "/a0", "/é", "/\U0001f6a2", "/\ufffd", "/Z"]
        for key in keys:
            await put(store, key)
        found = [item.key for item in (await store.range("/")).items]
        assert found == sorted(keys, key=lambda key: key.encode())

    @pytest.mark.parametrize("prefix", ["/a", "/a\U0010ffff", "/\ud7ff", "\U0010ffff"])
    async def test_a_range_is_what_starts_with_the_prefix(self, store: Store, prefix: str) -> None:
        inside = [prefix, prefix + "\0", prefix + "x", prefix + "\U0010ffff", prefix + "\U0010ffff" * 2 + "x"]
        for key in [*inside, "/", "/b", "/\ue000", "\U0010fffe"]:
            await put(store, key)
        assert [item.key for item in (await store.range(prefix)).items] == inside

    async def test_a_limit_leaves_out_and_counts_what_follows(self, store: Store) -> None:
        for number in range(7):
            await put(store, f"/a/{number}")
        await put(store, "/b")
        first = await store.range("/a/", limit=3)
        assert [item.key for item in first.items] == ["/a/0", "/a/1", "/a/2"]
        assert first.remaining == 4
        second = await store.range("/a/", after="/a/2", limit=4)
        assert [item.key for item in second.items] == ["/a/3", "/a/4", "/a/5", "/a/6"]
        assert second.remaining == 0

    async def test_pages_at_a_revision_are_one_state(self, store: Store) -> None:
        for number in range(6):
            await put(store, f"/{number}", b"old")
        first = await store.range("/", limit=2)
        await store.commit([], [Delete("/3"), Put("/4", b"new"), Put("/44", b"new"), Delete("/0")])
        await put(store, "/4", b"newer")
        rest = await store.range("/", after="/1", limit=3, revision=first.revision)
        assert [(item.key, item.value) for item in rest.items] == [("/2", b"old"), ("/3", b"old"), ("/4", b"old")]
        assert (rest.revision, rest.remaining) == (first.revision, 1)

    async def test_many_items_are_given_whole(self, store: Store) -> None:
        for start in range(0, 1000, 100):
            await store.commit([], [Put(f"/{number:04}", b"%d" % number) for number in range(start, start + 100)])
        page = await store.range("/")
        assert [int(item.value) for item in page.items] == list(range(1000))
        page = await store.range("/", after="/0009", limit=700)
        assert [int(item.value) for item in page.items] == list(range(10, 710))
        assert page.remaining == 290

    # The past and the future

    async def test_every_revision_can_be_read(self, store: Store) -> None:
        revisions = [await put(store, "/a", b"%d" % number) for number in range(5)]
        gone = await store.commit([], [Delete("/a")])
        for number, revision in enumerate(revisions):
            expected = Item("/a", b"%d" % number, revisions[0], revision)
            assert await store.get("/a", revision) == expected
            assert (await store.range("", revision=revision)).items == (expected,)
        assert await store.get("/a", gone) is None
        assert await store.get("/a", revisions[0] - 1) is None

    async def test_a_revision_that_has_not_been_is_refused(self, store: Store) -> None:
        revision = await put(store, "/a")
        for reading in (
            store.get("/a", revision + 1),
            store.range("", revision=revision + 1),
            store.events("", revision, revision + 1),
            store.watch("", revision + 1, lambda events: None, lambda error: None),
            store.compact(revision + 1),
        ):
            with pytest.raises(Future) as there:
                await reading
            assert there.value.revision == revision

    async def test_events_are_those_between_two_revisions(self, store: Store) -> None:
        first = await put(store, "/a", b"1")
        second = await put(store, "/a", b"2")
        third = await store.commit([], [Put("/b", b"3"), Delete("/a")])
        await put(store, "/later")
        one, two = Item("/a", b"1", first, first), Item("/a", b"2", first, second)
        expected = [
            Event("/a", second, b"2", first, one),
            Event("/b", third, b"3", third, None),
            Event("/a", third, None, first, two),
        ]
        assert list(await store.events("", first, third)) == expected
        assert list(await store.events("/a", first, third)) == [expected[0], expected[2]]
        assert list(await store.events("", third, third)) == []

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
