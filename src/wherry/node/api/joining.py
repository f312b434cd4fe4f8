"""One forwarded connection: a client's stream on one side, a socket to a port of a pod on the other."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from wherry.http.duplex import READ_AHEAD_BYTES, Wire
from wherry.kit.errors import WherryError

_LAST_SECONDS = 1.0
"""For what is under way to the pod, once the pod has said its last."""
Connect = Callable[[int], Awaitable[int]]
"""A connected socket to a port: :meth:`wherry.node.pods.runtime.PodRuntime.connect`, of one sandbox."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Of one pod. ``pod`` is how messages call it."""

    pod: str
    connect: Connect

    async def open(self, port: int) -> Wire:
        """Raises WherryError, OSError."""
        sock = socket.socket(fileno=await self.connect(port))
        try:
            sock.setblocking(False)
            reader, writer = await asyncio.open_connection(sock=sock, limit=READ_AHEAD_BYTES)
        except BaseException:
            sock.close()
            raise
        return Wire(reader, writer)

    def failure(self, port: int, error: Exception) -> bytes:
        """What a client is told when there is no connection."""
        said = error.message if isinstance(error, WherryError) else str(error)
        return f"error forwarding port {port} to pod {self.pod}: {said}".encode()


@dataclass(frozen=True, slots=True)
class Client:
    """The client's side: ``read`` gives nothing at its end, and raises ConnectionError when it has gone."""

    read: Callable[[], Awaitable[bytes]]
    write: Callable[[bytes], Awaitable[None]]
    finish: Callable[[], Awaitable[None]]


async def joined(client: Client, wire: Wire) -> None:
    """Carry bytes both ways until the pod's side ends, or the client has gone. That the client has ended is told to
    the pod, which may go on."""
    up, down = asyncio.create_task(_to_pod(client, wire)), asyncio.create_task(_to_client(client, wire))
    try:
        await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
        if down.done():
            await asyncio.wait({up}, timeout=_LAST_SECONDS)
        elif up.exception() is None:
            await down
    finally:
        for task in (up, down):
            task.cancel()
        await asyncio.gather(up, down, return_exceptions=True)


async def _to_pod(client: Client, wire: Wire) -> None:
    while data := await client.read():
        try:
            await wire.write(data)
        except ConnectionError:
            return  # it does not listen, and may still speak
    wire.end()


async def _to_client(client: Client, wire: Wire) -> None:
    while data := await wire.read():
        await client.write(data)
    await client.finish()
