"""Direct answers where something comes to an end: patience, the connection, the server, or the answer in a fault."""

import asyncio
import logging
import socket
from contextlib import suppress
from typing import Any

import pytest
from aiohttp import web

from tests.unit.http.conftest import render_error
from tests.unit.http.test_direct import Answering, answers, get, post, said, slow, until
from wherry.http import server as http_server
from wherry.http.connection import MAX_EARLY_BYTES
from wherry.http.direct import DirectConnection
from wherry.http.server import TcpServer, serve_tcp

BIG_BYTES = 20_000_000
"""More than the kernel takes for a client that does not read."""


def held(server: TcpServer) -> DirectConnection:
    """The one connection of a server."""
    (found,) = server._connections.connections
    assert isinstance(found, DirectConnection)
    return found


def big(*_: object) -> bytes:
    return said("x" * BIG_BYTES)


async def test_an_answer_may_take_longer_than_an_idle_client_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "KEEPALIVE_SECONDS", 0.1)
    direct = Answering()
    async with await serve_tcp(slow, "127.0.0.1", 0, render_error, direct=direct) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(get("/later"))
        await until(lambda: direct.asked)
        await asyncio.sleep(0.3)
        direct.go.set()
        assert await answers(reader) == ["later /later"]
        async with asyncio.timeout(60):
            assert await reader.read() == b""  # now it has said nothing for long
        writer.close()


async def test_a_client_that_has_not_taken_its_answer_is_not_idle() -> None:
    async with await serve_tcp(slow, "127.0.0.1", 0, render_error, direct=big) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1000)
        writer.write(get("/"))
        await until(lambda: held(server)._paused)
        connection = held(server)
        assert not connection.is_idle and not connection.may_go
        writer.write(post("/", "y"))
        assert [len(each) for each in await answers(reader, 2)] == [BIG_BYTES] * 2
        await until(lambda: connection.may_go)
        writer.close()


async def test_the_end_of_the_server_waits_for_a_client_that_is_still_reading() -> None:
    server = await serve_tcp(slow, "127.0.0.1", 0, render_error, direct=big)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1000)
    writer.write(get("/"))
    await until(lambda: held(server)._paused)
    stopping = asyncio.ensure_future(server.stop(200))
    await asyncio.sleep(0.05)
    assert not stopping.done()
    assert [len(each) for each in await answers(reader)] == [BIG_BYTES]
    async with asyncio.timeout(60):
        assert await reader.read() == b""
        await stopping
    writer.close()


async def test_the_end_of_the_server_does_not_wait_for_who_went_without_reading() -> None:
    server = await serve_tcp(slow, "127.0.0.1", 0, render_error, direct=big)
    _, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1000)
    writer.write(get("/"))
    await until(lambda: held(server)._paused)
    stopping = asyncio.ensure_future(server.stop(100))
    await asyncio.sleep(0.05)
    writer.transport.abort()
    async with asyncio.timeout(10):
        await stopping


@pytest.mark.parametrize("path", ["/direct", "/other", "/later"])
async def test_what_has_come_when_the_server_ends_is_answered(path: str) -> None:
    direct = Answering()
    direct.go.set()
    server = await serve_tcp(slow, "127.0.0.1", 0, render_error, direct=direct)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(get("/direct/1"))
    await answers(reader)
    connection = held(server)
    connection.data_received(get(path))  # its turn has not come
    async with asyncio.timeout(60):
        await server.stop(100)
        assert (await answers(reader))[0].endswith(path)
        assert await reader.read() == b""
    writer.close()


class Faults:
    """Raises what it is told to."""

    def __init__(self, error: BaseException, in_task: bool) -> None:
        self._error = error
        self._in_task = in_task

    def __call__(self, *_: object) -> Any:
        if self._in_task:
            return self._later()
        raise self._error

    async def _later(self) -> bytes:
        await asyncio.sleep(0)
        raise self._error


@pytest.mark.parametrize("in_task", [False, True])
async def test_a_fault_is_told_logged_and_ends_the_connection(caplog: pytest.LogCaptureFixture, in_task: bool) -> None:
    direct = Faults(RuntimeError("broken"), in_task)
    async with await serve_tcp(slow, "127.0.0.1", 0, render_error, direct=direct) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        with caplog.at_level(logging.ERROR):
            writer.write(get("/"))
            async with asyncio.timeout(60):
                answer = await reader.read()
        writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"HTTP/1.1 500 Internal Server Error" and b"Connection: close" in lines
    assert body == b'{"message": "internal error"}'
    assert "fault while answering a request" in caplog.text and "broken" in caplog.text


async def test_an_answer_that_is_cancelled_ends_the_connection() -> None:
    """(By what it waited for: nobody waits for ever.)"""
    direct = Faults(asyncio.CancelledError(), True)
    async with await serve_tcp(slow, "127.0.0.1", 0, render_error, direct=direct) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(get("/"))
        async with asyncio.timeout(60):
            assert await reader.read() == b""
        writer.close()


async def test_one_connections_fault_is_not_the_others(caplog: pytest.LogCaptureFixture) -> None:
    async with await serve_tcp(slow, "127.0.0.1", 0, render_error, direct=Answering()) as server:
        first, writer = await asyncio.open_connection("127.0.0.1", server.port)
        second, other = await asyncio.open_connection("127.0.0.1", server.port)
        for reader, each in ((first, writer), (second, other)):
            each.write(get("/direct"))
            await answers(reader)
        mine = writer.get_extra_info("sockname")
        one, two = server._connections.connections
        assert isinstance(one, DirectConnection) and isinstance(two, DirectConnection)
        if one.peername != mine:
            one, two = two, one
        one.data_received(get("/direct"))
        two.data_received(get("/direct"))
        one._under_way = None  # so that its turn fails
        async with asyncio.timeout(60):
            assert await first.read() == b""
            assert await answers(second) == ["direct /direct"]
        for each in (writer, other):
            each.close()
    assert "fault in a connection's turn" in caplog.text


@pytest.mark.parametrize("head", ["", "Connection: keep-alive\r\n"], ids=["closing", "going on"])
async def test_an_old_client_is_answered_in_its_own_version(head: str) -> None:
    direct = Answering()
    async with await serve_tcp(slow, "127.0.0.1", 0, render_error, direct=direct) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(f"GET /direct HTTP/1.0\r\n{head}\r\n".encode())
        async with asyncio.timeout(60):
            answer = (await reader.readuntil(b"\r\n\r\n")).decode()
        assert answer.startswith("HTTP/1.0 200 ") and ("Connection: keep-alive" in answer) == bool(head)
        assert direct.asked == []
        writer.close()


async def test_a_body_of_very_many_pieces_leaves_the_next_one_whole() -> None:
    """At so many aiohttp stops reading, here when all has come: the next body stops it, until what came is read."""

    async def patient(request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(0.2)
        return web.Response(body=str(len(await request.read())).encode())

    pieces = 16_385
    async with await serve_tcp(patient, "127.0.0.1", 0, render_error, direct=lambda *_: None) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        start = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        writer.write(start + b"1\r\nx\r\n" * pieces + b"0\r\n\r\n")
        assert await answers(reader) == [str(pieces)]
        writer.write(post("/", "body"))
        assert await answers(reader) == ["4"]
        writer.close()


@pytest.mark.parametrize("first", ["/direct", "/other"])
async def test_nothing_is_read_behind_an_upgrade_that_came_behind_another_request(first: str) -> None:
    """aiohttp's parser loses what came with it: the rest of that would be taken for a request of its own."""
    async with await serve_tcp(slow, "127.0.0.1", 0, render_error, direct=Answering()) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        third = post("/other/3", get("/hidden").decode())
        writer.write(get(first) + get("/other/2", "Upgrade: h2c\r\nConnection: Upgrade\r\n") + third[:-60])
        assert (await answers(reader, 2))[1] == "slow /other/2"
        writer.write(third[-60:])
        async with asyncio.timeout(60):
            assert await reader.read() == b""
        writer.close()


@pytest.mark.parametrize("rest", [b"", b"GET /cut HTT"], ids=["whole", "cut"])
@pytest.mark.parametrize(
    "kinds", ["later", "other", "later direct", "later other", "other direct", "later later other"]
)
async def test_all_that_was_asked_before_the_client_ended_its_side_is_answered(kinds: str, rest: bytes) -> None:
    direct = Answering()
    async with await serve_tcp(slow, "127.0.0.1", 0, render_error, direct=direct) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        paths = [f"/{kind}/{number}" for number, kind in enumerate(kinds.split() * 2)]
        writer.write(get(paths[0]))
        await asyncio.sleep(0.005)
        writer.write(b"".join(get(path) for path in paths[1:]) + rest)
        writer.write_eof()
        await asyncio.sleep(0.02)
        direct.go.set()
        assert [each.split()[1] for each in await answers(reader, len(paths))] == paths
        async with asyncio.timeout(60):
            assert await reader.read() == b""
        writer.close()


async def test_what_is_no_request_takes_none_with_it_that_came_before() -> None:
    direct = Answering()
    async with await serve_tcp(slow, "127.0.0.1", 0, render_error, direct=direct) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(get("/later/1"))
        await until(lambda: direct.asked)
        for piece in (get("/direct/2"), get("/other/3"), b"{}\r\n\r\n"):
            writer.write(piece)
            await asyncio.sleep(0.005)
        direct.go.set()
        assert [each.split()[1] for each in await answers(reader, 3)] == ["/later/1", "/direct/2", "/other/3"]
        async with asyncio.timeout(60):
            assert b" 400 " in await reader.readline()
        writer.close()


async def test_very_many_requests_are_answered_and_no_more_kept_than_a_few() -> None:
    direct = Answering()
    count = 6000

    async def swift(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=request.raw_path.encode())

    async with await serve_tcp(swift, "127.0.0.1", 0, render_error, direct=direct) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(get("/later"))
        await until(lambda: direct.asked)
        for number in range(count):
            writer.write(get(f"/direct/{number}"))
            await asyncio.sleep(0)
        await until(lambda: held(server)._is_full)
        most = 0

        def watched(*arguments: Any) -> Any:
            nonlocal most
            most = max(most, held(server)._behind_bytes)
            return Answering.__call__(direct, *arguments)

        held(server)._direct = watched
        direct.go.set()
        assert await answers(reader, 1) == ["later /later"]
        for number in range(count):
            assert (await answers(reader))[0].endswith(f"/direct/{number}")
        assert most < 4 * MAX_EARLY_BYTES
        writer.close()


async def test_who_waits_for_an_answer_is_not_let_go_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "most_connections", lambda: 2)
    direct = Answering()
    async with await serve_tcp(slow, "127.0.0.1", 0, render_error, direct=direct) as server:
        waits, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(get("/later"))
        await until(lambda: direct.asked)
        idle, second = await asyncio.open_connection("127.0.0.1", server.port)
        second.write(get("/direct"))
        await answers(idle)  # it came last, and goes first
        new, third = await asyncio.open_connection("127.0.0.1", server.port)
        third.write(get("/direct"))
        await answers(new)
        async with asyncio.timeout(60):
            with suppress(ConnectionResetError):
                assert await idle.read() == b""
        direct.go.set()
        assert await answers(waits) == ["later /later"]
        for each in (writer, second, third):
            each.close()


@pytest.mark.parametrize("size", [0, MAX_EARLY_BYTES * 3], ids=["small", "large"])
async def test_what_comes_behind_an_upgrade_that_is_declined_is_requests(size: int) -> None:
    body = "z" * size
    async with await serve_tcp(slow, "127.0.0.1", 0, render_error, direct=Answering()) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        upgrade = get("/direct/1", "Upgrade: h2c\r\nConnection: Upgrade\r\n")
        writer.write(upgrade + post("/other/2", body) + get("/other/3"))
        assert await answers(reader, 3) == ["slow /direct/1", f"slow /other/2{body}", "slow /other/3"]
        writer.write(get("/direct/4"))
        assert await answers(reader) == ["direct /direct/4"]
        writer.close()
