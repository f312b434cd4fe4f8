"""The relays, on loopback sockets."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from typing import cast

import pytest

from wherry.engine.networks.model import Publication
from wherry.engine.networks.proxy import TcpRelay, UdpRelay, hold


@pytest.fixture
async def shouting() -> AsyncIterator[int]:
    """The port of a server that answers in capitals when its client has said everything."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write((await reader.read()).upper())
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def listening() -> socket.socket:
    bound = socket.create_server(("127.0.0.1", 0))
    bound.setblocking(False)
    return bound


async def test_both_directions_are_relayed_and_half_closing_too(shouting: int) -> None:
    front = listening()
    relay = TcpRelay(front, ("127.0.0.1", shouting))
    reader, writer = await asyncio.open_connection(*front.getsockname())
    writer.write(b"a" * 1_000_000)
    writer.write_eof()
    assert await reader.read() == b"A" * 1_000_000
    writer.close()
    relay.close()


async def test_a_server_that_speaks_first_is_heard() -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    front = listening()
    relay = TcpRelay(front, server.sockets[0].getsockname())
    reader, writer = await asyncio.open_connection(*front.getsockname())
    assert await reader.read() == b"220 hello\r\n"
    writer.close()
    relay.close()
    server.close()


async def test_a_container_that_does_not_listen_ends_the_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        target = nobody.getsockname()
    front = listening()
    relay = TcpRelay(front, target)
    reader, writer = await asyncio.open_connection(*front.getsockname())
    assert await reader.read() == b""
    writer.close()
    relay.close()


async def test_closing_ends_what_is_relayed_and_gives_the_port_up(shouting: int) -> None:
    front = listening()
    address = front.getsockname()
    relay = TcpRelay(front, ("127.0.0.1", shouting))
    reader, writer = await asyncio.open_connection(*address)
    writer.write(b"x")
    while not relay.connections:  # noqa: ASYNC110 - an event would be in the relay for this test alone
        await asyncio.sleep(0)
    relay.close()
    relay.close()
    with contextlib.suppress(ConnectionResetError):
        assert await reader.read() == b""
    writer.close()
    with pytest.raises(OSError, match="Connect call failed"):
        await asyncio.open_connection(*address)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_datagrams_come_back_to_who_sent_them(address: str) -> None:
    """Whichever family their container is reached by."""
    loop = asyncio.get_running_loop()

    class Echo(asyncio.DatagramProtocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = cast(asyncio.DatagramTransport, transport)

        def datagram_received(self, data: bytes, client: tuple[str, int]) -> None:
            self.transport.sendto(data.upper(), client)

    server, _ = await loop.create_datagram_endpoint(Echo, (address, 0))
    front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    front.bind(("127.0.0.1", 0))
    front.setblocking(False)
    relay = UdpRelay(front, server.get_extra_info("sockname")[:2])
    clients = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(3)]
    for number, client in enumerate(clients):
        client.setblocking(False)
        client.sendto(b"hello %d" % number, front.getsockname())
    for number, client in enumerate(clients):
        assert await asyncio.wait_for(loop.sock_recv(client, 100), 60) == b"HELLO %d" % number
        client.close()
    relay.close()
    relay.close()
    server.close()


async def test_what_the_kernel_redirects_is_only_held() -> None:
    held = hold(Publication("udp", "127.0.0.1", 0, "10.0.0.2", 53))
    assert isinstance(held, socket.socket)
    held.close()
