"""What tests of those who follow a resource have in common."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from typing import Any

from wherry.kube.client.clock import FakeClock, settle
from wherry.kube.client.fake import FakeClient


class Told(list[str]):
    """What somebody was told, in words."""

    def taken(self) -> list[str]:
        """All since the last time."""
        said = list(self)
        self.clear()
        return said


@contextlib.asynccontextmanager
async def under_way(coroutine: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """It has begun, and is waiting; it is cancelled at the end."""
    task = asyncio.ensure_future(coroutine)
    await settle()
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def clock_of(client: FakeClient) -> FakeClock:
    assert isinstance(client.clock, FakeClock)
    return client.clock
