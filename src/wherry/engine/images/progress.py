"""An operation's messages as a stream, while it runs."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any

Message = dict[str, Any]
"""A line of Docker's progress stream (pkg/jsonmessage), before it is JSON."""

Report = Callable[[Message], None]


async def streamed(run: Callable[[Report], Awaitable[None]]) -> AsyncIterator[Message]:
    """What ``run`` reports, as it does; then its exception, if any. Closing the stream early cancels ``run``."""
    queue: asyncio.Queue[Message | None] = asyncio.Queue()

    async def work() -> None:
        try:
            await run(queue.put_nowait)
        finally:
            queue.put_nowait(None)

    task = asyncio.ensure_future(work())
    try:
        while (message := await queue.get()) is not None:
            yield message
        await task
    finally:
        if not task.done():
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
