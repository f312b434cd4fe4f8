"""Work in a thread that ends before whoever asked for it goes on, even when that is cancelled.

``asyncio.to_thread`` leaves a cancelled caller's thread running: it would go on reading a descriptor that is closed by
then, or publish a layer after everything of the request was swept up.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from typing import ParamSpec, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")


async def in_thread(work: Callable[P, T], *arguments: P.args, **more: P.kwargs) -> T:
    """``work(…)`` in a thread; a cancellation takes effect when it has ended."""
    return await finished(asyncio.ensure_future(asyncio.to_thread(work, *arguments, **more)))


def own_thread(work: Callable[[], T]) -> "asyncio.Future[T]":
    """Begin ``work()`` in a thread of its own, for what may take as long as a client likes."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if future.cancelled():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(cast(T, result))

    def run() -> None:
        result, error = None, None
        try:
            result = work()
        except BaseException as raised:
            error = raised
        with suppress(RuntimeError):  # the loop has been closed: nobody waits
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=run, name="stream", daemon=True).start()
    return future


async def in_thread_of(threads: Executor, work: Callable[[], T], interrupt: Callable[[], object] | None = None) -> T:
    """``work()`` in one of ``threads``; a cancellation takes effect when it has ended, which ``interrupt`` hastens."""
    running = asyncio.get_running_loop().run_in_executor(threads, work)
    return await finished(running, interrupt)


async def finished(running: "asyncio.Future[T]", interrupt: Callable[[], object] | None = None) -> T:
    """The result of ``running``; a cancellation takes effect when that is done, whatever its result.

    ``interrupt`` is called at the first cancellation.
    """
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        if interrupt is not None:
            interrupt()
        while not running.done():
            try:
                await asyncio.wait([running])
            except asyncio.CancelledError:
                continue  # asked again: the thread still cannot be stopped
        running.exception()  # looked at: nobody else will
        raise
