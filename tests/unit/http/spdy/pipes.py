"""Two ends of a connection in memory."""

import asyncio

ROOM_BYTES = 64 << 10


class Pipe:
    """One end: what is written here, the other end reads. A writer waits while there is too much."""

    def __init__(self) -> None:
        self.other: Pipe
        self.unread = bytearray()
        self.written = 0
        self.is_closed = False
        self._changed = asyncio.Condition()

    async def read(self) -> bytes:
        async with self._changed:
            await self._changed.wait_for(lambda: self.unread or self.is_closed)
            data = bytes(self.unread)
            self.unread.clear()
            self._changed.notify_all()
        return data

    async def write(self, data: bytes) -> None:
        self.written += len(data)
        other = self.other
        async with other._changed:
            if other.is_closed:
                raise ConnectionResetError("closed")
            other.unread += data
            other._changed.notify_all()
            await other._changed.wait_for(lambda: len(other.unread) < ROOM_BYTES or other.is_closed)

    async def close(self) -> None:
        """Both ends hear of it."""
        for end in (self, self.other):
            async with end._changed:
                end.is_closed = True
                end._changed.notify_all()


def pipes() -> tuple[Pipe, Pipe]:
    one, two = Pipe(), Pipe()
    one.other, two.other = two, one
    return one, two
