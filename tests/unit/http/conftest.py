"""A server on a unix socket, on both event loops."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvloop
from aiohttp import web

from wherry.http.server import Handler, UnixServer, serve_unix


def render_error(status: int, message: str) -> web.Response:
    return web.Response(status=status, body=json.dumps({"message": message}).encode(), content_type="application/json")


@asynccontextmanager
async def serving(handler: Handler, path: Path) -> AsyncIterator[UnixServer]:
    server = await serve_unix(handler, path, render_error)
    try:
        yield server
    finally:
        await server.stop(0.2)


async def exchange(path: Path, *pieces: bytes, pause: float = 0.0) -> bytes:
    """Send pieces, end the sending side, and read to the end."""
    reader, writer = await asyncio.open_unix_connection(str(path))
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(pause)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    return answer


async def ask_and_never_read(port: int, times: int) -> None:
    """What a client does that would fill the memory of a server that lets it; in the end it goes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1000)
    reader._transport.pause_reading()  # type: ignore[attr-defined]  # a StreamReader's own limit lets more through
    for _ in range(times):
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await asyncio.sleep(0.002)
    writer.transport.abort()


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Callable[[Awaitable[object]], object]:
    """Runs a coroutine on a loop of each kind."""

    def runner(coroutine: Awaitable[object]) -> object:
        factory = uvloop.new_event_loop if request.param == "uvloop" else asyncio.new_event_loop
        with asyncio.Runner(loop_factory=factory) as loop_runner:
            return loop_runner.run(asyncio.wait_for(coroutine, 60))  # type: ignore[arg-type]

    return runner
