"""Deleting what no row owns, never under the hands of somebody about to own it."""

import asyncio

from wherry.engine.images.sweep import Kind, Name, Sweeper

A, B = Name(Kind.BLOB, "sha256:a"), Name(Kind.SNAPSHOT, "sha256:a")


class Disk:
    def __init__(self) -> None:
        self.wanted: set[Name] = set()
        self.deleted: list[Name] = []
        self.sweeper = Sweeper(self.wanted.__contains__, self.deleted.append)


async def test_what_nobody_wants_is_deleted() -> None:
    disk = Disk()
    disk.wanted.add(B)
    await disk.sweeper.discard([A, B])
    assert disk.deleted == [A]


async def test_nothing_is_deleted_while_a_work_is_open() -> None:
    disk = Disk()
    async with disk.sweeper.work():
        await disk.sweeper.discard([A])
        assert disk.deleted == []
        disk.wanted.add(A)  # the work found it and now owns it
    assert disk.deleted == []


async def test_the_last_work_to_end_sweeps() -> None:
    disk = Disk()
    async with disk.sweeper.work() as first:
        first.blob(A.id)
        async with disk.sweeper.work() as second:
            second.snapshot(B.id)
        assert disk.deleted == []
    assert set(disk.deleted) == {A, B}


async def test_a_failed_work_is_cleaned_up() -> None:
    disk = Disk()
    try:
        async with disk.sweeper.work() as work:
            work.blob(A.id)
            raise ValueError
    except ValueError:
        pass
    assert disk.deleted == [A]


async def test_a_work_waits_for_a_sweep_under_way() -> None:
    disk = Disk()
    loop = asyncio.get_running_loop()
    deleting, go_on = asyncio.Event(), asyncio.Event()

    def slow(name: Name) -> None:
        loop.call_soon_threadsafe(deleting.set)
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result()
        disk.deleted.append(name)

    sweeper = Sweeper(disk.wanted.__contains__, slow)
    sweep = asyncio.ensure_future(sweeper.discard([A]))
    await deleting.wait()

    async def begin() -> list[Name]:
        async with sweeper.work():
            return list(disk.deleted)

    work = asyncio.ensure_future(begin())
    await asyncio.sleep(0)
    assert not work.done()
    go_on.set()
    assert await work == [A]
    await sweep
