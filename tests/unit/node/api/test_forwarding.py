"""Ports of a pod by SPDY: in the open, and in a WebSocket as kubectl from 1.31 on has it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from tests.unit.node.api.clients import spdy, upgraded, websocket, whole
from tests.unit.node.api.rig import Rig, settled
from tests.unit.node.api.test_joining import echo, port
from wherry.http import duplex
from wherry.http.spdy.session import Session, Stream

pytestmark = [
    pytest.mark.parametrize("api", [False, True], ids=["node", "through"]),
    pytest.mark.parametrize("tunnel", [False, True], ids=["open", "tunnel"]),
]
TUNNEL, VERSION = "SPDY/3.1+portforward.k8s.io", ("X-Stream-Protocol-Version", "portforward.k8s.io")


class Messages:
    """A client's end of a tunnel."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    async def read(self) -> bytes:
        message = await self._socket.receive()
        return message.data if message.type is aiohttp.WSMsgType.BINARY else b""

    async def write(self, data: bytes) -> None:
        await self._socket.send_bytes(data)


@asynccontextmanager
async def forwarding(rig: Rig, api: bool, tunnel: bool, cut: bool = False) -> AsyncIterator[Session]:
    """``cut``: at the end the connection breaks, whatever is still to be sent."""
    path = "/api/v1/namespaces/default/pods/p/portforward" if api else "/portForward/default/p"
    if tunnel:
        async with websocket(rig, path, TUNNEL, api=api) as socket:
            assert socket.protocol == TUNNEL
            async with spdy(Messages(socket)) as session:
                yield session
            if cut:
                duplex.abort(socket._response.connection.transport)  # type: ignore[union-attr, arg-type]
        return
    head, wire = await upgraded(rig, path, [VERSION], api=api)
    assert (head.status, head.get(VERSION[0].lower())) == (101, VERSION[1])
    async with spdy(wire) as session:
        yield session
    if cut:
        wire.abort()
    wire.close()


async def pair(session: Session, number: int, name: str = "0") -> tuple[Stream, Stream]:
    headers = {"port": str(number), "requestID": name}
    error = await session.open({**headers, "streamType": "error"})
    await error.finish()
    return error, await session.open({**headers, "streamType": "data"})


async def test_connections_through_to_a_port(joined: Rig, api: bool, tunnel: bool) -> None:
    content = bytes(range(256)) * 4000
    async with port(echo) as number, forwarding(joined, api, tunnel) as session:

        async def one(name: str) -> bytes:
            error, data = await pair(session, number, name)

            async def say() -> None:
                await data.write(content)
                await data.finish()

            _, back, failure = await asyncio.gather(say(), whole(data), whole(error))
            assert failure == b""
            return back

        for back in await asyncio.gather(*(one(str(name)) for name in range(5))):
            assert back == content + b"."


async def test_a_port_where_nobody_is(joined: Rig, api: bool, tunnel: bool) -> None:
    async with forwarding(joined, api, tunnel) as session:
        error, _ = await pair(session, 1)
        assert (await whole(error)).startswith(b"error forwarding port 1 to pod p, uid ")


async def test_a_connection_that_is_not_read_does_not_hold_the_others_memory(
    joined: Rig, api: bool, tunnel: bool
) -> None:
    sent = 0

    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        while True:
            writer.write(bytes(65536))
            await writer.drain()
            sent += 65536

    async with port(pour) as number, forwarding(joined, api, tunnel) as session:
        await pair(session, number)
        before = -1
        while sent == 0 or sent != before:  # until all that lies between is full
            before = sent
            await asyncio.sleep(0.5)
            assert sent < 64 << 20


async def test_when_the_client_goes_every_connection_ends(
    joined: Rig, api: bool, tunnel: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duplex, "PEER_CHECK_SECONDS", 0.05)
    ended = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal ended
        writer.write(b"here")
        await reader.read()
        ended += 1

    async with port(talk) as number:
        async with forwarding(joined, api, tunnel) as session:
            for name in range(3):
                _, data = await pair(session, number, str(name))
                assert await data.read() == b"here"
        await settled(lambda: ended == 3)


async def test_a_client_that_goes_while_the_pod_does_not_read_is_noticed(
    joined: Rig, api: bool, tunnel: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duplex, "PEER_CHECK_SECONDS", 0.05)
    ended = asyncio.Event()

    async def sit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reader._transport.pause_reading()  # type: ignore[attr-defined]
        await duplex.lost(writer.transport)  # type: ignore[arg-type]
        ended.set()

    async with port(sit) as number:
        async with forwarding(joined, api, tunnel, cut=True) as session:
            _, data = await pair(session, number)
            flooding = asyncio.create_task(data.write(bytes(64 << 20)))
            await asyncio.sleep(1.0)
            assert not flooding.done()
            flooding.cancel()
            await asyncio.gather(flooding, return_exceptions=True)
        await asyncio.wait_for(ended.wait(), 60)
