"""A container's log: as an answer that goes on, or as messages of a WebSocket (binary.k8s.io)."""

import asyncio
import base64
from collections.abc import AsyncIterator

from aiohttp import web

from wherry.http import exchange
from wherry.http.duplex import Wire
from wherry.http.heads import Head
from wherry.http.streams import closing, connection_of
from wherry.http.takeover import upgrade_of
from wherry.kube.machinery import status

BINARY, BASE64 = "binary.k8s.io", "base64.binary.k8s.io"
_TEXT = {"Content-Type": "text/plain"}
_REFUSAL_BYTES = 10 << 10  # apiserver pkg/registry/generic/rest/response_checker.go maxReadLength
_CLOSE_SECONDS = 10.0
_REASONS = {401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 405: "MethodNotAllowed", 422: "Invalid"}


async def log(request: web.BaseRequest, wire: Wire, target: str, name: str) -> web.StreamResponse:
    """What the node answers to ``target``. Owns ``wire``. Raises StatusError, ConnectionError."""
    fields = [("Host", "node"), ("Connection", "close")]
    with connection_of(request).cancelled_by_loss():
        try:
            await exchange.ask(wire, "GET", target, fields)
            head = await exchange.head(wire)
            await _check(wire, head, name)
            async with closing(exchange.body(wire, head, "GET")) as pieces:
                if upgrade_of(request) == "websocket":
                    return await _as_messages(request, pieces)
                return await _as_text(request, pieces)
        except exchange.Failed as error:
            if request.writer.output_size > 0:
                raise ConnectionResetError(str(error)) from error
            raise status.internal_error(f'Get "https://{wire.address("peername")[0]}{target}": {error}') from error
        finally:
            wire.close()


async def _check(wire: Wire, head: Head, name: str) -> None:
    """Raises StatusError for anything but a log, with the node's words (response_checker.go)."""
    if head.status == 200:
        return
    if 300 <= head.status < 400:
        raise status.internal_error("the node answered with a redirect, which is not followed")
    text = (await exchange.whole(wire, head, "GET", _REFUSAL_BYTES)).decode(errors="replace").strip()
    if head.status == 400:
        raise status.bad_request(text)
    if head.status >= 500:
        raise status.internal_error(text)
    details = {"name": name, "kind": "pods/log"}
    message = f"the server could not find the requested resource ( pods/log {name}): {text}"
    if head.status != 404:
        message = f"the node refused the log of {name}: {text}"
    raise status.StatusError(head.status, _REASONS.get(head.status, ""), message, details)


async def _as_text(request: web.BaseRequest, pieces: AsyncIterator[bytes]) -> web.StreamResponse:
    response = web.StreamResponse(headers=_TEXT)
    await response.prepare(request)
    if request.method == "HEAD":
        return response
    async for piece in pieces:
        await response.write(piece)
    await response.write_eof()
    return response


async def _as_messages(request: web.BaseRequest, pieces: AsyncIterator[bytes]) -> web.StreamResponse:
    """What the client says is dropped; when it closes, that is the end."""
    socket = web.WebSocketResponse(protocols=(BINARY, BASE64), timeout=_CLOSE_SECONDS, compress=False)
    await socket.prepare(request)
    listening = asyncio.create_task(_listen(socket))
    sending = asyncio.create_task(_send(socket, pieces))
    try:
        await asyncio.wait({listening, sending}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (listening, sending):
            task.cancel()
        await asyncio.gather(listening, sending, return_exceptions=True)
    await socket.close()
    return socket


async def _listen(socket: web.WebSocketResponse) -> None:
    async for _ in socket:
        pass


async def _send(socket: web.WebSocketResponse, pieces: AsyncIterator[bytes]) -> None:
    async for piece in pieces:
        if socket.ws_protocol == BASE64:
            await socket.send_str(base64.b64encode(piece).decode())
        else:
            await socket.send_bytes(piece)
