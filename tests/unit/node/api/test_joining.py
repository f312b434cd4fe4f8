"""One forwarded connection: bytes both ways, and every way to end."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from tests.unit.node.api.localruntime import LocalRuntime
from wherry.kit.errors import Unavailable
from wherry.kube.client.clock import SystemClock
from wherry.node.api.joining import Client, Ports, joined

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def port(serve: Serve) -> AsyncIterator[int]:
    """Of a server of this machine."""

    async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(closing, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.write(b".")


def ports() -> Ports:
    return Ports("p, uid u", lambda number: LocalRuntime(SystemClock()).connect("s", number))


class Stream:
    """A client's: what it says, what it hears."""

    def __init__(self, *said: bytes | None) -> None:
        self.said: asyncio.Queue[bytes | None] = asyncio.Queue()
        for each in said:
            self.said.put_nowait(each)
        self.heard = b""
        self.finished = False

    async def read(self) -> bytes:
        """None: it has gone."""
        data = await self.said.get()
        if data is None:
            raise ConnectionResetError("gone")
        return data

    async def write(self, data: bytes) -> None:
        self.heard += data

    async def finish(self) -> None:
        self.finished = True

    @property
    def client(self) -> Client:
        return Client(self.read, self.write, self.finish)


async def lead(stream: Stream, number: int) -> None:
    wire = await ports().open(number)
    await asyncio.wait_for(joined(stream.client, wire), 60)
    wire.close()


async def test_the_clients_end_is_told_and_the_pod_goes_on() -> None:
    async with port(echo) as number:
        stream = Stream(b"a", b"b", b"")
        await lead(stream, number)
        assert stream.heard == b"ab." and stream.finished


async def test_the_pods_end_is_the_end_whatever_the_client_still_says() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"no")

    async with port(hang_up) as number:
        stream = Stream(b"a")
        await lead(stream, number)
        assert stream.heard == b"no" and stream.finished


async def test_a_client_that_has_gone_is_the_end_whatever_the_pod_still_says() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with port(talk) as number:
        stream = Stream(b"a", None)
        await lead(stream, number)
        assert not stream.finished


async def test_a_pod_that_does_not_listen_is_heard_all_the_same() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(1)
        writer.write(b"too much")
        await writer.drain()

    async with port(refuse) as number:
        stream = Stream(*[bytes(1 << 16)] * 100)
        await lead(stream, number)
        assert stream.heard in (b"too much", b"")  # a reset may overtake it


async def test_nobody_at_the_port() -> None:
    with pytest.raises(Unavailable) as error:
        await ports().open(1)
    said = ports().failure(1, error.value).decode()
    assert said.startswith("error forwarding port 1 to pod p, uid u: failed to connect to localhost:1 inside")
    assert ports().failure(1, OSError("x")).endswith(b": x")
