"""The time of leases, counted by the event loop's clock: monotonic, so that nobody's setting of the date ends one."""

import asyncio
from collections.abc import Awaitable, Callable

from wherry.kit.errors import NotFound, Unavailable

_AGAIN_SECONDS = 1.0


class Leases:
    """``revoke`` is called when a lease's time is over, again and again while it raises Unavailable (a full disk)."""

    def __init__(self, revoke: Callable[[int], Awaitable[None]]) -> None:
        self._revoke = revoke
        self._running: dict[int, tuple[int, asyncio.TimerHandle]] = {}
        self._ending: set[asyncio.Task[None]] = set()

    def __contains__(self, lease: int) -> bool:
        return lease in self._running

    def begin(self, lease: int, seconds: int) -> None:
        """Begin its time, or begin it anew."""
        self.end(lease)
        timer = asyncio.get_running_loop().call_later(seconds, self._expire, lease)
        self._running[lease] = (seconds, timer)

    def renew(self, lease: int) -> None:
        """Raises NotFound: it was never granted, or is over."""
        if lease not in self._running:
            raise NotFound(f"there is no lease {lease}, or its time is over")
        self.begin(lease, self._running[lease][0])

    def end(self, lease: int) -> None:
        """Stop counting. Idempotent."""
        if lease in self._running:
            self._running.pop(lease)[1].cancel()

    def _expire(self, lease: int) -> None:
        self.end(lease)
        task = asyncio.get_running_loop().create_task(self._finish(lease))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _finish(self, lease: int) -> None:
        while True:
            try:
                return await self._revoke(lease)
            except Unavailable:
                await asyncio.sleep(_AGAIN_SECONDS)

    async def aclose(self) -> None:
        """Stop counting for all. Idempotent."""
        for lease in list(self._running):
            self.end(lease)
        ending = list(self._ending)
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
