"""Threads end before their callers go on."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from wherry.engine.images.threads import in_thread, in_thread_of


async def test_the_result_comes_back() -> None:
    assert await in_thread(lambda a, b: a + b, 1, b=2) == 3


async def test_the_error_comes_back() -> None:
    def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await in_thread(fail)


@pytest.mark.parametrize("fails", [False, True])
async def test_a_cancelled_caller_waits_for_its_thread(fails: bool) -> None:
    begun, go_on, ended = asyncio.Event(), threading.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def work() -> None:
        loop.call_soon_threadsafe(begun.set)
        go_on.wait()
        ended.set()
        if fails:
            raise ValueError

    task = asyncio.ensure_future(in_thread(work))
    await begun.wait()
    for _ in range(3):
        task.cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not task.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()


async def test_an_interrupted_thread_ends_sooner() -> None:
    begun, told = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def work() -> None:
        loop.call_soon_threadsafe(begun.set)
        told.wait()

    with ThreadPoolExecutor(1) as threads:
        task = asyncio.ensure_future(in_thread_of(threads, work, told.set))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert told.is_set()
