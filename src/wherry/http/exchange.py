"""One request on a connection of its own: nothing is kept, followed, decompressed or sent twice.

For servers that must see just what we decided, and whose answer may be another protocol. What the other side makes of
it can do no harm to a next request, for there is none.
"""

import asyncio
import ssl
from collections.abc import AsyncIterable, AsyncIterator

import msgspec

from wherry.http.duplex import CHUNK_BYTES, READ_AHEAD_BYTES, Wire
from wherry.http.heads import END, LIMIT_BYTES, Fields, Head, parse, request
from wherry.kit.errors import Unavailable

CONNECT_SECONDS = 10.0
_CHUNK_LINE_BYTES = 1024


class Target(msgspec.Struct, frozen=True):
    """Where a connection leads. ``host`` is an address. ``tls`` None: there is none; it must not check names, which
    addresses have not."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Failed(Unavailable):
    """There is no answer, or none that makes sense."""


async def connect(target: Target) -> Wire:
    """Raises Failed."""
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            reader, writer = await asyncio.open_connection(
                target.host, target.port, ssl=target.tls, limit=READ_AHEAD_BYTES
            )
    except TimeoutError as error:
        raise Failed(f"dial tcp {target}: i/o timeout") from error
    except ssl.SSLError as error:
        reason = getattr(error, "verify_message", "") or error.reason or str(error)
        raise Failed(f"dial tcp {target}: tls: {reason}") from error
    except OSError as error:
        raise Failed(f"dial tcp {target}: connect: {(error.strerror or str(error)).lower()}") from error
    return Wire(reader, writer)


async def ask(wire: Wire, method: str, target: str, fields: Fields, body: AsyncIterable[bytes] | None = None) -> None:
    """Send a request. A body without a Content-Length among the fields goes in chunks. Raises Failed."""
    chunked = body is not None and not any(name.lower() == "content-length" for name, _ in fields)
    if chunked:
        fields = [*fields, ("Transfer-Encoding", "chunked")]
    try:
        await wire.write(request(method, target, fields))
        async for piece in body or _nothing():
            if piece:
                await wire.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
        if chunked:
            await wire.write(b"0\r\n\r\n")
    except ConnectionError as error:
        raise Failed(f"{method} {target.partition('?')[0]}: the connection broke: {error}") from error


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield


async def head(wire: Wire) -> Head:
    """Of the answer; those of interim answers (100, 103) are left out. Raises Failed."""
    while True:
        try:
            found = parse(await wire.reader.readuntil(END))
            if len(found.raw) > LIMIT_BYTES:
                raise Failed(f"the head of the answer has more than {LIMIT_BYTES} bytes")
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise Failed("the connection was closed without an answer") from error
        except asyncio.LimitOverrunError as error:
            raise Failed(f"the head of the answer has more than {LIMIT_BYTES} bytes") from error
        except ValueError as error:
            raise Failed(f"the answer is no HTTP: {error}") from error
        if found.status >= 200 or found.status == 101:
            return found


async def body(wire: Wire, head: Head, method: str) -> AsyncIterator[bytes]:
    """What follows a head, as it comes. Raises Failed when it breaks off."""
    try:
        if not head.has_body(method):
            return
        if head.is_chunked:
            async for piece in _chunks(wire.reader):
                yield piece
            return
        left = head.length
        while left is None or left > 0:
            piece = await wire.reader.read(CHUNK_BYTES if left is None else min(left, CHUNK_BYTES))
            if not piece:
                if left is not None:
                    raise Failed(f"the answer broke off: {left} bytes are missing")
                return
            left = None if left is None else left - len(piece)
            yield piece
    except (ConnectionError, ValueError, asyncio.IncompleteReadError) as error:
        raise Failed(f"the answer broke off: {error}") from error


async def whole(wire: Wire, head: Head, method: str, limit_bytes: int) -> bytes:
    """The body, or its first ``limit_bytes``. Raises Failed."""
    found = b""
    async for piece in body(wire, head, method):
        found += piece
        if len(found) >= limit_bytes:
            break
    return found[:limit_bytes]


async def _chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """RFC 9112 7.1; extensions and trailers are dropped. Raises ValueError, IncompleteReadError."""
    while left := await _chunk_size(reader):
        while left:
            piece = await reader.read(min(left, CHUNK_BYTES))
            if not piece:
                raise ValueError("it ends in the middle of a chunk")
            left -= len(piece)
            yield piece
        if await reader.readexactly(2) != b"\r\n":
            raise ValueError("a chunk is longer than it says")
    while (await _line(reader)).strip():
        pass


async def _chunk_size(reader: asyncio.StreamReader) -> int:
    text = (await _line(reader)).split(b";")[0].strip()
    if not text or len(text) > 15 or text.strip(b"0123456789abcdefABCDEF"):
        raise ValueError(f"not the size of a chunk: {text[:40]!r}")
    return int(text, 16)


async def _line(reader: asyncio.StreamReader) -> bytes:
    try:
        line = await reader.readuntil(b"\n")
    except asyncio.LimitOverrunError as error:
        raise ValueError("a line has no end") from error
    if len(line) > _CHUNK_LINE_BYTES:
        raise ValueError("a line is too long")
    return line
