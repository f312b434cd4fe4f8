"""Group commit."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from tests.suites.store import wait_until
from wherry.kit.errors import Invalid, Unavailable
from wherry.store.model import Compare, Delete, Event, Mismatch, Put
from wherry.store.sqlite.connections import connect
from wherry.store.sqlite.reserve import Reserve
from wherry.store.sqlite.schema import State, migrate, read_state
from wherry.store.sqlite.transaction import Transaction
from wherry.store.sqlite.writer import Writer


class Written:
    """A writer, and what it told of the groups it committed."""

    def __init__(self, path: Path) -> None:
        self.connection = connect(path)
        migrate(self.connection)
        self.reserve = Reserve(path)
        self.reserve.hold()
        self.groups: list[tuple[int, ...]] = []
        self.writer = Writer(self.connection, self.reserve, read_state(self.connection), self.committed)

    def committed(self, state: State, events: Sequence[Event]) -> None:
        self.groups.append(tuple(event.revision for event in events))

    async def put(self, key: str, value: bytes = b"", revision: int | None = None) -> int:
        compares = [] if revision is None else [Compare(key, revision)]
        operations = [Put(key, value)]
        return await self.writer.do(lambda transaction: transaction.commit(compares, operations), size_bytes=len(value))

    async def delete(self, key: str) -> int:
        return await self.writer.do(lambda transaction: transaction.commit([], [Delete(key)]), shrinks=True)


@pytest.fixture
async def written(tmp_path: Path) -> AsyncIterator[Written]:
    written = Written(tmp_path / "state")
    yield written
    await written.writer.aclose()
    written.connection.close()


def limit_pages(written: Written, more: int) -> None:
    """A disk that is nearly full, as SQLite sees it."""
    count = written.connection.pragma("page_count")
    assert isinstance(count, int)
    written.connection.pragma("max_page_count", count + more)


async def test_what_waits_is_written_together_each_with_its_revision(written: Written) -> None:
    revisions = await asyncio.gather(*(written.put(f"/{number}") for number in range(50)))
    assert list(revisions) == list(range(2, 52))
    assert written.groups == [tuple(range(2, 52))]


async def test_what_comes_while_the_disk_is_waited_for_is_the_next_group(written: Written) -> None:
    first = asyncio.create_task(written.put("/first"))
    await wait_until(lambda: written.writer.is_committing or first.done())
    others = [asyncio.create_task(written.put(f"/{number}")) for number in range(20)]
    await asyncio.gather(first, *others)
    assert written.groups == [(2,), tuple(range(3, 23))]


async def test_groups_have_a_size(written: Written) -> None:
    await asyncio.gather(*(written.put(f"/{number}") for number in range(300)))
    assert [len(group) for group in written.groups] == [128, 128, 44]
    written.groups.clear()
    large = bytes(5 << 20)
    await asyncio.gather(written.put("/a", large), written.put("/b", large * 2), written.put("/c"))
    assert [len(group) for group in written.groups] == [1, 1, 1]


async def test_a_mismatch_fails_its_own_commit_only(written: Written) -> None:
    ends = await asyncio.gather(
        written.put("/a", b"", 0), written.put("/a", b"", 0), written.put("/b", b"", 0), return_exceptions=True
    )
    assert (ends[0], type(ends[1]), ends[2]) == (2, Mismatch, 3)
    assert written.groups == [(2, 3)]


async def test_a_refusal_waits_for_what_it_comes_of(written: Written) -> None:
    """It tells of a commit before it, which must not be known before it is on the disk."""
    ends: list[str] = []

    async def first() -> None:
        await written.put("/a", b"", 0)
        ends.append("written")

    async def second() -> None:
        with pytest.raises(Mismatch):
            await written.put("/a", b"", 0)
        ends.append("refused")

    await asyncio.gather(first(), second())
    assert ends == ["written", "refused"]


async def test_who_stops_waiting_disturbs_nobody(written: Written) -> None:
    tasks = [asyncio.create_task(written.put(f"/{number}")) for number in range(3)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    assert [await tasks[0], await tasks[2]] == [2, 4]
    assert written.groups == [(2, 3, 4)]


async def test_a_bug_in_a_request_is_told_and_nothing_is_written(written: Written) -> None:
    def half_done(transaction: Transaction) -> None:
        transaction.commit([], [Put("/half", b"")])
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await written.writer.do(half_done)
    assert await written.put("/a") == 2
    assert list(written.connection.execute("SELECT key FROM items")) == [("/a",)]


async def test_a_commit_that_fails_is_undone_and_its_revision_not_given_again(written: Written) -> None:
    assert await written.put("/a") == 2

    written.connection.set_commit_hook(lambda: True)  # SQLite then makes a rollback of it
    with pytest.raises(Unavailable):
        await asyncio.gather(written.put("/b"), written.put("/c"))
    written.connection.set_commit_hook(None)
    assert list(written.connection.execute("SELECT key FROM items")) == [("/a",)]
    assert await written.put("/d") == 5
    assert written.groups == [(2,), (5,)]


async def test_a_full_disk_refuses_what_grows_and_does_what_shrinks(written: Written) -> None:
    await written.put("/a", bytes(50_000))
    limit_pages(written, 2)
    with pytest.raises(Unavailable, match="no space left on the disk"):
        await written.put("/b", bytes(100_000))
    assert not written.reserve.is_held
    with pytest.raises(Unavailable, match="no space left on the disk"):
        await written.put("/small")  # though it would fit: the room is for getting out
    assert await written.delete("/a") > 2
    assert list(written.connection.execute("SELECT key FROM items")) == []


async def test_what_shrinks_is_done_again_when_what_grows_was_in_its_way(written: Written) -> None:
    await written.put("/a")
    limit_pages(written, 2)
    ends = await asyncio.gather(written.put("/b", bytes(100_000)), written.delete("/a"), return_exceptions=True)
    assert isinstance(ends[0], Unavailable)
    assert isinstance(ends[1], int)


async def test_writing_goes_on_when_there_is_room_again(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wherry.store.sqlite.reserve._AGAIN_SECONDS", 0)
    await written.put("/a")
    limit_pages(written, 2)
    with pytest.raises(Unavailable):
        await written.put("/b", bytes(100_000))
    written.connection.pragma("max_page_count", 1 << 20)
    await written.put("/b", bytes(100_000))
    assert written.reserve.is_held


async def test_closing_finishes_what_is_under_way_and_refuses_the_rest(written: Written) -> None:
    first = asyncio.create_task(written.put("/first"))
    await wait_until(lambda: written.writer.is_committing or first.done())
    second = asyncio.create_task(written.put("/second"))
    await asyncio.sleep(0)
    await written.writer.aclose()
    assert await first == 2
    with pytest.raises(Unavailable, match="closed"):
        await second
    with pytest.raises(Unavailable, match="closed"):
        await written.put("/third")


async def test_a_request_that_is_no_commit_is_refused_alone(written: Written) -> None:
    ends = await asyncio.gather(written.put(""), written.put("/a"), return_exceptions=True)
    assert isinstance(ends[0], Invalid)
    assert ends[1] == 2


async def test_a_full_disk_is_told_while_the_disk_is_waited_for(written: Written) -> None:
    """The thread has the connection then; nothing may be asked of it."""
    await written.put("/a")
    first = asyncio.create_task(written.delete("/a"))
    written.reserve.release()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert written.writer.is_committing
    with pytest.raises(Unavailable, match="no space left"):
        await written.put("/b")
    await first
