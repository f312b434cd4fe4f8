"""Streams to read and write over a :class:`wherry.http.duplex.Duplex`.

Somebody runs :meth:`Session.run`; streams live as long as that. A stream that is not read keeps at most
:data:`INBOX_BYTES`, and then nothing more is read from the connection: the peer has no other way to know.
"""

import asyncio
from collections import deque
from collections.abc import Mapping

from wherry.http.duplex import Duplex
from wherry.http.spdy.connection import MAX_STREAMS, Connection, Event, Opened, Received, Replied, WasReset, Widened
from wherry.http.spdy.frames import GoAway, ProtocolError, Status

INBOX_BYTES = 256 << 10
FRAME_BYTES = 64 << 10
UNSENT_BYTES = 64 << 10
"""Answers to pings and the like for a peer that does not read; more, and nothing more is read from it."""


class Stream:
    """One of many. ``headers`` are those it was opened with."""

    def __init__(self, session: "Session", id: int, headers: Mapping[str, str]) -> None:
        self.id = id
        self.headers = headers
        self.inbox_bytes = 0
        self._session = session
        self._inbox: deque[bytes] = deque()
        self._ended = False
        self._is_reset = False
        self._ignores = False
        self._changed = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    async def reply(self) -> None:
        """Take a stream that the peer has opened. Raises ConnectionError."""
        self._session.connection.reply(self.id)
        await self._session.flush()

    async def read(self) -> bytes:
        """Some bytes; none when the peer has ended it. Raises ConnectionResetError when it, or the session, broke."""
        while not self._inbox:
            if self._ended:
                return b""
            if self._is_reset or self._session.is_over:
                raise ConnectionResetError(f"stream {self.id} was reset")
            self._changed.clear()
            await self._changed.wait()
        data = self._inbox.popleft()
        self._take(len(data))
        await self._session.flush()
        return data

    def ignore(self) -> None:
        """Drop what has come and comes: whoever never reads must say so."""
        self._ignores = True
        self._inbox.clear()
        self._take(self.inbox_bytes)

    def _take(self, count: int) -> None:
        self.inbox_bytes -= count
        self._session.connection.consumed(self.id, count)
        if self.inbox_bytes < INBOX_BYTES:
            self._room.set()

    async def write(self, data: bytes) -> None:
        """Waits while the peer does not read. Raises ConnectionResetError."""
        connection, session = self._session.connection, self._session
        at = 0
        while at < len(data):
            if session.is_over or not connection.can_send(self.id):
                raise ConnectionResetError(f"stream {self.id} is closed")
            room = min(connection.room(self.id), FRAME_BYTES)
            if not room:
                await session.widened()
                continue
            connection.send(self.id, data[at : at + room])
            at += room
            await session.flush()

    async def finish(self) -> None:
        """Say that nothing more is written. Idempotent; raises ConnectionError."""
        if self._session.connection.can_send(self.id):
            self._session.connection.send(self.id, b"", fin=True)
            await self._session.flush()

    async def reset(self, status: Status = Status.CANCEL) -> None:
        """End it both ways. Idempotent; raises ConnectionError."""
        self._session.connection.reset(self.id, status)
        self.ignore()
        self.break_off()
        await self._session.flush()

    # What the session tells

    async def receive(self, data: bytes, fin: bool) -> None:
        """Waits when there is too much."""
        self._ended = self._ended or fin
        if self._ignores:
            self._session.connection.consumed(self.id, len(data))
            return
        if data:
            self._inbox.append(data)
            self.inbox_bytes += len(data)
        self._changed.set()
        if self.inbox_bytes >= INBOX_BYTES:
            self._room.clear()
            await self._room.wait()

    def break_off(self) -> None:
        """Nothing more comes or goes."""
        self._is_reset = True
        self._changed.set()
        self._room.set()


class Session:
    """See the module."""

    def __init__(self, duplex: Duplex, is_client: bool = False) -> None:
        self.connection = Connection(is_client)
        self.is_over = False
        self._duplex = duplex
        self._streams: dict[int, Stream] = {}
        self._opened: asyncio.Queue[Stream | None] = asyncio.Queue(MAX_STREAMS)
        self._widened = asyncio.Event()
        self._answering: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Until the peer goes, or breaks the rules; raises neither."""
        try:
            while content := await self._duplex.read():
                events = self.connection.receive(content)
                await self._answer()
                for event in events:
                    await self._handle(event)
                self._forget()
                await self._answer()
        except ProtocolError:
            await self._say_last()
        except ConnectionError:
            pass
        finally:
            self._end()

    async def _answer(self) -> None:
        """Send what is to be sent without waiting for it: while both sides wait until the other reads, nobody does."""
        if self._answering is None or self._answering.done():
            if not self.connection.untaken_bytes:
                return
            self._answering = asyncio.create_task(self._flush_all())
        if self.connection.untaken_bytes > UNSENT_BYTES:
            await asyncio.wait({self._answering})

    async def _flush_all(self) -> None:
        try:
            while self.connection.untaken_bytes:
                await self.flush()
        except ConnectionError:
            pass  # who reads will hear of it

    async def _say_last(self) -> None:
        try:
            await self.flush()
        except ConnectionError:
            pass

    async def accept(self) -> Stream | None:
        """The next stream that the peer opens; somebody must :meth:`Stream.reply` or reset it. None: no more come."""
        return await self._opened.get() if not self.is_over or self._opened.qsize() else None

    async def open(self, headers: Mapping[str, str]) -> Stream:
        """A stream of ours. Raises ConnectionError."""
        stream = Stream(self, self.connection.open(headers), headers)
        self._streams[stream.id] = stream
        await self.flush()
        return stream

    async def go_away(self, status: GoAway = GoAway.OK) -> None:
        """Tell the peer that this is the end. Raises ConnectionError."""
        self.connection.go_away(status)
        await self.flush()

    async def flush(self) -> None:
        """Send what is to be sent. Raises ConnectionError."""
        data = self.connection.take()
        if data and not self.is_over:
            await self._duplex.write(data)

    async def widened(self) -> None:
        """When more may be sent, or nothing any more."""
        self._widened.clear()
        await self._widened.wait()

    async def _handle(self, event: Event) -> None:
        match event:
            case Opened(number, headers, fin):
                stream = self._streams[number] = Stream(self, number, headers)
                if fin:
                    await stream.receive(b"", True)
                await self._opened.put(stream)
            case Received(number, data, fin) if number in self._streams:
                await self._streams[number].receive(data, fin)
            case Replied(number, _, fin) if number in self._streams:
                await self._streams[number].receive(b"", fin)
            case WasReset(number, _):
                if number in self._streams:
                    self._streams[number].break_off()
                self._widened.set()
            case Widened():
                self._widened.set()

    def _forget(self) -> None:
        """Streams that are over and have been told all that came; who holds one still reads what is left."""
        if len(self._streams) > 2 * self.connection.open_streams + 8:
            self._streams = {number: each for number, each in self._streams.items() if self.connection.has(number)}

    def _end(self) -> None:
        self.is_over = True
        if self._answering is not None:
            self._answering.cancel()
        for stream in self._streams.values():
            stream.break_off()
        while not self._opened.empty():
            self._opened.get_nowait()
        self._opened.put_nowait(None)
        self._widened.set()
