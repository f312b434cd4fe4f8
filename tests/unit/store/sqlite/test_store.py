"""The store on SQLite, by the contract; and what it does besides."""

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.suites.store import StoreSuite, put, wait_until, watching
from tests.suites.storemachine import compare_with_model
from wherry.kit.errors import Unavailable
from wherry.store.model import Corrupt, Put, Store
from wherry.store.sqlite import open_store


class TestSqliteStore(StoreSuite):
    @pytest.fixture
    async def store(self, tmp_path: Path) -> AsyncIterator[Store]:
        store = open_store(tmp_path / "state")
        yield store
        await store.aclose()


def test_it_does_what_a_naive_model_does() -> None:
    with tempfile.TemporaryDirectory() as directory:
        paths = [Path(directory, "0")]

        async def opened() -> Store:
            paths.append(Path(directory, str(len(paths))))
            return open_store(paths[-1])

        async def again() -> Store:
            return open_store(paths[-1])

        compare_with_model(opened, again, examples=50, steps=40)


async def test_what_was_written_is_there_after_the_process_has_gone(tmp_path: Path) -> None:
    """Nothing is closed: the files are all there is."""
    store = open_store(tmp_path / "state")
    await put(store, "/a", b"1")
    await put(store, "/a", b"2")
    revision = await store.revision()
    (tmp_path / "copy").mkdir()
    for name in ("state", "state-wal", "state-guard"):
        (tmp_path / "copy" / name).write_bytes((tmp_path / name).read_bytes())
    await store.aclose()
    copy = open_store(tmp_path / "copy" / "state")
    assert await copy.revision() == revision
    assert [event.value for event in await copy.events("", 1, revision)] == [b"1", b"2"]
    assert await put(copy, "/b") == revision + 1
    await copy.aclose()


async def test_a_log_that_is_missing_is_noticed(tmp_path: Path) -> None:
    store = open_store(tmp_path / "state")
    await put(store, "/a", b"1")
    (tmp_path / "copy").mkdir()
    for name in ("state", "state-guard"):
        (tmp_path / "copy" / name).write_bytes((tmp_path / name).read_bytes())
    await store.aclose()
    with pytest.raises(Corrupt):
        open_store(tmp_path / "copy" / "state")


async def test_only_one_has_it_open(tmp_path: Path) -> None:
    store = open_store(tmp_path / "state")
    with pytest.raises(Unavailable, match="in use by another process"):
        open_store(tmp_path / "state")
    await store.aclose()
    await open_store(tmp_path / "state").aclose()


async def test_a_store_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="No such file"):
        open_store(tmp_path / "missing" / "state")
    (tmp_path / "directory").mkdir()
    with pytest.raises(Unavailable, match="directory"):
        open_store(tmp_path / "directory")


async def test_the_time_of_leases_begins_anew_when_it_is_opened(tmp_path: Path) -> None:
    store = open_store(tmp_path / "state")
    short, long = await store.grant(1), await store.grant(3600)
    await put(store, "/short", lease=short)
    await put(store, "/long", lease=long)
    await store.aclose()
    store = open_store(tmp_path / "state")
    await store.keep_alive(long)
    await wait_until(lambda: short not in store._leases)
    seen = await watching(store, "", 1)
    await wait_until(lambda: len(seen.events) == 3)
    assert [item.key for item in (await store.range("")).items] == ["/long"]
    await store.aclose()


async def test_a_long_range_lets_others_have_their_turn(tmp_path: Path) -> None:
    store = open_store(tmp_path / "state")
    await store.commit([], [Put(f"/{number:05}", b"") for number in range(5000)])
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(others())
    page = await store.range("/")
    task.cancel()
    assert len(page.items) == 5000
    assert turns > 5
    await store.aclose()


async def test_a_long_range_is_of_one_revision_whatever_is_written_and_forgotten(tmp_path: Path) -> None:
    store = open_store(tmp_path / "state")
    await store.commit([], [Put(f"/{number:05}", b"0") for number in range(3000)])

    async def write() -> None:
        for number in range(1, 30):
            await store.commit([], [Put(f"/{at:05}", b"%d" % number) for at in range(0, 3000, 10)])
            if number % 7 == 0:
                await store.compact(await store.revision())

    writer = asyncio.create_task(write())
    while not writer.done():
        page = await store.range("/")
        changed = {item.value for item in page.items[::10]}
        assert len(page.items) == 3000
        assert len(changed) == 1
    await writer
    await store.aclose()


def test_sqlite_is_loaded_when_a_store_is_opened() -> None:
    program = "import sys, wherry.store.sqlite; sys.exit('apsw' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


async def test_threads_that_come_back_from_the_disk_do_not_wait_long(tmp_path: Path) -> None:
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.005)
    store = open_store(tmp_path / "state")
    assert sys.getswitchinterval() <= 0.0001
    await store.aclose()
    sys.setswitchinterval(before)
