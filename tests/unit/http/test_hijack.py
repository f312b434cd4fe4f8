"""The raw socket of a client: nothing of what it sent is lost, nothing of ours stays on it."""

import asyncio
import os
import socket

import pytest
from aiohttp import web

from tests.descriptors import open_descriptors
from tests.unit.http.conftest import exchange, serving
from wherry.http.body import read_body
from wherry.http.hijack import TakenOver, hijack

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
    taken = await hijack(request, HEAD, read=True)

    def talk() -> None:
        with socket.socket(fileno=taken.fd) as sock:
            sock.setblocking(True)
            sock.sendall(taken.early.upper())
            while data := sock.recv(65536):
                sock.sendall(data.upper())
            sock.sendall(body)

    await asyncio.to_thread(talk)
    return TakenOver()


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


def test_no_descriptor_is_left_behind(run, tmp_path) -> None:
    async def scenario() -> None:
        async with serving(echo, tmp_path / "s"):
            before = open_descriptors()
            for _ in range(30):
                assert await exchange(tmp_path / "s", ATTACH + b"x") == HEAD + b"X"
            await asyncio.sleep(0.05)
            assert open_descriptors() <= before + 1

    run(scenario())


def test_nothing_comes_before_the_client_has_read_the_head(run, tmp_path) -> None:
    """Else a client that reads through a buffer takes it for more of the head, and loses it."""

    async def scenario() -> None:
        async with serving(echo, tmp_path / "s"):
            client = socket.socket(socket.AF_UNIX)
            client.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(client, str(tmp_path / "s"))
            await loop.sock_sendall(client, ATTACH + b"early")
            await asyncio.sleep(0.2)
            assert await loop.sock_recv(client, 65536) == HEAD
            assert await loop.sock_recv(client, 65536) == b"EARLY"
            client.close()
            await asyncio.sleep(0.05)

    run(scenario())


def test_nothing_comes_between_the_head_and_what_its_sender_does_next(run, tmp_path) -> None:
    """A client starts the container as soon as it has read the head: its streams must be attached by then."""
    order: list[str] = []

    async def attach(request: web.BaseRequest) -> web.StreamResponse:
        await read_body(request)
        asyncio.get_running_loop().call_soon(order.append, "another request")
        taken = await hijack(request, HEAD, read=False)
        order.append("attached")
        os.close(taken.fd)
        return TakenOver()

    async def scenario() -> None:
        async with serving(attach, tmp_path / "s"):
            assert await exchange(tmp_path / "s", ATTACH) == HEAD
            assert order == ["attached", "another request"]

    run(scenario())
