"""Answers whose bytes are all there."""

import asyncio

import pytest
from aiohttp import web

from tests.unit.http.conftest import ask_and_never_read, exchange, render_error, serving
from wherry.http.ready import PIECE_BYTES, Ready, head, suits
from wherry.http.request import ANSWER_HEADERS
from wherry.http.server import serve_tcp


def test_a_head() -> None:
    first, *fields = head(201, {"Content-Type": "text/plain"}, 3).decode().split("\r\n")
    assert first == "HTTP/1.1 201 Created"
    assert fields[:2] == ["Content-Type: text/plain", "Content-Length: 3"]
    assert fields[2].startswith("Date: ") and fields[2].endswith(" GMT")
    assert fields[3:] == ["", ""]


@pytest.mark.parametrize("size", [0, 5, 70_000, 3_000_000])
def test_answers_of_any_size_follow_one_another(run, tmp_path, size) -> None:
    async def scenario() -> None:
        async def answer(request: web.BaseRequest) -> web.StreamResponse:
            request[ANSWER_HEADERS] = {"X-Name": "one"}
            assert suits(request)
            return Ready(request, 200, {"X-Size": str(size)}, b"x" * size)

        async with serving(answer, tmp_path / "s"):
            reader, writer = await asyncio.open_unix_connection(str(tmp_path / "s"))
            for _ in range(3):
                writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                found = await reader.readuntil(b"\r\n\r\n")
                assert found.startswith(
                    b"HTTP/1.1 200 OK\r\nX-Size: %d\r\nX-Name: one\r\nContent-Length: %d" % (size, size)
                )
                assert len(await reader.readexactly(size)) == size
            writer.close()

    run(scenario())


def test_of_a_long_answer_no_more_is_sent_than_the_client_reads(run, tmp_path) -> None:
    async def scenario() -> None:
        transports = []

        async def answer(request: web.BaseRequest) -> web.StreamResponse:
            transports.append(request.transport)
            return Ready(request, 200, {}, b"x" * 40_000_000)

        async with serving(answer, tmp_path / "s"):
            reader, writer = await asyncio.open_unix_connection(str(tmp_path / "s"))
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await reader.readuntil(b"\r\n\r\n")
            for _ in range(400):
                assert await reader.readexactly(100_000) == b"x" * 100_000
                assert transports[0].get_write_buffer_size() <= 2 * PIECE_BYTES
            writer.close()

    run(scenario())


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET / HTTP/1.0\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_what_they_do_not_suit(run, tmp_path, request_bytes) -> None:
    async def scenario() -> None:
        async def answer(request: web.BaseRequest) -> web.StreamResponse:
            return web.Response(headers={"X-Suits": str(suits(request))})

        async with serving(answer, tmp_path / "s"):
            assert b"X-Suits: False\r\n" in await exchange(tmp_path / "s", request_bytes)

    run(scenario())


def test_a_client_that_does_not_read_is_waited_for_and_one_that_goes_is_not(run) -> None:
    async def scenario() -> None:
        made = 0

        async def answer(request: web.BaseRequest) -> web.StreamResponse:
            nonlocal made
            made += 1
            return Ready(request, 200, {}, b"x" * 1_000_000)

        async with await serve_tcp(answer, "127.0.0.1", 0, render_error) as server:
            await ask_and_never_read(server.port, 100)
            assert made < 50

    run(scenario())
