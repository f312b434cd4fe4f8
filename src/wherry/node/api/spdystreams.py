"""A client of a process that speaks by SPDY: a stream each for input, output, errors, result and size."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from wherry.http.duplex import Wire
from wherry.http.spdy.session import Session, Stream
from wherry.http.takeover import taken_over
from wherry.kit.errors import Forbidden
from wherry.kube.machinery.model import Object
from wherry.node.api.caller import STDERR, STDOUT, STREAM_SECONDS, Size, Sizes, Wanted, encoded
from wherry.node.api.inboxes import Latest

VERSION = "X-Stream-Protocol-Version"
PROCESS = {"v4.channel.k8s.io": 4, "v3.channel.k8s.io": 3, "v2.channel.k8s.io": 2, "channel.k8s.io": 1}
_OUTPUTS = {STDOUT: "stdout", STDERR: "stderr"}
_INPUTS = ("stdin", "resize")


def negotiated(request: web.BaseRequest, known: tuple[str, ...]) -> str:
    """The first of the client's protocols that is known; empty when it names none. Raises Forbidden
    (apimachinery pkg/util/httpstream: Handshake)."""
    named = [each.strip() for value in request.headers.getall(VERSION, ()) for each in value.split(",")]
    if not named:
        return ""
    found = next((each for each in named if each in known), "")
    if not found:
        raise Forbidden(
            f"unable to upgrade: unable to negotiate protocol: client supports {named}, server accepts {list(known)}"
        )
    return found


def switching(protocol: str) -> bytes:
    """The head of the answer."""
    lines = ["HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: SPDY/3.1"]
    if protocol:
        lines.append(f"{VERSION}: {protocol}")
    return "\r\n".join([*lines, "", ""]).encode()


class SpdyCaller:
    """See :class:`wherry.node.api.caller.Caller`."""

    def __init__(self, streams: dict[str, Stream], running: "asyncio.Task[None]", wire: Wire, version: int) -> None:
        self._streams = streams
        self._running = running
        self._wire = wire
        self._version = version
        self._size: Latest[Size] = Latest()
        self._sizing = asyncio.create_task(self._listen_to_sizes())
        for name, stream in streams.items():
            if name not in _INPUTS:
                stream.ignore()

    async def _listen_to_sizes(self) -> None:
        stream, sizes = self._streams.get("resize"), Sizes()
        if stream is None:
            return
        try:
            while data := await stream.read():
                if (size := sizes.feed(data)) is not None:
                    self._size.put(size)
        except ConnectionError:
            pass

    async def input(self) -> bytes:
        stream = self._streams.get("stdin")
        return await stream.read() if stream is not None else b""

    async def size(self) -> Size:
        return await self._size.take()

    async def say(self, stream: int, data: bytes) -> None:
        found = self._streams.get(_OUTPUTS[stream])
        if found is not None:
            await found.write(data)

    async def gone(self) -> None:
        """The session ends when the connection does; one that is not read from is looked at."""
        losing = asyncio.create_task(self._wire.lost())
        try:
            await asyncio.wait({self._running, losing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            losing.cancel()
            await asyncio.gather(losing, return_exceptions=True)

    def has_left(self) -> bool:
        """One that goes on listening closes its input, and one that does not has no word for it."""
        return False

    async def finish(self, result: Object) -> None:
        for name in _INPUTS:
            if name in self._streams:
                self._streams[name].ignore()
        said = encoded(result, structured=self._version >= 4)
        if said:
            await self._streams["error"].write(said)
        for name in ("stdout", "stderr", "error"):
            if name in self._streams:
                await self._streams[name].finish()
        await self.gone()

    async def end(self) -> None:
        """Listen no more. Idempotent."""
        self._sizing.cancel()
        await asyncio.gather(self._sizing, return_exceptions=True)


@asynccontextmanager
async def spdy_caller(request: web.BaseRequest, wanted: Wanted) -> AsyncIterator[SpdyCaller]:
    """The client of a request, with all its streams; the connection is closed where the block ends. Raises Forbidden
    for a protocol that is not known, ConnectionError, TimeoutError when it does not open its streams."""
    protocol = negotiated(request, tuple(PROCESS))
    version = PROCESS.get(protocol, 1)
    async with taken_over(request, switching(protocol)) as wire:
        session = Session(wire)
        running = asyncio.create_task(session.run())
        try:
            async with asyncio.timeout(STREAM_SECONDS):
                streams = await _opened(session, _names(wanted, version))
            caller = SpdyCaller(streams, running, wire, version)
            try:
                yield caller
            finally:
                await caller.end()
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


def _names(wanted: Wanted, version: int) -> set[str]:
    found = {"error"}
    for name in ("stdin", "stdout", "stderr"):
        if getattr(wanted, name):
            found.add(name)
    if wanted.tty and version >= 3:
        found.add("resize")
    return found


async def _opened(session: Session, names: set[str]) -> dict[str, Stream]:
    """One stream of each name. Others are refused. Raises ConnectionError."""
    found: dict[str, Stream] = {}
    while found.keys() != names:
        stream = await session.accept()
        if stream is None:
            raise ConnectionResetError("the client has gone before it had opened its streams")
        name = stream.headers.get("streamtype", "")
        if name in names and name not in found:
            found[name] = stream
            await stream.reply()
        else:
            await stream.reset()
    return found
