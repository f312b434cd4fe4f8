"""A file, or a part of one, as the body of an answer, copied by the kernel where there is no TLS in between."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from aiohttp import web

from wherry.http.connection import Connection

T = TypeVar("T")

BURST_BYTES = 16 << 20
"""The most that a thread sends in one go, so that one fast client does not keep it from the others."""

CHUNK_BYTES = 1 << 20
STALL_SECONDS = 300.0
"""A client that takes nothing for this long has gone without a word."""


async def send_file(request: web.BaseRequest, response: web.StreamResponse, fd: int, offset: int, count: int) -> None:
    """Send ``count`` bytes at ``offset`` of the open file ``fd`` as the whole body of ``response``.

    Sets Content-Length; answers HEAD without the body. Raises ConnectionError when the client goes or stalls, or when
    the file is shorter. ``fd`` stays the caller's, who may close it when this has returned or raised.
    """
    response.content_length = count
    await response.prepare(request)
    if request.method != "HEAD" and count:
        connection, transport = request.protocol, request.transport
        if transport is None:
            raise ConnectionResetError("the client has gone")
        assert isinstance(connection, Connection)
        with connection.cancelled_by_loss():
            if transport.get_extra_info("sslcontext") is None:
                await _flushed(transport)
                await _send(transport, fd, offset, count)
            else:
                await _copy(response, fd, offset, count)
    await response.write_eof()


async def _flushed(transport: asyncio.Transport) -> None:
    """Wait until the head is in the kernel: what is sent beside the transport must not overtake it."""
    async with asyncio.timeout(STALL_SECONDS):
        pause = 0.0
        while transport.get_write_buffer_size():  # uvloop writes at the end of the loop's turn
            await asyncio.sleep(pause)
            pause = 0.01
            if transport.is_closing():
                raise ConnectionResetError("the client has gone")


async def _send(transport: asyncio.Transport, fd: int, offset: int, count: int) -> None:
    """sendfile(2) in a thread, because a page that is not in memory blocks it, as long as the client takes it all."""
    sock = os.dup(transport.get_extra_info("socket").fileno())  # event loops do not share a transport's descriptor
    try:
        while count:
            sent = await _finished(_burst, sock, fd, offset, min(count, BURST_BYTES))
            offset, count = offset + sent, count - sent
            if count:
                async with _stall_limit():
                    await _writable(sock)
    finally:
        os.close(sock)


def _burst(sock: int, fd: int, offset: int, count: int) -> int:
    """Send until the socket's buffer is full; the bytes sent."""
    sent = 0
    while sent < count:
        try:
            more = os.sendfile(sock, fd, offset + sent, count - sent)
        except BlockingIOError:
            break
        if not more:
            raise ConnectionResetError("the file ended before the answer did")
        sent += more
    return sent


async def _writable(sock: int) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_writer(sock, lambda: None if ready.done() else ready.set_result(None))
    try:
        await ready
    finally:
        loop.remove_writer(sock)


async def _copy(response: web.StreamResponse, fd: int, offset: int, count: int) -> None:
    """Through TLS: the bytes must pass here to be encrypted."""
    while count:
        chunk = await _finished(os.pread, fd, min(count, CHUNK_BYTES), offset)
        if not chunk:
            raise ConnectionResetError("the file ended before the answer did")
        async with _stall_limit():
            await response.write(chunk)
        offset, count = offset + len(chunk), count - len(chunk)


@asynccontextmanager
async def _stall_limit() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(STALL_SECONDS):
            yield
    except TimeoutError as error:
        raise ConnectionResetError(f"the client took nothing for {STALL_SECONDS:.0f} s") from error


async def _finished(work: Callable[..., T], *arguments: int) -> T:
    """``work`` in a thread that has ended when this returns or is cancelled: its descriptors are closed then."""
    running = asyncio.get_running_loop().run_in_executor(None, work, *arguments)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        while not running.done():
            try:
                await asyncio.wait([running])
            except asyncio.CancelledError:
                continue  # asked again: the thread still cannot be stopped
        running.exception()  # looked at: nobody else will
        raise
