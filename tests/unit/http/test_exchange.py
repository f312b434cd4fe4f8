"""One request on one connection, against a server that says what a test wants."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from wherry.http.exchange import Failed, Target, ask, connect, head, whole

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@asynccontextmanager
async def saying(*pieces: bytes, got: list[bytes] | None = None, keep_open: bool = False) -> AsyncIterator[Target]:
    """A server that reads a request's head, and then says that, whatever it was."""
    done = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            read = await reader.readuntil(b"\r\n\r\n")
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)
            if keep_open:
                await done.wait()
            elif got is not None:
                got.append(read + await reader.read())
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield Target("127.0.0.1", server.sockets[0].getsockname()[1])
    finally:
        done.set()
        server.close()
        await server.wait_closed()


async def asked(target: Target, method: str = "GET") -> tuple[int, bytes]:
    wire = await connect(target)
    try:
        await ask(wire, method, "/x", [("Host", "h")])
        found = await head(wire)
        return found.status, await whole(wire, found, method, 1 << 20)
    finally:
        wire.close()


@pytest.mark.parametrize(
    ("pieces", "wanted"),
    [
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", b"lo and more"), (200, b"hello")),
        ((b"HTTP/1.1 404 Not Found\r\n\r\nall there", b" is"), (404, b"all there is")),
        ((CHUNKED + b"3;x=y\r\nhel\r\n2", b"\r\nlo\r\n0\r\nT: 1\r\n\r\n"), (200, b"hello")),
        ((b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",), (204, b"")),
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",), (200, b"")),
    ],
)  # fmt: skip
async def test_answers_are_read_as_they_say_they_are(pieces: tuple[bytes, ...], wanted: tuple[int, bytes]) -> None:
    async with saying(*pieces) as target:
        assert await asked(target) == wanted


async def test_the_answer_to_a_head_request_has_no_body() -> None:
    async with saying(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", keep_open=True) as target:
        assert await asked(target, "HEAD") == (200, b"")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b"", "closed without an answer"),
        (b"HTTP/1.1 200 OK\r\nContent-", "closed without an answer"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "no HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", "2 bytes are missing"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "broke off"),
        (CHUNKED + b"5\r\nhel", "middle of a chunk"),
        (CHUNKED + b"xyz\r\n", "not the size of a chunk"),
        (CHUNKED + b"3\r\nhello\r\n", "longer than it says"),
        (CHUNKED + b"" + b"1" * 5000 + b"\r\n", "too long"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000, "65536 bytes"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n", "65536 bytes"),
    ],
)
async def test_answers_that_break_off_or_make_no_sense_are_failures(said: bytes, why: str) -> None:
    async with saying(said) as target:
        with pytest.raises(Failed, match=why):
            await asked(target)


async def test_no_more_is_read_than_is_wanted() -> None:
    endless = b"HTTP/1.1 200 OK\r\n\r\n" + bytes(1 << 20)
    async with saying(endless, keep_open=True) as target:
        wire = await connect(target)
        await ask(wire, "GET", "/", [])
        assert len(await whole(wire, await head(wire), "GET", 1000)) == 1000
        wire.abort()


async def test_nobody_there_is_a_failure_with_the_address_in_it() -> None:
    async with saying() as target:
        pass
    with pytest.raises(Failed, match=rf"dial tcp 127.0.0.1:{target.port}: connect: "):
        await connect(target)
    assert str(Target("::1", 5)) == "[::1]:5"


async def test_a_server_without_tls_is_a_failure_of_tls() -> None:
    import ssl

    async with saying(b"HTTP/1.1 400 Bad Request\r\n\r\n") as target:
        with pytest.raises(Failed):
            await connect(Target(target.host, target.port, ssl.create_default_context()))


async def pieces(*all: bytes) -> AsyncIterator[bytes]:
    for each in all:
        yield each


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ([], b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"),
        ([("Content-Length", "5")], b"Content-Length: 5\r\n\r\nabcde"),
    ],
)
async def test_a_body_goes_with_the_request(fields: list[tuple[str, str]], wanted: bytes) -> None:
    got: list[bytes] = []
    async with saying(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", got=got) as target:
        wire = await connect(target)
        await ask(wire, "PUT", "/y", fields, pieces(b"abc", b"", b"de"))
        assert (await head(wire)).status == 200
        wire.end()
        assert await wire.read() == b""  # it has read all, and closes
        wire.close()
    assert got == [b"PUT /y HTTP/1.1\r\n" + wanted]


async def test_a_server_that_closes_while_it_is_told_is_a_failure() -> None:
    async def close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    server = await asyncio.start_server(close, "127.0.0.1", 0)
    wire = await connect(Target("127.0.0.1", server.sockets[0].getsockname()[1]))
    much: Callable[[], AsyncIterator[bytes]] = lambda: pieces(*[bytes(1 << 20)] * 64)  # noqa: E731
    with pytest.raises(Failed):
        await ask(wire, "PUT", "/", [], much())
    wire.close()
    server.close()
