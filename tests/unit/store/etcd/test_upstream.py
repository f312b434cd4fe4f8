"""The one watch of everything."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.suites.etcdserver import EtcdServer, needs_etcd, running
from tests.suites.store import put, watching
from wherry.kit.errors import Unavailable
from wherry.store.etcd import open_store
from wherry.store.etcd import upstream as module
from wherry.store.etcd.store import EtcdStore
from wherry.store.model import Delete, Event, Item

pytestmark = [needs_etcd, pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdServer]:
    with running(tmp_path_factory.mktemp("etcd")) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="module")
async def store(server: EtcdServer) -> AsyncIterator[EtcdStore]:
    store = await open_store(server.address())
    yield store
    await store.aclose()


async def test_what_others_do_in_the_same_etcd_is_waited_for_by_a_fence(store: EtcdStore, server: EtcdServer) -> None:
    """It moves the revision, and no event of ours will say so."""
    await watching(store, "", await store.revision())
    other = await open_store(server.address())
    revision = await put(other, "/a")
    upstream = await store._running()
    await upstream.reach(revision)
    assert upstream.seen > revision
    assert (await watching(store, "", await store.revision())).events == []
    await other.aclose()


async def test_settling_needs_one_fence_for_what_others_do(store: EtcdStore, server: EtcdServer) -> None:
    await watching(store, "", await store.revision())
    other = await open_store(server.address())
    revision = await put(other, "/a")
    assert await store.settle() >= revision
    fenced = await store.revision()
    assert await store.settle() == await store.settle() == fenced
    await other.aclose()


async def test_what_does_not_fit_into_memory_is_asked_for_again(
    store: EtcdStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_RECENT_BYTES", 5000)
    start = await store.revision()
    await watching(store, "", start)
    revisions = [await put(store, f"/{number % 3}", b"%d" % number) for number in range(50)]
    upstream = await store._running()
    await upstream.reach(await store.revision())
    assert start < upstream.start < upstream.seen
    for after in (start, upstream.start - 1, upstream.start, upstream.start + 1):
        seen = await watching(store, "", after)
        expected = [number for number, revision in enumerate(revisions) if revision > after]  # between them are fences
        assert [int(event.value or b"") for event in seen.events] == expected


async def test_events_that_come_again_are_dropped(store: EtcdStore) -> None:
    """etcd before 3.4.24 gives some twice."""
    seen = await watching(store, "", await store.revision())
    upstream = await store._running()
    revision = await put(store, "/a", b"1")
    await upstream.reach(revision)
    item = Item("/a", b"1", revision, revision)
    upstream._take([Event("/a", revision, b"1", revision)], revision)
    upstream._take([Event("/a", revision - 1, b"0", revision - 1)], revision - 1)
    assert [event.revision for event in seen.events] == [revision]
    assert await store.get("/a") == item


async def test_closing_ends_who_waits(store: EtcdStore) -> None:
    upstream = await store._running()
    waiting = asyncio.create_task(upstream._reached(upstream.seen + 100))
    await asyncio.sleep(0)
    await upstream.aclose()
    await upstream.aclose()
    with pytest.raises(Exception, match="closed"):
        await waiting


async def test_a_full_etcd_is_read_and_watched_and_deleted_from(tmp_path: Path) -> None:
    """Though there is no room for a fence: who begins then sees all the same what goes."""
    with running(tmp_path, "--quota-backend-bytes=5000000") as server:
        address = server.address()
        store = await open_store(address)
        revisions = [await put(store, "/first")]
        with pytest.raises(Unavailable, match="no space left"):
            for number in range(100):
                revisions.append(await put(store, f"/{number}", bytes(500_000)))
        other = await open_store(address)
        watch = await watching(other, "", revisions[0] - 1)
        assert [event.revision for event in watch.events] == revisions
        gone = await store.commit([], [Delete("/first")])
        assert await other.settle() >= gone
        assert (watch.events[-1].key, watch.events[-1].revision) == ("/first", gone)
        assert await other.get("/first") is None
        for each in (store, other):
            await each.aclose()
