"""The listening socket, its stop, and what happens to requests then."""

import asyncio
import grp
import os
import stat
from contextlib import suppress
from pathlib import Path

import pytest
from aiohttp import web

from tests.unit.http.conftest import serving
from wherry.http import server as http_server
from wherry.http.server import serve_tcp, serve_unix
from wherry.http.streams import Stream, connection_of
from wherry.kit.errors import Conflict, Invalid

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def answer(request: web.BaseRequest) -> web.StreamResponse:
    return web.Response(body=b"ok")


def test_the_socket_has_its_mode_from_the_beginning(run, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(answer, tmp_path / "s"):
            assert stat.S_IMODE((tmp_path / "s").stat().st_mode) == 0o660
            assert [path.name for path in tmp_path.iterdir()] == ["s"]
        assert not (tmp_path / "s").exists()

    run(scenario())


def test_the_socket_is_of_the_group_asked_for_where_there_is_one(run, tmp_path: Path) -> None:
    async def scenario() -> None:
        mine = grp.getgrgid(os.getgid()).gr_name
        for name, expected in ((mine, os.getgid()), ("no-such-group", 0), ("", 0)):
            async with await serve_unix(answer, tmp_path / "s", lambda *_: web.Response(), name):
                assert (tmp_path / "s").stat().st_gid == expected

    run(scenario())


def test_a_dead_server_s_socket_is_replaced(run, tmp_path: Path) -> None:
    async def scenario() -> None:
        (tmp_path / "s").touch()
        async with serving(answer, tmp_path / "s"):
            reader, writer = await asyncio.open_unix_connection(str(tmp_path / "s"))
            writer.write(GET)
            assert b"200 OK" in await reader.readline()
            writer.close()

    run(scenario())


def test_a_path_the_kernel_cannot_take_is_refused(run, tmp_path: Path) -> None:
    async def scenario() -> None:
        with pytest.raises(Invalid, match="socket path is too long"):
            await serve_unix(answer, tmp_path / ("x" * 100), lambda status, message: web.Response())

    run(scenario())


def test_stopping_ends_streams_and_lets_requests_finish(run, tmp_path: Path) -> None:
    async def scenario() -> None:
        async def handler(request: web.BaseRequest) -> web.StreamResponse:
            begun.append(request.path)
            if request.path == "/work":
                await asyncio.sleep(0.2)
                return web.Response(body=b"done")
            stream = await Stream.open(request, "text/plain")
            with connection_of(request).cancelled_by_loss():
                await asyncio.sleep(600)
            return stream.response

        begun: list[str] = []
        async with serving(handler, tmp_path / "s") as server:
            clients = [await asyncio.open_unix_connection(str(tmp_path / "s")) for _ in range(3)]
            clients[0][1].write(GET)
            clients[1][1].write(GET.replace(b"/ ", b"/work "))
            async with asyncio.timeout(50):
                while len(begun) < 2:  # noqa: ASYNC110
                    await asyncio.sleep(0.005)
                await server.stop(300)
            assert (await clients[1][0].read()).endswith(b"done")
            assert b"200 OK" in await clients[0][0].read()
            assert await clients[2][0].read() == b""
            for _, writer in clients:
                writer.close()

    run(scenario())


def test_a_port_answers_and_says_which_it_is(run) -> None:
    async def scenario() -> None:
        async with await serve_tcp(answer, "127.0.0.1", 0, lambda *_: web.Response()) as server:
            assert server.host == "127.0.0.1"
            reader, writer = await asyncio.open_connection(server.host, server.port)
            for _ in range(2):
                writer.write(GET)
                await reader.readuntil(b"ok")
            writer.close()

    run(scenario())


def test_a_port_that_cannot_be_had_is_told_with_what_to_do(run) -> None:
    async def scenario() -> None:
        async with await serve_tcp(answer, "127.0.0.1", 0, lambda *_: web.Response()) as server:
            with pytest.raises(Conflict, match=f"127.0.0.1:{server.port}: another program listens there already"):
                await serve_tcp(answer, "127.0.0.1", server.port, lambda *_: web.Response())
        with pytest.raises(Invalid, match=r"cannot listen on 192\.0\.2\.1:0"):  # TEST-NET-1, RFC 5737
            await serve_tcp(answer, "192.0.2.1", 0, lambda *_: web.Response())

    run(scenario())


def test_a_client_that_says_nothing_is_let_go(run, monkeypatch) -> None:
    async def scenario() -> None:
        monkeypatch.setattr(http_server, "HEAD_SECONDS", 0.05)
        async with await serve_tcp(answer, "127.0.0.1", 0, lambda *_: web.Response()) as server:
            for said in (b"", b"GET / HT"):
                reader, writer = await asyncio.open_connection(server.host, server.port)
                writer.write(said)
                with suppress(ConnectionError):
                    assert await asyncio.wait_for(reader.read(), 60) == b""
                writer.close()

    run(scenario())


def test_beyond_so_many_connections_the_idle_ones_go(run, monkeypatch) -> None:
    """Who has been idle longest first, whether it has ever asked for anything or not; new ones are always let in."""

    async def scenario() -> None:
        monkeypatch.setattr(http_server, "most_connections", lambda: 2)
        async with await serve_tcp(answer, "127.0.0.1", 0, lambda *_: web.Response()) as server:

            async def connect(request: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
                reader, writer = await asyncio.open_connection(server.host, server.port)
                writer.write(request)
                if request:
                    await asyncio.wait_for(reader.readuntil(b"ok"), 60)
                return reader, writer

            async def is_gone(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                with suppress(ConnectionError):
                    assert await asyncio.wait_for(reader.read(), 60) == b""
                writer.close()

            first, silent = await connect(GET), await connect(b"")
            third = await connect(GET)
            await is_gone(*first)
            fourth = await connect(GET)
            await is_gone(*silent)
            for reader, writer in (third, fourth):
                writer.write(GET)
                await asyncio.wait_for(reader.readuntil(b"ok"), 60)
                writer.close()

    run(scenario())
