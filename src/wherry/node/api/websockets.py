"""A client of a process that speaks by WebSocket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from wherry.kube.machinery.model import Object
from wherry.node.api.caller import ERROR, RESIZE, STDERR, STDIN, STDOUT, Size, Sizes, Wanted, encoded
from wherry.node.api.channels import CLOSE, PROCESS, Channels, Dialect, accept, gone_or
from wherry.node.api.inboxes import Inbox, Latest

INBOX_BYTES = 256 << 10
_PIECE_BYTES = 64 << 10


class WebSocketCaller:
    """See :class:`wherry.node.api.caller.Caller`."""

    def __init__(self, channels: Channels, wanted: Wanted) -> None:
        self._channels = channels
        self._wanted = {STDOUT: wanted.stdout, STDERR: wanted.stderr}
        self._sends = wanted.stdin and not wanted.tty
        self._input = Inbox(INBOX_BYTES)
        self._size: Latest[Size] = Latest()
        self._gone = asyncio.Event()
        self._listening: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Tell the client that we are here, by an empty message on the first channel that it hears, and listen."""
        first = next((stream for stream, wanted in self._wanted.items() if wanted), ERROR)
        await self._channels.send(first, b"")
        self._listening = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        sizes = Sizes()
        try:
            while (message := await self._channels.receive()) is not None:
                channel, data = message
                if channel == STDIN:
                    await self._input.put(data)
                elif channel == RESIZE and (size := sizes.feed(data)) is not None:
                    self._size.put(size)
                elif channel == CLOSE and self._channels.dialect.version >= 5 and data[:1] == bytes((STDIN,)):
                    await self._input.end()
            if self.has_left():
                await self._input.end()
        finally:
            self._gone.set()

    async def input(self) -> bytes:
        return await self._input.take()

    async def size(self) -> Size:
        return await self._size.take()

    async def say(self, stream: int, data: bytes) -> None:
        if not self._wanted.get(stream):
            return
        try:
            for at in range(0, len(data), _PIECE_BYTES):
                await self._channels.send(stream, data[at : at + _PIECE_BYTES])
        except ConnectionError:
            if not self.has_left():
                raise

    async def gone(self) -> None:
        await gone_or(self._gone, self._channels)

    def has_left(self) -> bool:
        return self._sends and self._channels.closed

    async def finish(self, result: Object) -> None:
        said = encoded(result, structured=self._channels.dialect.version >= 4)
        if said:
            await self._channels.send(ERROR, said)
        await self.end()
        await self._channels.close()

    async def end(self) -> None:
        """Listen no more. Idempotent."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)


@asynccontextmanager
async def websocket_caller(request: web.BaseRequest, wanted: Wanted) -> AsyncIterator[WebSocketCaller]:
    """The client of a request; the connection is cut where the block ends, unless it has been closed before. Raises
    Invalid for a handshake that cannot be answered, ConnectionError."""
    socket = await accept(request, tuple(PROCESS), autoclose=False)
    channels = Channels(request, socket, PROCESS.get(socket.ws_protocol or "", Dialect(1)))
    caller = WebSocketCaller(channels, wanted)
    try:
        await caller.begin()
        yield caller
    finally:
        await caller.end()
        if not socket.closed:
            channels.abort()
