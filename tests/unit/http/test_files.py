"""Files as bodies: whole, in part, through TLS, to slow clients and to those that go."""

import asyncio
import os
import ssl
from pathlib import Path

import pytest
from aiohttp import web

from tests.descriptors import open_descriptors
from tests.unit import certificates
from tests.unit.http.conftest import render_error
from wherry.http import files
from wherry.http.server import serve_tcp

GET = b"GET /%d-%d HTTP/1.1\r\nHost: x\r\n\r\n"
SIZE = 9_000_001


@pytest.fixture
def data(tmp_path: Path) -> bytes:
    content = os.urandom(SIZE)
    (tmp_path / "data").write_bytes(content)
    return content


def handler(path: Path, ended: asyncio.Event | None = None):
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        begin, end = request.path.strip("/").split("-")
        fd = os.open(path / "data", os.O_RDONLY)
        try:
            response = web.StreamResponse()
            await files.send_file(request, response, files.Part(fd, int(begin), int(end) - int(begin)))
        finally:
            os.close(fd)
            if ended is not None:
                ended.set()
        return response

    return answer


async def body_of(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, begin: int, end: int) -> bytes:
    writer.write(GET % (begin, end))
    head = await reader.readuntil(b"\r\n\r\n")
    assert b"Content-Length: %d\r\n" % (end - begin) in head
    return await reader.readexactly(end - begin)


@pytest.mark.parametrize(("tls", "here"), [(False, True), (False, False), (True, True)])
def test_parts_arrive_one_after_the_other_on_one_connection(run, tmp_path, data, tls, here, monkeypatch) -> None:
    monkeypatch.setattr(files, "_is_here", lambda transport: here)

    async def scenario() -> None:
        ours = theirs = None
        if tls:
            made = certificates.make(tmp_path)
            ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            ours.load_cert_chain(made.certificate, made.key)
            theirs = ssl.create_default_context(cafile=str(made.authority))
        async with await serve_tcp(handler(tmp_path), "127.0.0.1", 0, render_error, ours) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=theirs)
            for begin, end in ((0, SIZE), (0, 0), (5, 6), (4096, 4_000_000), (SIZE - 1, SIZE)):
                assert await body_of(reader, writer, begin, end) == data[begin:end]
            writer.close()

    run(scenario())


def test_head_has_the_length_and_no_body(run, tmp_path, data) -> None:
    async def scenario() -> None:
        async with await serve_tcp(handler(tmp_path), "127.0.0.1", 0, render_error) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write((GET % (0, SIZE)).replace(b"GET", b"HEAD"))
            assert b"Content-Length: %d\r\n" % SIZE in await reader.readuntil(b"\r\n\r\n")
            assert await body_of(reader, writer, 3, 7) == data[3:7]
            writer.close()

    run(scenario())


def test_clients_that_do_not_read_hold_nobody_up(run, tmp_path, data) -> None:
    async def scenario() -> None:
        async with await serve_tcp(handler(tmp_path), "127.0.0.1", 0, render_error) as server:
            idle = [await asyncio.open_connection("127.0.0.1", server.port, limit=1024) for _ in range(12)]
            for _, other in idle:
                other.write(GET % (0, SIZE))
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            assert await body_of(reader, writer, 0, SIZE) == data
            slow_reader, _ = idle[0]
            await slow_reader.readuntil(b"\r\n\r\n")
            assert await slow_reader.readexactly(SIZE) == data
            writer.close()
            for _, other in idle:
                other.close()

    run(scenario())


def test_the_handler_ends_when_its_client_goes(run, tmp_path, data) -> None:
    async def scenario() -> None:
        ended = asyncio.Event()
        before = open_descriptors()
        async with await serve_tcp(handler(tmp_path, ended), "127.0.0.1", 0, render_error) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1024)
            writer.write(GET % (0, SIZE))
            await reader.readuntil(b"\r\n\r\n")
            writer.transport.abort()
            await asyncio.wait_for(ended.wait(), 60)
        assert open_descriptors() <= before + 1

    run(scenario())


def test_a_client_that_takes_nothing_is_let_go(run, tmp_path, data, monkeypatch) -> None:
    async def scenario() -> None:
        monkeypatch.setattr(files, "STALL_SECONDS", 0.05)
        ended = asyncio.Event()
        async with await serve_tcp(handler(tmp_path, ended), "127.0.0.1", 0, render_error) as server:
            _, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1024)
            writer.write(GET % (0, SIZE))
            await asyncio.wait_for(ended.wait(), 60)
            writer.close()

    run(scenario())


def test_a_file_that_is_too_short_ends_the_connection(run, tmp_path, data) -> None:
    async def scenario() -> None:
        async with await serve_tcp(handler(tmp_path), "127.0.0.1", 0, render_error) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(GET % (0, SIZE + 1))
            await reader.readuntil(b"\r\n\r\n")
            assert await reader.read() in (data, data[: len(data)])
            writer.close()

    run(scenario())
