"""Clients of the rig: plain HTTP, WebSocket, SPDY; of the node itself, or through the API server."""

import asyncio
import base64
import json
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

import aiohttp
from yarl import URL

from tests.unit.node.api.rig import Rig
from wherry.http.duplex import Duplex, Wire
from wherry.http.exchange import Target, connect
from wherry.http.heads import END, Head, parse, request
from wherry.http.spdy.session import Session, Stream
from wherry.kube.pki.model import SUPER_ADMIN

V4, V5 = "v4.channel.k8s.io", "v5.channel.k8s.io"


@asynccontextmanager
async def opened(
    rig: Rig, path: str, method: str = "GET", file: str = SUPER_ADMIN.file, api: bool = False, **more: Any
) -> AsyncIterator[aiohttp.ClientResponse]:
    """An answer of the node, or with ``api`` of the API server."""
    port = rig.api_port if api else rig.node_port
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        url = URL(f"https://127.0.0.1:{port}{path}", encoded=True)
        async with session.request(method, url, ssl=rig.tls(file), allow_redirects=False, **more) as answer:
            yield answer


async def get(rig: Rig, path: str, file: str = SUPER_ADMIN.file, api: bool = False, **more: Any) -> tuple[int, bytes]:
    async with opened(rig, path, file=file, api=api, **more) as answer:
        return answer.status, await answer.read()


@asynccontextmanager
async def websocket(
    rig: Rig, path: str, *protocols: str, file: str = SUPER_ADMIN.file, api: bool = False
) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """Raises WSServerHandshakeError."""
    port = rig.api_port if api else rig.node_port
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"wss://127.0.0.1:{port}{path}", protocols=protocols, ssl=rig.tls(file)) as socket,
    ):
        yield socket


async def heard(socket: aiohttp.ClientWebSocketResponse) -> dict[int, bytes]:
    """All that comes until the server closes, by channel."""
    found: dict[int, bytes] = {}
    async for message in socket:
        if message.type is aiohttp.WSMsgType.TEXT:
            channel, data = int(message.data[:1]), base64.b64decode(message.data[1:])
        else:
            channel, data = message.data[0], message.data[1:]
        found[channel] = found.get(channel, b"") + data
    return found


def status_of(said: bytes) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(said)
    return found


def code_of(said: bytes) -> int:
    """The exit code in a Status."""
    status = status_of(said)
    return 0 if status["status"] == "Success" else int(status["details"]["causes"][0]["message"])


async def upgraded(
    rig: Rig, path: str, fields: Sequence[tuple[str, str]], file: str = SUPER_ADMIN.file, api: bool = False
) -> tuple[Head, Wire]:
    """The answer to a request for SPDY, and the connection."""
    return await raw(rig, "POST", path, [("Connection", "Upgrade"), ("Upgrade", "SPDY/3.1"), *fields], file, api)


async def raw(
    rig: Rig, method: str, path: str, fields: Sequence[tuple[str, str]], file: str = SUPER_ADMIN.file,
    api: bool = False, behind: bytes = b"",
) -> tuple[Head, Wire]:  # fmt: skip
    """The head of the answer to a request that is sent with ``behind`` at its end."""
    wire = await connect(_target(rig.api_port if api else rig.node_port, rig.tls(file)))
    length = [("Content-Length", "0")] if method != "GET" else []
    await wire.write(request(method, path, [("Host", "x"), *fields, *length]) + behind)
    return parse(await wire.reader.readuntil(END)), wire


def _target(port: int, tls: ssl.SSLContext) -> Target:
    return Target("127.0.0.1", port, tls)


@asynccontextmanager
async def spdy(duplex: Duplex) -> AsyncIterator[Session]:
    session = Session(duplex, is_client=True)
    running = asyncio.create_task(session.run())
    try:
        yield session
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def whole(stream: Stream) -> bytes:
    found = b""
    while data := await stream.read():
        found += data
    return found


def exec_path(*command: str, api: bool = False, **wanted: bool) -> str:
    """``wanted``: stdin, stdout, stderr, tty."""
    if api:
        query = [(name, "true" if value else "false") for name, value in wanted.items()]
        path = "/api/v1/namespaces/default/pods/p/exec"
    else:
        names = {"stdin": "input", "stdout": "output", "stderr": "error", "tty": "tty"}
        query = [(names[name], "1") for name, value in wanted.items() if value]
        path = "/exec/default/p/c"
    return f"{path}?{urlencode([*query, *(('command', each) for each in command)])}"
