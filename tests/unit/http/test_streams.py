"""Answers piece by piece."""

import asyncio
from collections.abc import AsyncIterator

from aiohttp import web

from tests.unit.http.conftest import serving
from wherry.http.streams import Stream

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


def test_every_document_is_a_line_at_once(run, tmp_path) -> None:
    async def scenario() -> None:
        more = asyncio.Event()

        async def handler(request: web.BaseRequest) -> web.StreamResponse:
            stream = await Stream.open(request, "application/json", headers={"X": "y"})
            await stream.send_json({"a": 1})
            await more.wait()
            await stream.send_json({"b": 2})
            return stream.response

        async with serving(handler, tmp_path / "s"):
            reader, writer = await asyncio.open_unix_connection(str(tmp_path / "s"))
            writer.write(GET)
            head = await reader.readuntil(b"\r\n\r\n")
            assert b"Content-Type: application/json\r\n" in head
            assert b"Transfer-Encoding: chunked\r\n" in head
            assert b"X: y\r\n" in head
            assert await reader.readexactly(13) == b'8\r\n{"a":1}\n\r\n'
            more.set()
            assert await reader.readexactly(18) == b'8\r\n{"b":2}\n\r\n0\r\n\r\n'
            writer.close()

    run(scenario())


def test_a_source_is_closed_when_its_reader_goes(run, tmp_path) -> None:
    async def scenario() -> None:
        closed = asyncio.Event()

        async def pieces() -> AsyncIterator[bytes]:
            try:
                while True:
                    yield b"x" * 1000
                    await asyncio.sleep(0)
            finally:
                closed.set()

        async def handler(request: web.BaseRequest) -> web.StreamResponse:
            return await (await Stream.open(request, "text/plain")).send_all(pieces())

        async with serving(handler, tmp_path / "s"):
            reader, writer = await asyncio.open_unix_connection(str(tmp_path / "s"))
            writer.write(GET)
            await reader.readuntil(b"x")
            writer.close()
            await asyncio.wait_for(closed.wait(), 60)

    run(scenario())


def test_a_client_that_does_not_read_holds_the_source_back(run, tmp_path) -> None:
    async def scenario() -> None:
        sent = 0

        async def pieces() -> AsyncIterator[bytes]:
            nonlocal sent
            while True:
                sent += 65536
                yield bytes(65536)

        async def handler(request: web.BaseRequest) -> web.StreamResponse:
            return await (await Stream.open(request, "text/plain")).send_all(pieces())

        async with serving(handler, tmp_path / "s"):
            _, writer = await asyncio.open_unix_connection(str(tmp_path / "s"), limit=1024)
            writer.write(GET)
            await asyncio.sleep(0.3)
            assert sent < 4_000_000
            writer.close()

    run(scenario())
