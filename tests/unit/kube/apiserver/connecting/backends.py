"""Somebody at the other end who keeps what he is asked, and answers what a test wants."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Backend:
    """``asked``: every request's head, and what came behind; ``says``: the answer to each."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self.behind: list[bytes] = []
        self.says = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        self.talk: Talk | None = None
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                self.asked.append(await reader.readuntil(b"\r\n\r\n"))
                writer.write(self.says)
                await writer.drain()
                if self.talk is not None:
                    await self.talk(reader, writer)
                    break
        except asyncio.IncompleteReadError as error:
            self.behind.append(error.partial)
        except ConnectionError:
            pass
        finally:
            writer.close()

    @property
    def head(self) -> str:
        """Of the only request."""
        (only,) = self.asked
        return only.decode("latin-1")


@asynccontextmanager
async def backend(tls: ssl.SSLContext | None = None) -> AsyncIterator[Backend]:
    found = Backend()
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0, ssl=tls)
    found.port = server.sockets[0].getsockname()[1]
    try:
        yield found
    finally:
        server.close()
