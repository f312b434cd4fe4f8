"""A connection goes on in another protocol, with TLS and without, on both event loops."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from multidict import CIMultiDict

from tests.unit.certificates import make
from tests.unit.http.conftest import render_error
from wherry.http.duplex import abort
from wherry.http.hijack import TakenOver
from wherry.http.server import Handler, TcpServer, serve_tcp
from wherry.http.takeover import taken_over, upgrade_of

HEAD = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: loud\r\n\r\n"
ASK = b"POST /x HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: loud\r\nContent-Length: 0\r\n\r\n"
WEBSOCKET = b"GET /x HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"


async def loud(request: web.BaseRequest) -> web.StreamResponse:
    """Sends back what it reads, in upper case."""
    await asyncio.sleep(0.02)
    async with taken_over(request, HEAD) as wire:
        while data := await wire.read():
            await wire.write(data.upper())
            if b"bye" in data:
                break
    return TakenOver()


@asynccontextmanager
async def serving(
    handler: Handler, directory: Path, tls: bool
) -> AsyncIterator[tuple[TcpServer, ssl.SSLContext | None]]:
    files = make(directory)
    theirs = ours = None
    if tls:
        theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        theirs.load_cert_chain(files.certificate, files.key)
        ours = ssl.create_default_context(cafile=str(files.authority))
    server = await serve_tcp(handler, "127.0.0.1", 0, render_error, theirs)
    try:
        yield server, ours
    finally:
        await server.stop(0.2)


@pytest.mark.parametrize("tls", [True, False])
@pytest.mark.parametrize("ask", [ASK, WEBSOCKET])
@pytest.mark.parametrize("together", [True, False])
def test_every_byte_behind_the_request_reaches_the_new_protocol(run, tmp_path, tls, ask, together) -> None:
    async def scenario() -> None:
        async with serving(loud, tmp_path, tls) as (server, context):
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=context)
            writer.write(ask + b"early " if together else ask)
            assert await reader.readexactly(len(HEAD)) == HEAD
            writer.write(b"late bye")
            wanted = b"EARLY LATE BYE" if together else b"LATE BYE"
            assert await reader.readexactly(len(wanted)) == wanted
            assert await reader.read() == b""
            writer.close()

    run(scenario())


@pytest.mark.parametrize("tls", [True, False])
def test_much_goes_both_ways(run, tmp_path, tls) -> None:
    async def scenario() -> None:
        async with serving(loud, tmp_path, tls) as (server, context):
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=context)
            writer.write(ASK)
            await reader.readexactly(len(HEAD))
            content = b"abcdefgh" * 500_000

            async def say() -> None:
                writer.write(content)
                await writer.drain()

            _, back = await asyncio.gather(say(), reader.readexactly(len(content)))
            assert back == content.upper()
            writer.close()

    run(scenario())


@pytest.mark.parametrize("tls", [True, False])
def test_when_the_client_goes_the_block_ends_and_nothing_is_left(run, tmp_path, tls) -> None:
    ended = asyncio.Event()

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        try:
            return await loud(request)
        finally:
            ended.set()

    async def scenario() -> None:
        async with serving(handler, tmp_path, tls) as (server, context):
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=context)
            writer.write(ASK)
            await reader.readexactly(len(HEAD))
            writer.close()
            await asyncio.wait_for(ended.wait(), 60)
            for _ in range(1000):
                if not server._connections.connections:
                    return
                await asyncio.sleep(0.01)
            raise AssertionError("the server still knows the connection")

    run(scenario())


def test_the_servers_end_ends_the_block(run, tmp_path) -> None:
    async def scenario() -> None:
        async with serving(loud, tmp_path, True) as (server, context):
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=context)
            writer.write(ASK)
            await reader.readexactly(len(HEAD))
            await asyncio.wait_for(server.stop(5.0), 4)
            assert await reader.read() == b""
            writer.close()

    run(scenario())


def test_a_client_that_has_gone_before_is_an_error(run, tmp_path) -> None:
    outcome: asyncio.Future[str] = None  # type: ignore[assignment]
    begun, lost = asyncio.Event(), asyncio.Event()

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        begun.set()
        await lost.wait()
        await asyncio.sleep(0.05)
        try:
            async with taken_over(request, HEAD):
                outcome.set_result("taken")
        except ConnectionResetError as error:
            outcome.set_result(str(error))
        return TakenOver()

    async def scenario() -> None:
        nonlocal outcome
        outcome = asyncio.get_running_loop().create_future()
        async with serving(handler, tmp_path, False) as (server, _):
            _, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(ASK)
            await begun.wait()
            abort(writer.transport)
            lost.set()
            assert await asyncio.wait_for(outcome, 60) == "the client has gone"

    run(scenario())


class Asked:
    def __init__(self, *fields: tuple[str, str]) -> None:
        self.headers = CIMultiDict(fields)


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ((("Connection", "Upgrade"), ("Upgrade", "SPDY/3.1")), "spdy/3.1"),
        ((("Connection", "keep-alive, upgrade"), ("Upgrade", "WebSocket")), "websocket"),
        ((("Connection", "keep-alive"), ("Connection", "Upgrade"), ("Upgrade", "websocket")), "websocket"),
        ((("Upgrade", "websocket"),), ""),
        ((("Connection", "upgrade"),), ""),
        ((("Connection", "close"), ("Upgrade", "websocket")), ""),
    ],
)
def test_what_a_request_asks_to_go_on_with(fields, wanted) -> None:
    assert upgrade_of(Asked(*fields)) == wanted  # type: ignore[arg-type]
