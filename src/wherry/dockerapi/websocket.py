"""Attach through a WebSocket, for clients that cannot take a connection over."""

import asyncio
import socket
from collections.abc import Iterator

from aiohttp import WSMsgType, web

from wherry.dockerapi.call import Call
from wherry.dockerapi.endpoint import endpoint
from wherry.dockerapi.services import AttachEngine
from wherry.kit.errors import Forbidden, Invalid

READ_BYTES = 65536
HEADER_BYTES = 8  # of a frame, see :func:`wherry.dockerapi.attach.frame`


class WebSocketEndpoints:
    """``GET /containers/{id}/attach/ws``: output as binary messages, both streams in one; messages are input."""

    def __init__(self, containers: AttachEngine) -> None:
        self._containers = containers

    @endpoint("GET /containers/{id}/attach/ws")
    async def attach(self, call: Call) -> web.StreamResponse:
        if "Origin" in call.request.headers:
            raise Forbidden("attaching from a web page is not allowed: any page could do it")
        target = self._containers.attachable(call.id)
        messages = web.WebSocketResponse()
        if not messages.can_prepare(call.request):
            raise Invalid("this needs a WebSocket handshake (RFC 6455, section 4)")
        await messages.prepare(call.request)
        ours, theirs = socket.socketpair()
        with ours:
            ours.setblocking(False)
            query = call.query
            await self._containers.attach(
                target.id,
                theirs.detach(),
                stdin=query.flag("stdin"),
                stdout=query.flag("stdout"),
                stderr=query.flag("stderr"),
                logs=query.flag("logs"),
                stream=query.flag("stream"),
                early=b"",
                detach_keys=query.text("detachKeys") if "detachKeys" in query else None,
            )
            await _carry(messages, ours, target.tty)
        return messages


async def _carry(messages: web.WebSocketResponse, ours: socket.socket, tty: bool) -> None:
    """Both directions, until the container closes its side or the client goes."""
    incoming = asyncio.create_task(_input(messages, ours))
    outgoing = asyncio.create_task(_output(messages, ours, tty))
    try:
        await asyncio.wait((incoming, outgoing), return_when=asyncio.FIRST_COMPLETED)
    finally:
        incoming.cancel()
        outgoing.cancel()
        await asyncio.gather(incoming, outgoing, return_exceptions=True)
        await messages.close()


async def _input(messages: web.WebSocketResponse, ours: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    async for message in messages:
        if message.type is WSMsgType.TEXT:
            await loop.sock_sendall(ours, message.data.encode())
        elif message.type is WSMsgType.BINARY:
            await loop.sock_sendall(ours, message.data)


async def _output(messages: web.WebSocketResponse, ours: socket.socket, tty: bool) -> None:
    loop = asyncio.get_running_loop()
    frames = Deframer()
    while data := await loop.sock_recv(ours, READ_BYTES):
        for payload in (data,) if tty else frames.feed(data):
            await messages.send_bytes(payload)


class Deframer:
    """Takes Docker's frame headers out of a stream; what a frame holds may come in several pieces."""

    def __init__(self) -> None:
        self._header = b""
        self._left = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The payloads in the next bytes of the stream."""
        while data:
            if self._left:
                payload, data = data[: self._left], data[self._left :]
                self._left -= len(payload)
                yield payload
                continue
            missing = HEADER_BYTES - len(self._header)
            self._header, data = self._header + data[:missing], data[missing:]
            if len(self._header) == HEADER_BYTES:
                self._left, self._header = int.from_bytes(self._header[4:]), b""
