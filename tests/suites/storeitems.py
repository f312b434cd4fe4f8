"""What :mod:`wherry.store.model` promises of items, commits, ranges and the past: a part of the suite of all stores."""

import asyncio
from contextlib import suppress

import pytest

from tests.suites.storetools import put
from wherry.kit.errors import Invalid
from wherry.store.model import Compare, Delete, Event, Future, Item, Mismatch, Put, Store


class ItemSuite:
    """Subclasses give the fixture ``store``."""

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
