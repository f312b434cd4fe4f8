"""A place for one thing, where a newer one takes the place of one that nobody took."""

import asyncio
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Latest(Generic[T]):
    """One taker."""

    def __init__(self) -> None:
        self._items: deque[T] = deque(maxlen=1)
        self._there = asyncio.Event()

    def put(self, item: T) -> None:
        self._items.append(item)
        self._there.set()

    async def take(self) -> T:
        """Waits for ever when there is none."""
        await self._there.wait()
        self._there.clear()
        return self._items.pop()


class Inbox:
    """Bytes for one reader, no more than ``limit_bytes`` and one piece."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._pieces: deque[bytes] = deque()
        self._size = 0
        self._ended = False
        self._changed = asyncio.Condition()

    async def put(self, data: bytes) -> None:
        """Waits while there is too much. What comes behind the end is dropped."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._size < self._limit or self._ended)
            if not self._ended and data:
                self._pieces.append(data)
                self._size += len(data)
                self._changed.notify_all()

    async def end(self) -> None:
        """Nothing more comes. Idempotent."""
        async with self._changed:
            self._ended = True
            self._changed.notify_all()

    async def take(self) -> bytes:
        """Some bytes; none at the end."""
        async with self._changed:
            await self._changed.wait_for(lambda: bool(self._pieces) or self._ended)
            if not self._pieces:
                return b""
            data = self._pieces.popleft()
            self._size -= len(data)
            self._changed.notify_all()
            return data
