"""A file, or a part of one, as the body of an answer, copied by the kernel where there is no TLS in between."""

import asyncio
import os
import select
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from aiohttp import web

from wherry.http.connection import Connection

T = TypeVar("T")

BURST_BYTES = 64 << 20
"""The most that a thread sends in one go, so that one fast client does not keep it from the others."""

PATIENCE_MILLISECONDS = 20
"""How long a thread waits for a client that keeps up: one wake-up, where waiting in the event loop costs three."""

CHUNK_BYTES = 1 << 20
STALL_SECONDS = 300.0
"""A client that takes nothing for this long has gone without a word."""


@dataclass(frozen=True, slots=True)
class Part:
    """``count`` bytes at ``offset`` of the open file ``fd``."""

    fd: int
    offset: int
    count: int

    def without(self, sent: int) -> "Part":
        """What is left when the first ``sent`` bytes have gone."""
        return Part(self.fd, self.offset + sent, self.count - sent)


async def send_file(
    request: web.BaseRequest, response: web.StreamResponse, part: Part, threads: Executor | None = None
) -> None:
    """Send a part of a file as the whole body of ``response``. ``threads``: who does it (None: the loop's own).

    Sets Content-Length; answers HEAD without the body. Raises ConnectionError when the client goes or stalls, or when
    the file is shorter. ``part.fd`` stays the caller's, who may close it when this has returned or raised.
    """
    response.content_length = part.count
    await response.prepare(request)
    if request.method != "HEAD" and part.count:
        connection, transport = request.protocol, request.transport
        if transport is None:
            raise ConnectionResetError("the client has gone")
        assert isinstance(connection, Connection)
        with connection.cancelled_by_loss():
            if transport.get_extra_info("sslcontext") is None:
                await _flushed(transport)
                await _send(transport, part, threads)
            else:
                await _copy(response, part, threads)
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


async def _send(transport: asyncio.Transport, part: Part, threads: Executor | None) -> None:
    """sendfile(2) in a thread, because a page that is not in memory blocks it, as long as the client keeps up."""
    sock = os.dup(transport.get_extra_info("socket").fileno())  # event loops do not share a transport's descriptor
    clock = asyncio.get_running_loop().time
    patience = PATIENCE_MILLISECONDS
    try:
        while part.count:
            part = part.without(await _finished(threads, lambda: _burst(sock, part, patience)))  # noqa: B023  # awaited
            if part.count:
                begun = clock()
                async with _stall_limit():
                    await _writable(sock)
                # One who lets us wait shall not have a thread wait for him.
                patience = PATIENCE_MILLISECONDS if clock() - begun < PATIENCE_MILLISECONDS / 1000 else 0
    finally:
        os.close(sock)


def _burst(sock: int, part: Part, patience_milliseconds: int) -> int:
    """Send until the socket's buffer is full and stays so, or enough was sent; the bytes sent."""
    poll = select.poll()
    poll.register(sock, select.POLLOUT)
    count, sent = min(part.count, BURST_BYTES), 0
    while sent < count:
        try:
            more = os.sendfile(sock, part.fd, part.offset + sent, count - sent)
        except BlockingIOError:
            if patience_milliseconds and poll.poll(patience_milliseconds):
                continue
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


async def _copy(response: web.StreamResponse, part: Part, threads: Executor | None) -> None:
    """Through TLS: the bytes must pass here to be encrypted."""
    while part.count:
        chunk = await _finished(threads, lambda: os.pread(part.fd, min(part.count, CHUNK_BYTES), part.offset))  # noqa: B023
        if not chunk:
            raise ConnectionResetError("the file ended before the answer did")
        async with _stall_limit():
            await response.write(chunk)
        part = part.without(len(chunk))


@asynccontextmanager
async def _stall_limit() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(STALL_SECONDS):
            yield
    except TimeoutError as error:
        raise ConnectionResetError(f"the client took nothing for {STALL_SECONDS:.0f} s") from error


async def _finished(threads: Executor | None, work: Callable[[], T]) -> T:
    """``work`` in a thread that has ended when this returns or is cancelled: its descriptors are closed then."""
    running = asyncio.get_running_loop().run_in_executor(threads, work)
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
