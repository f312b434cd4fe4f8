"""Half-closed clients, lost clients, and what arrives behind an upgrade request."""

import asyncio
import os
import socket
from pathlib import Path

import pytest
from aiohttp import web

from tests.unit.http.conftest import serving
from wherry.http.body import read_body
from wherry.http.hijack import TakenOver, hijack
from wherry.http.streams import Stream, connection_of

HEAD = b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
ATTACH = b"POST /attach HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n\r\n"
EXEC = (
    b"POST /exec HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
    b"Content-Type: application/json\r\nContent-Length: 13\r\n\r\n" + b'{"Tty":false}'
)


async def echo(request: web.BaseRequest) -> web.StreamResponse:
    """Takes the socket over and sends back all it reads, in upper case, from a thread; then the body it had."""
    body = await read_body(request)
    await asyncio.sleep(0.05)
    taken = await hijack(request, HEAD)

    def talk() -> None:
        with socket.socket(fileno=taken.fd) as sock:
            sock.setblocking(True)
            sock.sendall(taken.early.upper())
            while data := sock.recv(65536):
                sock.sendall(data.upper())
            sock.sendall(body)

    await asyncio.to_thread(talk)
    return TakenOver()


async def exchange(path: Path, *pieces: bytes, pause: float = 0.0) -> bytes:
    reader, writer = await asyncio.open_unix_connection(str(path))
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(pause)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.parametrize(
    "pieces",
    [
        (ATTACH + b"early",),
        (ATTACH, b"early"),
        (ATTACH[:10], ATTACH[10:60], ATTACH[60:] + b"ea", b"rly"),
    ],
)
@pytest.mark.parametrize("pause", [0.0, 0.02])
def test_bytes_behind_an_upgrade_reach_the_stream(run, tmp_path, pieces, pause) -> None:
    async def scenario() -> None:
        async with serving(echo, tmp_path / "s"):
            assert await exchange(tmp_path / "s", *pieces, pause=pause) == HEAD + b"EARLY"

    run(scenario())


@pytest.mark.parametrize(
    "pieces",
    [(EXEC + b"early",), (EXEC[:-5], EXEC[-5:] + b"early"), (EXEC, b"early"), (EXEC[:-13], EXEC[-13:], b"ear", b"ly")],
)
@pytest.mark.parametrize("pause", [0.0, 0.02])
def test_the_body_is_read_before_the_stream_begins(run, tmp_path, pieces, pause) -> None:
    async def scenario() -> None:
        async with serving(echo, tmp_path / "s"):
            assert await exchange(tmp_path / "s", *pieces, pause=pause) == HEAD + b"EARLY" + b'{"Tty":false}'

    run(scenario())


def test_much_early_data_is_not_lost(run, tmp_path) -> None:
    async def scenario() -> None:
        async with serving(echo, tmp_path / "s"):
            data = os.urandom(3_000_000).replace(b"a", b"b")
            reader, writer = await asyncio.open_unix_connection(str(tmp_path / "s"))
            writer.write(ATTACH + data)
            writer.write_eof()
            assert await reader.readexactly(len(HEAD)) == HEAD
            assert await reader.readexactly(len(data)) == data.upper()
            writer.close()

    run(scenario())


def test_a_declined_upgrade_leaves_the_connection_usable(run, tmp_path) -> None:
    async def scenario() -> None:
        async def decline(request: web.BaseRequest) -> web.StreamResponse:
            return web.Response(status=404, body=request.path.encode())

        async with serving(decline, tmp_path / "s"):
            reader, writer = await asyncio.open_unix_connection(str(tmp_path / "s"))
            for path in (b"/attach", b"/second", b"/third"):
                writer.write(ATTACH.replace(b"/attach", path))
                await reader.readuntil(b"\r\n\r\n")
                assert await reader.readexactly(len(path)) == path
            writer.close()

    run(scenario())


def test_keep_alive_serves_many_requests(run, tmp_path) -> None:
    async def scenario() -> None:
        async def answer(request: web.BaseRequest) -> web.StreamResponse:
            return web.Response(body=await read_body(request))

        async with serving(answer, tmp_path / "s"):
            reader, writer = await asyncio.open_unix_connection(str(tmp_path / "s"))
            for number in range(20):
                body = str(number).encode() * 3
                writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
                await reader.readuntil(b"\r\n\r\n")
                assert await reader.readexactly(len(body)) == body
            writer.close()

    run(scenario())


def test_a_half_closed_client_still_gets_its_answer(run, tmp_path) -> None:
    async def scenario() -> None:
        async def slow(request: web.BaseRequest) -> web.StreamResponse:
            await asyncio.sleep(0.1)
            return web.Response(body=b"late")

        async with serving(slow, tmp_path / "s"):
            answer = await exchange(tmp_path / "s", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert answer.endswith(b"late")

    run(scenario())


@pytest.mark.parametrize("half_close_first", [False, True])
def test_a_stream_is_cancelled_when_its_client_goes(run, tmp_path, half_close_first, monkeypatch) -> None:
    monkeypatch.setattr("wherry.http.connection.PEER_CHECK_SECONDS", 0.02)

    async def scenario() -> None:
        ended = asyncio.Event()

        async def stream(request: web.BaseRequest) -> web.StreamResponse:
            opened = await Stream.open(request, "application/json")
            with connection_of(request).cancelled_by_loss():
                try:
                    await asyncio.sleep(60)
                finally:
                    ended.set()
            return opened.response

        async with serving(stream, tmp_path / "s"):
            reader, writer = await asyncio.open_unix_connection(str(tmp_path / "s"))
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b"200 OK" in await reader.readuntil(b"\r\n\r\n")  # headers come before any body
            if half_close_first:
                writer.write_eof()
                await asyncio.sleep(0.05)
                assert not ended.is_set()
            writer.close()
            await asyncio.wait_for(ended.wait(), 3)

    run(scenario())


def test_other_handlers_run_to_their_end(run, tmp_path) -> None:
    async def scenario() -> None:
        ended = asyncio.Event()

        async def work(request: web.BaseRequest) -> web.StreamResponse:
            await asyncio.sleep(0.1)
            ended.set()
            return web.Response()

        async with serving(work, tmp_path / "s"):
            _, writer = await asyncio.open_unix_connection(str(tmp_path / "s"))
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await asyncio.sleep(0.03)
            writer.close()
            await asyncio.wait_for(ended.wait(), 3)

    run(scenario())


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: x\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n folded: y\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
    ],
)
def test_what_two_parsers_could_read_differently_is_refused(run, tmp_path, request_bytes) -> None:
    async def scenario() -> None:
        async def reached(request: web.BaseRequest) -> web.StreamResponse:
            return web.Response(body=await read_body(request))

        async with serving(reached, tmp_path / "s"):
            answer = await exchange(tmp_path / "s", request_bytes)
            assert answer.startswith(b"HTTP/1.1 400") or answer.startswith(b"HTTP/1.0 400"), answer
            assert b"application/json" in answer
            assert b'{"message":' in answer

    run(scenario())


def test_no_descriptor_is_left_behind(run, tmp_path) -> None:
    async def scenario() -> None:
        async with serving(echo, tmp_path / "s"):
            before = len(os.listdir("/proc/self/fd"))
            for _ in range(30):
                assert await exchange(tmp_path / "s", ATTACH + b"x") == HEAD + b"X"
            await asyncio.sleep(0.05)
            assert len(os.listdir("/proc/self/fd")) <= before + 1

    run(scenario())
