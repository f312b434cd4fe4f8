"""Half-closed clients, lost clients, declined upgrades, and requests that are none."""

import asyncio
from contextlib import suppress

import pytest
from aiohttp import web

from tests.unit.http.conftest import exchange, render_error, serving
from wherry.http.body import read_body
from wherry.http.connection import MOST_HEAD_BYTES, Connection
from wherry.http.server import serve_tcp
from wherry.http.streams import Stream, connection_of

ATTACH = b"POST /attach HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n\r\n"


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
            await asyncio.wait_for(ended.wait(), 60)

    run(scenario())


def test_other_handlers_run_to_their_end(run, tmp_path) -> None:
    async def scenario() -> None:
        begun, ended = asyncio.Event(), asyncio.Event()

        async def work(request: web.BaseRequest) -> web.StreamResponse:
            begun.set()
            await asyncio.sleep(0.1)
            ended.set()
            return web.Response()

        async with serving(work, tmp_path / "s"):
            _, writer = await asyncio.open_unix_connection(str(tmp_path / "s"))
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await begun.wait()
            writer.close()
            await asyncio.wait_for(ended.wait(), 60)

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


@pytest.mark.parametrize("hello", [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\x00", b"{"])
def test_a_client_of_another_protocol_hears_so_at_once(run, tmp_path, hello) -> None:
    async def scenario() -> None:
        async def reached(request: web.BaseRequest) -> web.StreamResponse:
            return web.Response()

        async with serving(reached, tmp_path / "s"):
            reader, writer = await asyncio.open_unix_connection(str(tmp_path / "s"))
            writer.write(hello)  # and no end of a head
            assert (await reader.readline()).startswith(b"HTTP/1.0 400")
            writer.close()

    run(scenario())


def test_a_body_that_breaks_off_ends_its_handler(run) -> None:
    async def scenario() -> None:
        begun, broken = asyncio.Event(), asyncio.Event()

        async def read(request: web.BaseRequest) -> web.StreamResponse:
            begun.set()
            try:
                return web.Response(body=await read_body(request))
            except ConnectionError:
                broken.set()
                raise

        async with await serve_tcp(read, "127.0.0.1", 0, render_error) as server:
            _, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhel")
            await asyncio.wait_for(begun.wait(), 60)
            writer.close()
            await asyncio.wait_for(broken.wait(), 60)

    run(scenario())


@pytest.mark.parametrize("broken", [b"5;\n\r\nhello", b"x\r\n", b"1\r\nab\r\n0\r\n\r\n", b"0\r\nno trailer\r\n\r\n"])
def test_a_body_that_is_none_is_not_waited_for(run, broken) -> None:
    async def scenario() -> None:
        begun = asyncio.Event()

        async def answer(request: web.BaseRequest) -> web.StreamResponse:
            begun.set()
            return web.Response(body=await read_body(request))

        async with await serve_tcp(answer, "127.0.0.1", 0, render_error) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n")
            await begun.wait()
            writer.write(broken + b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            said = await reader.read()
            assert said.startswith(b"HTTP/1.1 400 ") and said.count(b"HTTP/1.") == 1, said
            assert b'{"message":' in said
            writer.close()

    run(scenario())


def test_a_body_that_is_none_before_its_handler_has_begun(run) -> None:
    async def scenario() -> None:
        async def answer(request: web.BaseRequest) -> web.StreamResponse:
            return web.Response(body=await read_body(request))

        async with await serve_tcp(answer, "127.0.0.1", 0, render_error) as server:
            head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            for number in range(4):
                reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
                while not server._connections.connections:  # noqa: ASYNC110
                    await asyncio.sleep(0)
                (connection,) = server._connections.connections
                assert isinstance(connection, Connection)
                connection.data_received(head)
                for _ in range(number):  # turns of the loop: what handles it begins in one of them
                    await asyncio.sleep(0)
                connection.data_received(b"x\r\n")
                said = await reader.read()
                assert said.startswith((b"HTTP/1.1 400 ", b"HTTP/1.0 400 ")) and said.count(b"HTTP/1.") == 1, said
                writer.close()
                while server._connections.connections:  # noqa: ASYNC110
                    await asyncio.sleep(0)

    run(scenario())


def test_a_head_of_many_lines_has_an_end(run) -> None:
    async def scenario() -> None:
        async def reached(request: web.BaseRequest) -> web.StreamResponse:
            return web.Response(body=f"{len(request.headers)}".encode())

        async with await serve_tcp(reached, "127.0.0.1", 0, render_error) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)

            async def ask(lines: int) -> None:
                writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n")
                for number in range(lines):
                    writer.write(b"X-%d: %b\r\n" % (number, b"x" * 60_000))
                    await writer.drain()
                    await asyncio.sleep(0.001)
                writer.write(b"\r\n")

            for lines in (3, 3):
                await ask(lines)
                assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
                assert await reader.readexactly(1) == b"%d" % (lines + 1)
            said = b""
            with suppress(ConnectionError, RuntimeError):  # it is hung up on while it goes on sending
                await ask(3 * MOST_HEAD_BYTES // 60_000)
                said = await reader.read()
            assert b" 200 " not in said
            writer.close()

    run(scenario())


@pytest.mark.parametrize(
    ("coding", "answer"),
    [("chunked", b" 200 "), ("Chunked", b" 200 "), ("gzip, chunked", b" 501 "), ("identity,chunked", b" 501 ")],
)
def test_a_body_that_is_more_than_chunks_is_refused(run, tmp_path, coding: str, answer: bytes) -> None:
    """And what is behind it with it: nobody can tell where it ends."""
    seen: list[bytes] = []

    async def scenario() -> None:
        async def take(request: web.BaseRequest) -> web.StreamResponse:
            seen.append(await read_body(request))
            return web.Response(body=b"taken")

        head = f"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: {coding}\r\n\r\n".encode()
        async with serving(take, tmp_path / "s"):
            got = await exchange(tmp_path / "s", head + b"3\r\nabc\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert answer in got.split(b"\r\n")[0], got
            assert (b"Unsupported transfer encoding" in got) == (answer == b" 501 ")
            assert got.count(b"HTTP/1.1") == (1 if answer == b" 501 " else 2)

    run(scenario())
    assert seen == ([] if answer == b" 501 " else [b"abc", b""])
