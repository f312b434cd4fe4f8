"""WebSockets as Kubernetes uses them: each message begins with the number of a channel.

(k8s.io/streaming pkg/httpstream/wsstream; KEP-4006 for the fifth version, which can close a channel)
"""

import asyncio
import base64
import binascii
from dataclasses import dataclass

from aiohttp import WSCloseCode, WSMsgType, web

from wherry.http.duplex import abort, lost
from wherry.kit.errors import Invalid
from wherry.node.api.caller import FINISH_SECONDS

CLOSE = 255
"""A channel of the fifth version: its messages name channels that have ended."""
MESSAGE_BYTES = 4 << 20
_BASE64 = ".base64."


@dataclass(frozen=True, slots=True)
class Dialect:
    """``version`` 1 to 5; ``is_text``: messages are a digit and base64."""

    version: int
    is_text: bool = False


PROCESS = {
    "v5.channel.k8s.io": Dialect(5),
    "v4.channel.k8s.io": Dialect(4),
    "v4.base64.channel.k8s.io": Dialect(4, is_text=True),
    "channel.k8s.io": Dialect(1),
    "base64.channel.k8s.io": Dialect(1, is_text=True),
}
"""Of commands."""
PORTS = {"v4.channel.k8s.io": Dialect(4), "v4.base64.channel.k8s.io": Dialect(4, is_text=True)}
"""Of ports."""


async def accept(
    request: web.BaseRequest, protocols: tuple[str, ...], *, autoclose: bool = True
) -> web.WebSocketResponse:
    """Answer the handshake. ``autoclose``: a client that closes is answered before anybody hears of it. Raises Invalid
    when the client knows none of ``protocols``."""
    offered = ",".join(request.headers.getall("Sec-WebSocket-Protocol", ()))
    names = [each.strip() for each in offered.split(",") if each.strip()]
    if names and not set(names) & set(protocols):
        raise Invalid(f"unable to upgrade: none of the subprotocols {names} is known, only {list(protocols)}")
    socket = web.WebSocketResponse(
        protocols=protocols, timeout=FINISH_SECONDS, autoclose=autoclose, compress=False, max_msg_size=MESSAGE_BYTES
    )
    await socket.prepare(request)
    return socket


class Channels:
    """Messages by channel, over an accepted WebSocket. Pings are answered while somebody receives. ``closed``: the
    client has said that it closes, and is not just gone."""

    def __init__(self, request: web.BaseRequest, socket: web.WebSocketResponse, dialect: Dialect) -> None:
        self.dialect = dialect
        self.closed = False
        self._request = request
        self._socket = socket

    async def receive(self) -> tuple[int, bytes] | None:
        """Channel and content; None: the client has closed, or gone, or makes no sense."""
        while True:
            message = await self._socket.receive()
            if message.type is WSMsgType.BINARY:
                data = message.data
            elif message.type is WSMsgType.TEXT:
                data = message.data.encode()
            else:
                self.closed = message.type is WSMsgType.CLOSE
                if self.closed:
                    await self._socket.close(drain=False)
                return None
            if not data:
                continue
            if not self.dialect.is_text:
                return data[0], data[1:]
            try:
                return data[0] - ord("0"), base64.b64decode(data[1:], validate=True)
            except binascii.Error:
                return None

    async def send(self, channel: int, data: bytes) -> None:
        """Waits while the client does not read. Raises ConnectionError."""
        if self._socket.closed:
            raise ConnectionResetError("the client has closed")
        if self.dialect.is_text:
            await self._socket.send_str(str(channel) + base64.b64encode(data).decode())
        else:
            await self._socket.send_bytes(bytes((channel,)) + data)

    async def lost(self) -> None:
        """Returns when the client has gone although nothing is received from it."""
        transport = self._request.transport
        if transport is not None:
            await lost(transport)

    async def close(self) -> None:
        """Say that this is the end, and wait until the client says so too. Nobody may receive meanwhile."""
        await self._socket.close(code=WSCloseCode.OK)

    def abort(self) -> None:
        """Cut the connection."""
        if self._request.transport is not None:
            abort(self._request.transport)


class MessageDuplex:
    """The bytes of a WebSocket's binary messages, wherever these begin and end: what is tunnelled is another protocol
    (``SPDY/3.1+portforward.k8s.io``, KEP-4006)."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self._socket = socket

    async def read(self) -> bytes:
        while True:
            message = await self._socket.receive()
            if message.type is not WSMsgType.BINARY:
                return b""
            if message.data:
                data: bytes = message.data
                return data

    async def write(self, data: bytes) -> None:
        if self._socket.closed:
            raise ConnectionResetError("the client has closed")
        await self._socket.send_bytes(data)


async def gone_or(ended: asyncio.Event, losing: "Channels") -> None:
    """When either happens."""
    tasks = [asyncio.create_task(ended.wait()), asyncio.create_task(losing.lost())]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
