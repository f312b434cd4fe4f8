"""Time as an argument: the real one, and one that stands still until it is told to move."""

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Timer(Protocol):
    """A call to come."""

    def cancel(self) -> None:
        """It does not come. Idempotent."""


class Clock(Protocol):
    """What there is to know about time. Used on the event loop only."""

    def now(self) -> datetime:
        """Of the calendar, in UTC: for what people and other machines read. May jump."""

    def monotonic(self) -> float:
        """Seconds since whenever: for durations."""

    def call_later(self, seconds: float, call: Callable[[], None]) -> Timer:
        """Make the call once, that much later (at the next turn of the loop when it is 0 or less)."""

    async def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's, and the running event loop's."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def call_later(self, seconds: float, call: Callable[[], None]) -> Timer:
        return asyncio.get_running_loop().call_later(max(seconds, 0.0), call)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class _FakeTimer:
    """In the heap of its clock until it is due."""

    __slots__ = ("call",)

    def __init__(self, call: Callable[[], None]) -> None:
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        self.call = None


class FakeClock:
    """Moves by :meth:`advance` alone."""

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._start = start
        self._elapsed = 0.0
        self._order = itertools.count()
        self._timers: list[tuple[float, int, _FakeTimer]] = []

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        return self._elapsed

    def call_later(self, seconds: float, call: Callable[[], None]) -> Timer:
        timer = _FakeTimer(call)
        heapq.heappush(self._timers, (self._elapsed + max(seconds, 0.0), next(self._order), timer))
        return timer

    async def sleep(self, seconds: float) -> None:
        done = asyncio.Event()
        timer = self.call_later(seconds, done.set)
        try:
            await done.wait()
        finally:
            timer.cancel()

    @property
    def next_due(self) -> float | None:
        """Seconds until the next call; None when none is to come."""
        while self._timers and self._timers[0][2].call is None:
            heapq.heappop(self._timers)
        return max(self._timers[0][0] - self._elapsed, 0.0) if self._timers else None

    async def advance(self, seconds: float) -> None:
        """Let that much time pass: every call at its own moment, and whatever waited gets its turn in between."""
        end = self._elapsed + seconds
        await settle()
        while (due := self.next_due) is not None and self._elapsed + due <= end:
            self._elapsed += due
            call = heapq.heappop(self._timers)[2].call
            if call is not None:
                call()
            await settle()
        self._elapsed = end


async def settle(turns: int = 100) -> None:
    """Give everything that can run on the loop its turns."""
    for _ in range(turns):
        await asyncio.sleep(0)
