"""Copies of a store, and stores of copies."""

import asyncio
from pathlib import Path

import pytest

from tests.suites.store import put, wait_until, watching
from wherry.kit.errors import AlreadyExists, NotFound, Unavailable
from wherry.store.model import Compacted, Corrupt, Put
from wherry.store.sqlite import open_store
from wherry.store.sqlite.backup import REVISIONS_SKIPPED, backup, restore


async def made(path: Path, count: int = 5) -> int:
    store = open_store(path)
    for number in range(count):
        await put(store, f"/{number % 3}", b"%d" % number)
    await store.grant(3600)
    revision = await store.revision()
    await store.aclose()
    return revision


async def test_a_copy_made_under_load_is_one_state(tmp_path: Path) -> None:
    """Both keys of a commit have the same number, and no number is missing."""
    store = open_store(tmp_path / "state")
    done = asyncio.Event()

    async def write() -> None:
        for number in range(1_000_000):
            value = b"%d" % number
            await store.commit([], [Put("/one", value), Put(f"/all/{number:07}", value), Put("/other", value)])
            if done.is_set():
                return

    writer = asyncio.create_task(write())
    copies = []
    await wait_until(lambda: store._state.revision > 20)
    for number in range(3):
        before = await store.revision()
        copies.append((tmp_path / f"copy{number}", before, await store.backup(tmp_path / f"copy{number}")))
    done.set()
    await writer
    await store.aclose()
    for path, before, revision in copies:
        assert revision >= before
        restore(path, tmp_path / f"{path.name}-again")
        again = open_store(tmp_path / f"{path.name}-again")
        items = {item.key: int(item.value) for item in (await again.range("")).items}
        await again.aclose()
        assert items.pop("/one") == items.pop("/other") == len(items) - 1
        assert sorted(items.values()) == list(range(len(items)))


async def test_a_restored_store_gives_no_revision_again(tmp_path: Path) -> None:
    revision = await made(tmp_path / "state")
    assert backup(tmp_path / "state", tmp_path / "copy") == revision
    store = open_store(tmp_path / "state")
    later = [await put(store, "/later", b"%d" % number) for number in range(20)]
    await store.aclose()
    assert restore(tmp_path / "copy", tmp_path / "again") == revision + REVISIONS_SKIPPED
    again = open_store(tmp_path / "again")
    assert await again.revision() == await again.compacted() == revision + REVISIONS_SKIPPED
    for old in (revision, later[-1]):
        with pytest.raises(Compacted):
            await watching(again, "", old)
        with pytest.raises(Compacted):
            await again.get("/0", old)
    seen = await watching(again, "", await again.revision())
    assert await put(again, "/0", b"new") == revision + REVISIONS_SKIPPED + 1
    (event,) = seen.events
    assert event.previous is not None
    assert event.previous.value == b"3"
    await again.aclose()


async def test_items_are_as_they_were(tmp_path: Path) -> None:
    await made(tmp_path / "state")
    store = open_store(tmp_path / "state")
    items = (await store.range("")).items
    await store.backup(tmp_path / "copy")
    await store.aclose()
    restore(tmp_path / "copy", tmp_path / "again")
    again = open_store(tmp_path / "again")
    assert (await again.range("")).items == items
    await again.keep_alive(1)
    await again.aclose()


async def test_nothing_is_replaced(tmp_path: Path) -> None:
    await made(tmp_path / "state")
    backup(tmp_path / "state", tmp_path / "copy")
    with pytest.raises(AlreadyExists, match="copy"):
        backup(tmp_path / "state", tmp_path / "copy")
    with pytest.raises(AlreadyExists, match="move it away"):
        restore(tmp_path / "copy", tmp_path / "state")
    (tmp_path / "other-wal").write_bytes(b"of another database")
    with pytest.raises(AlreadyExists, match="other-wal"):
        restore(tmp_path / "copy", tmp_path / "other")


async def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no file"):
        backup(tmp_path / "missing", tmp_path / "copy")
    await made(tmp_path / "state")
    with pytest.raises(NotFound, match="no directory"):
        backup(tmp_path / "state", tmp_path / "missing" / "copy")


async def test_a_damaged_copy_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    await made(tmp_path / "state", 200)
    backup(tmp_path / "state", tmp_path / "copy")
    content = bytearray((tmp_path / "copy").read_bytes())
    for at in range(8192, len(content), 64):
        content[at] ^= 1
    (tmp_path / "copy").write_bytes(content)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(Corrupt):
        restore(tmp_path / "copy", tmp_path / "again")
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("content", [b"", b"no database at all" * 1000])
def test_what_is_no_store_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "copy").write_bytes(content)
    with pytest.raises(Corrupt):
        restore(tmp_path / "copy", tmp_path / "again")
    assert [path.name for path in tmp_path.iterdir()] == ["copy"]


async def test_a_store_that_lost_commits_is_not_copied_as_if_it_were_whole(tmp_path: Path) -> None:
    store = open_store(tmp_path / "state")
    for number in range(5):
        await put(store, f"/{number}")
    for name in ("state", "state-guard"):  # and not its log
        (tmp_path / "lost").mkdir(exist_ok=True)
        (tmp_path / "lost" / name).write_bytes((tmp_path / name).read_bytes())
    await store.aclose()
    with pytest.raises(Corrupt):
        backup(tmp_path / "lost" / "state", tmp_path / "copy")


async def test_a_closed_store_says_so(tmp_path: Path) -> None:
    store = open_store(tmp_path / "state")
    await store.aclose()
    with pytest.raises(Unavailable):
        await store.backup(tmp_path / "copy")
