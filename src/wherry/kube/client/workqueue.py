"""The queue of a controller: keys to look at again.

Rules (client-go's util/workqueue): a key that waits is there once, however often it is added; a key under work is given
to nobody else, and added meanwhile comes again when that work is done. A key whose work failed waits twice as long
each time.
"""

import heapq
import itertools
from asyncio import Event
from collections import deque
from collections.abc import Hashable
from typing import Generic, TypeVar

import msgspec

from wherry.kube.client.clock import Clock, Timer

Key = TypeVar("Key", bound=Hashable)


class Closed(Exception):
    """The queue gives no more keys."""


class Backoff(msgspec.Struct, frozen=True):
    """client-go's DefaultControllerRateLimiter: 5 ms, 10 ms … 1000 s."""

    base_seconds: float = 0.005
    maximum_seconds: float = 1000.0

    def delay(self, failures: int) -> float:
        """Seconds to wait after so many failures; the first is 0."""
        doubled: float = self.base_seconds * 2 ** min(failures, 64)
        return min(doubled, self.maximum_seconds)


USUAL = Backoff()


class WorkQueue(Generic[Key]):
    """Used on one event loop."""

    def __init__(self, clock: Clock, backoff: Backoff = USUAL) -> None:
        self._clock = clock
        self._backoff = backoff
        self._ready: deque[Key] = deque()
        self._dirty: set[Key] = set()
        self._working: set[Key] = set()
        self._failures: dict[Key, int] = {}
        self._due: dict[Key, float] = {}
        self._delayed: list[tuple[float, int, Key]] = []
        self._order = itertools.count()
        self._timer: Timer | None = None
        self._wake = Event()
        self._closed = False

    def __len__(self) -> int:
        """Keys that wait and could be taken now."""
        return len(self._ready)

    @property
    def is_idle(self) -> bool:
        """Nothing waits and nothing is under work (what is delayed does not count)."""
        return not self._dirty and not self._working

    def add(self, key: Key) -> None:
        if self._closed or key in self._dirty:
            return
        self._dirty.add(key)
        if key not in self._working:
            self._ready.append(key)
            self._wake.set()

    def add_after(self, key: Key, seconds: float) -> None:
        """Of several delays of one key the shortest counts."""
        if seconds <= 0:
            self.add(key)
            return
        due = self._clock.monotonic() + seconds
        if self._closed or self._due.get(key, due + 1) <= due:
            return
        self._due[key] = due
        heapq.heappush(self._delayed, (due, next(self._order), key))
        self._schedule()

    def add_failed(self, key: Key) -> None:
        """Again, after a delay that grows with each failure until :meth:`forget`."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        self.add_after(key, self._backoff.delay(failures))

    def failures(self, key: Key) -> int:
        """How often it failed since it was last forgotten."""
        return self._failures.get(key, 0)

    def forget(self, key: Key) -> None:
        """Its work succeeded: the next failure is its first."""
        self._failures.pop(key, None)

    async def get(self) -> Key:
        """The next key, which the caller gives back by :meth:`done`. Raises Closed."""
        while not self._ready:
            if self._closed:
                raise Closed
            self._wake.clear()
            await self._wake.wait()
        key = self._ready.popleft()
        self._dirty.discard(key)
        self._working.add(key)
        return key

    def done(self, key: Key) -> None:
        """Its work ended, well or not."""
        self._working.discard(key)
        if key in self._dirty and not self._closed:
            self._ready.append(key)
            self._wake.set()

    def close(self) -> None:
        """Wake all who wait, with Closed; nothing can be added any more. Idempotent."""
        self._closed = True
        self._ready.clear()
        self._dirty.clear()
        if self._timer:
            self._timer.cancel()
        self._wake.set()

    def _schedule(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = None
        if self._delayed and not self._closed:
            self._timer = self._clock.call_later(self._delayed[0][0] - self._clock.monotonic(), self._release)

    def _release(self) -> None:
        now = self._clock.monotonic()
        while self._delayed and self._delayed[0][0] <= now:
            due, _, key = heapq.heappop(self._delayed)
            if self._due.get(key) == due:
                del self._due[key]
                self.add(key)
        self._schedule()
