"""The store in etcd, by the contract, on a real etcd; and what it does besides.

All on one event loop: gRPC's asyncio serves one well, and several badly.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from tests.suites.etcdserver import EtcdServer, needs_etcd, running
from tests.suites.store import StoreSuite, arrived, put, wait_until, watching
from tests.suites.storemachine import compare_with_model
from tests.suites.storework import work
from tests.unit.certificates import make
from wherry.kit.errors import Invalid, Unavailable
from wherry.store.checker import check
from wherry.store.etcd import open_store
from wherry.store.history import Entry, Recorder, told
from wherry.store.model import Put, Store

pytestmark = [needs_etcd, pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdServer]:
    with running(tmp_path_factory.mktemp("etcd")) as server:
        yield server


class TestEtcdStore(StoreSuite):
    @pytest_asyncio.fixture(loop_scope="module")
    async def store(self, server: EtcdServer) -> AsyncIterator[Store]:
        store = await open_store(server.address())
        yield store
        await store.aclose()


async def test_it_does_what_a_naive_model_does(server: EtcdServer) -> None:
    address = [server.address()]
    loop = asyncio.get_running_loop()
    first = await open_store(address[0])
    await put(first, "/a")  # etcd does not tell a compaction at its very first revision from none
    await first.aclose()

    async def opened() -> Store:
        address.append(server.address())
        return await open_store(address[-1])

    async def again() -> Store:
        return await open_store(address[-1])

    await asyncio.to_thread(
        compare_with_model,
        opened,
        again,
        examples=15,
        steps=30,
        run=lambda work: asyncio.run_coroutine_threadsafe(work, loop).result(),
    )


@pytest.mark.parametrize("seed", range(3))
async def test_a_history_of_many_clients_is_right(server: EtcdServer, seed: int) -> None:
    store = await open_store(server.address())
    entries: list[Entry] = []
    first = await store.revision()

    async def forget() -> None:
        while True:
            await asyncio.sleep(0.1)
            await store.compact(max(await store.revision() - 50, 1))

    forgetting = asyncio.create_task(forget())
    await work(Recorder(store, entries.append, time.monotonic, "test"), "client", seed, steps=60)
    forgetting.cancel()
    await asyncio.gather(forgetting, return_exceptions=True)
    await store.aclose()
    history = told(entries)
    history.first = first
    assert check(history) == []
    assert len(history.commits) > 100


async def test_two_stores_of_one_etcd_see_each_other(server: EtcdServer) -> None:
    address = server.address()
    one, other = await open_store(address), await open_store(address)
    seen = await watching(one, "", await one.revision())
    revision = await put(other, "/a", b"1")
    item = await one.get("/a")
    assert item is not None
    assert item.revision == revision
    await arrived(one, seen, 1)
    await one.aclose()
    await other.aclose()


async def test_stores_with_other_prefixes_do_not(server: EtcdServer) -> None:
    one, other = await open_store(server.address("/one/")), await open_store(server.address("/one/two/"))
    seen = await watching(one, "", await one.revision())
    await put(other, "/a", b"1")
    await put(one, "/b", b"1")
    await arrived(one, seen, 1)
    assert [item.key for item in (await one.range("")).items] == ["/b"]
    assert [item.key for item in (await other.range("")).items] == ["/a"]
    await one.aclose()
    await other.aclose()


async def test_a_watch_from_long_ago_is_given_all(server: EtcdServer) -> None:
    store = await open_store(server.address())
    start = await store.revision()
    for number in range(300):
        await put(store, f"/{number % 7}", b"%d" % number)
    again = await open_store(server.address(store._keys.first.decode()))
    seen = await watching(again, "/3", start)
    assert [int(event.value or b"") for event in seen.events] == list(range(3, 300, 7))
    assert (await watching(again, "", await again.revision())).events == []
    await store.aclose()
    await again.aclose()


async def test_what_is_too_large_is_refused(server: EtcdServer) -> None:
    """etcd's own limit, 1.5 MiB unless it is told otherwise."""
    store = await open_store(server.address())
    for size in (1_800_000, 3 << 20):
        with pytest.raises(Invalid, match=r"too large|larger than"):
            await put(store, "/a", bytes(size))
    with pytest.raises(Invalid, match="too many operations"):
        await store.commit([], [Put(f"/{number}", b"") for number in range(3000)])
    assert await store.get("/a") is None
    await store.aclose()


async def test_a_lost_etcd_ends_watches_and_comes_back(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        store = await open_store(server.address("/kept/"))
        revision = await put(store, "/a", b"1")
        seen = await watching(store, "", revision)
        server.kill()
        await wait_until(lambda: len(seen.errors) == 1)
        assert isinstance(seen.errors[0], Unavailable)
        assert seen.watch is not None
        assert seen.watch.failed is seen.errors[0]
        with pytest.raises(Unavailable, match="does not answer"):
            await store.get("/a")
        server.start()
        while True:
            try:
                again = await watching(store, "", revision)
                break
            except Unavailable:
                await asyncio.sleep(0.1)
        await put(store, "/b", b"2")
        await arrived(store, again, 1)
        await store.aclose()


async def test_who_has_no_certificate_is_not_let_in(server: EtcdServer, tmp_path: Path) -> None:
    """A certificate of another authority; and a server whose authority we do not know."""
    foreign = make(tmp_path)
    address = server.address()
    for wrong in (replace(address, cert=foreign.certificate, key=foreign.key), replace(address, ca=foreign.authority)):
        with pytest.raises(Unavailable, match="does not answer"):
            await open_store(wrong)
    with pytest.raises(Unavailable, match="cannot read"):
        await open_store(replace(address, key=tmp_path / "missing"))


async def test_the_next_member_is_asked_when_one_does_not_answer(server: EtcdServer) -> None:
    address = server.address()
    store = await open_store(replace(address, endpoints=("127.0.0.1:1", "127.0.0.1:2", *address.endpoints)))
    await put(store, "/a")
    await store.aclose()
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1:2 does not answer"):
        await open_store(replace(address, endpoints=("127.0.0.1:1", "127.0.0.1:2")))
