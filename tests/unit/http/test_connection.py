"""Half-closed clients, lost clients, declined upgrades, quick answers, and requests that are none."""

import asyncio
import re

import pytest
from aiohttp import web
from aiohttp.http_parser import RawRequestMessage

from tests.unit.http.conftest import ask_and_never_read, exchange, render_error, serving
from wherry.http import server as http_server
from wherry.http.body import read_body
from wherry.http.connection import Connection, Quick
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
            await asyncio.wait_for(begun.wait(), 10)
            writer.close()
            await asyncio.wait_for(broken.wait(), 10)

    run(scenario())


def quick_of(asked: list[str]) -> Quick:
    """Answers what lies below /quick."""

    def quick(message: RawRequestMessage, connection: Connection) -> bytes | None:
        asked.append(message.path)
        if not message.path.startswith("/quick"):
            return None
        body = f"quick {message.path}".encode()
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)

    return quick


async def slow(request: web.BaseRequest) -> web.StreamResponse:
    """Answers everything, a little later."""
    await asyncio.sleep(0.01)
    return web.Response(body=f"slow {request.raw_path}".encode() + await read_body(request))


async def answers(reader: asyncio.StreamReader, count: int) -> list[bytes]:
    found = []
    for _ in range(count):
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"Content-Length: (\d+)", head)
        assert length is not None
        found.append(await reader.readexactly(int(length[1])))
    return found


def test_what_needs_no_waiting_is_answered_where_it_is_read(run) -> None:
    async def scenario() -> None:
        asked: list[str] = []
        async with await serve_tcp(slow, "127.0.0.1", 0, render_error, quick=quick_of(asked)) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            for path in ("/quick/1", "/other/2", "/quick/3", "/quick/4", "/other/5"):
                writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                kind = "quick" if path.startswith("/quick") else "slow"
                assert await answers(reader, 1) == [f"{kind} {path}".encode()]
            assert asked == ["/quick/1", "/other/2", "/quick/3", "/quick/4", "/other/5"]
            writer.close()

    run(scenario())


def test_requests_that_come_together_are_answered_in_order(run) -> None:
    async def scenario() -> None:
        async with await serve_tcp(slow, "127.0.0.1", 0, render_error, quick=quick_of([])) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            paths = ["/other/1", "/quick/2", "/quick/3", "/other/4"]
            for start in (0, 1, 2):
                writer.write(b"".join(f"GET {each} HTTP/1.1\r\nHost: x\r\n\r\n".encode() for each in paths[start:]))
                found = await answers(reader, len(paths[start:]))
                assert [each.decode().split()[1] for each in found] == paths[start:]
            writer.write(b"GET /other/1 HTTP/1.1\r\nHost: x\r\n\r\n")
            await asyncio.sleep(0.002)  # the first is being answered when the second comes
            writer.write(b"GET /quick/2 HTTP/1.1\r\nHost: x\r\n\r\n")
            assert await answers(reader, 2) == [b"slow /other/1", b"slow /quick/2"]
            writer.close()

    run(scenario())


@pytest.mark.parametrize(
    "head",
    [b"Connection: close\r\n", b"Content-Length: 2\r\n", b"Upgrade: tcp\r\nConnection: Upgrade\r\n"],
    ids=["closing", "with a body", "upgrade"],
)
def test_what_is_not_plain_is_for_the_handler(run, head) -> None:
    async def scenario() -> None:
        asked: list[str] = []
        async with await serve_tcp(slow, "127.0.0.1", 0, render_error, quick=quick_of(asked)) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(b"GET /quick HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n")
            if b"Length" in head:
                writer.write(b"ab")
            assert (await answers(reader, 1))[0].startswith(b"slow /quick")
            assert asked == []
            writer.close()

    run(scenario())


def test_bytes_in_pieces_and_bytes_that_are_no_request(run) -> None:
    async def scenario() -> None:
        async with await serve_tcp(slow, "127.0.0.1", 0, render_error, quick=quick_of([])) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            for piece in (b"GET /qui", b"ck HTTP/1.1\r\nHo", b"st: x\r\n\r", b"\n"):
                writer.write(piece)
                await asyncio.sleep(0.01)
            assert await answers(reader, 1) == [b"quick /quick"]
            writer.write(b"GET /quick HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n")
            assert (await reader.readuntil(b"\r\n")).startswith((b"HTTP/1.0 400 ", b"HTTP/1.1 400 "))
            writer.close()

    run(scenario())


def test_a_client_that_reads_nothing_does_not_fill_the_memory(run) -> None:
    async def scenario() -> None:
        made = 0

        def quick(message: RawRequestMessage, connection: Connection) -> bytes | None:
            nonlocal made
            made += 1
            return b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1_000_000

        async def stuck(request: web.BaseRequest) -> web.StreamResponse:
            return web.Response(body=b"y" * 1_000_000)

        async with await serve_tcp(stuck, "127.0.0.1", 0, render_error, quick=quick) as server:
            await ask_and_never_read(server.port, 100)
            assert made < 50

    run(scenario())


def test_a_quick_client_that_says_no_more_is_let_go(run, monkeypatch) -> None:
    async def scenario() -> None:
        monkeypatch.setattr(http_server, "KEEPALIVE_SECONDS", 0.3)
        async with await serve_tcp(slow, "127.0.0.1", 0, render_error, quick=quick_of([])) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            for _ in range(3):
                writer.write(b"GET /quick HTTP/1.1\r\nHost: x\r\n\r\n")
                assert await answers(reader, 1) == [b"quick /quick"]
                await asyncio.sleep(0.15)
            assert await reader.read() == b""
            writer.close()

    run(scenario())
