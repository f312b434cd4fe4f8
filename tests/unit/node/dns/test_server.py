"""Listening, on sockets of the machine."""

import asyncio
import socket
import struct
from collections.abc import Awaitable

import pytest

from wherry.kit.errors import Conflict, Unavailable
from wherry.node.dns import server as module
from wherry.node.dns.server import Server


class Echo:
    """Says back what it gets: at once, or (what begins with ``later``) when it is let."""

    def __init__(self) -> None:
        self.let = asyncio.Event()
        self.streams: list[bool] = []

    def answer(self, data: bytes, *, is_stream: bool) -> bytes | Awaitable[bytes | None] | None:
        self.streams.append(is_stream)
        if data.startswith(b"later"):
            return self._later(data)
        if data.startswith(b"fail"):
            raise RuntimeError("a mistake of ours")
        return None if data.startswith(b"nothing") else data

    async def _later(self, data: bytes) -> bytes | None:
        await self.let.wait()
        return data


class Client(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.got: asyncio.Queue[bytes] = asyncio.Queue()

    def datagram_received(self, data: bytes, address: object) -> None:
        self.got.put_nowait(data)


async def client(port: int) -> tuple[asyncio.DatagramTransport, Client]:
    transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
        Client, remote_addr=("127.0.0.1", port)
    )
    return transport, protocol


async def test_datagrams_are_answered_in_the_order_of_their_answers() -> None:
    echo = Echo()
    server = Server(echo)
    port = await server.start("127.0.0.1", 0)
    transport, got = await client(port)
    for data in (b"later", b"nothing", b"fail", b"now"):
        transport.sendto(data)
    assert await got.got.get() == b"now"
    echo.let.set()
    assert await got.got.get() == b"later"
    assert echo.streams == [False] * 4
    transport.close()
    await server.close()
    await server.close()


async def test_a_stream_has_one_question_after_the_other() -> None:
    echo = Echo()
    echo.let.set()
    server = Server(echo)
    port = await server.start("127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for data in (b"now", b"later"):
        writer.write(struct.pack("!H", len(data)) + data)
    assert await reader.readexactly(2 + 3 + 2 + 5) == b"\0\3now\0\5later"
    writer.write(b"\0\7nothing")
    assert await reader.read() == b""
    assert echo.streams == [True] * 3
    writer.close()
    await server.close()


async def test_streams_that_break_off_or_say_nothing_are_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "IDLE_SECONDS", 0.05)
    server = Server(Echo())
    port = await server.start("127.0.0.1", 0)
    reader, silent = await asyncio.open_connection("127.0.0.1", port)
    _, broken = await asyncio.open_connection("127.0.0.1", port)
    broken.write(b"\0\x20abc")
    broken.close()
    assert await reader.read() == b""
    silent.close()
    await server.close()


async def test_there_are_no_more_streams_than_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_STREAMS", 1)
    server = Server(Echo())
    port = await server.start("127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"\0\1a")
    assert await reader.readexactly(3) == b"\0\1a"
    other, second = await asyncio.open_connection("127.0.0.1", port)
    assert await other.read() == b""
    for each in (writer, second):
        each.close()
    await server.close()


async def test_what_waits_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_PENDING", 3)
    echo = Echo()
    server = Server(echo)
    port = await server.start("127.0.0.1", 0)
    transport, got = await client(port)
    for number in range(5):
        transport.sendto(b"later" + bytes((number,)))
    transport.sendto(b"now")
    assert await got.got.get() == b"now"
    assert len(server.pending) == 3
    echo.let.set()
    assert [await got.got.get() for _ in range(3)] == [b"later" + bytes((number,)) for number in range(3)]
    transport.close()
    await server.close()


async def test_a_port_that_somebody_has_is_a_conflict() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(Conflict, match="another program"):
            await Server(Echo()).start("127.0.0.1", taken.getsockname()[1])


async def test_a_free_port_is_free_for_both_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        unlucky = [taken.getsockname()[1]] * 2

        class Chosen(socket.socket):
            """The kernel gives datagrams a port that is somebody's for streams."""

            def bind(self, address: object) -> None:
                if self.type == socket.SOCK_DGRAM and address == ("127.0.0.1", 0) and unlucky:
                    address = ("127.0.0.1", unlucky.pop())
                super().bind(address)

        monkeypatch.setattr(module.socket, "socket", Chosen)
        server = Server(Echo())
        assert await server.start("127.0.0.1", 0) != taken.getsockname()[1]
        assert not unlucky
        await server.close()


async def test_an_address_that_is_not_there_yet_will_do() -> None:
    server = Server(Echo())
    assert await server.start("192.0.2.77", 0)
    await server.close()
    with pytest.raises(Unavailable):
        await server.start("not an address", 0)


async def test_both_families_are_served() -> None:
    server = Server(Echo())
    port = await server.start("::1", 0)
    reader, writer = await asyncio.open_connection("::1", port)
    writer.write(b"\0\1a")
    assert await reader.readexactly(3) == b"\0\1a"
    writer.close()
    await server.close()
