"""A file, or a part of one, as the body of an answer.

Who sends is a thread, because a page that is not in memory blocks it, for as long as the client keeps up; what is small
and in memory goes at once. To another machine the kernel sends by itself (sendfile(2)). To this one it is cheaper to
copy: the client then finds the bytes in the processor's cache instead of fetching them from memory itself (measured:
8 % less of skopeo's time). Through TLS they must pass here anyway.
"""

import asyncio
import os
import select
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from aiohttp import web

from wherry.http.connection import Connection

T = TypeVar("T")

SMALL_BYTES = 64 << 10
"""Sent without a thread when it is in memory: most configurations and many layers."""

COPY_BYTES = 128 << 10
"""Stays in a processor's cache between our copy and the client's."""

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
    if request.method == "HEAD" or not part.count:
        await response.write_eof()
        return
    small = _at_once(part)
    if small is None:
        connection, transport = request.protocol, request.transport
        if transport is None:
            raise ConnectionResetError("the client has gone")
        assert isinstance(connection, Connection)
        with connection.cancelled_by_loss():
            await _send(transport, response, part, threads)
    await response.write_eof(small or b"")


def _at_once(part: Part) -> bytes | None:
    """A small part, when it can be had without waiting for the disk (preadv2(2))."""
    if part.count > SMALL_BYTES:
        return None
    buffer = bytearray(part.count)
    try:
        read = os.preadv(part.fd, [buffer], part.offset, os.RWF_NOWAIT)
    except OSError:  # not in memory, or a file system that cannot tell
        return None
    return bytes(buffer) if read == part.count else None


async def _send(
    transport: asyncio.Transport, response: web.StreamResponse, part: Part, threads: Executor | None
) -> None:
    if transport.get_extra_info("sslcontext") is not None:
        await _encrypt(response, part, threads)
        return
    await _flushed(transport)
    # Event loops do not share a transport's descriptor.
    sender = _Sender(os.dup(transport.get_extra_info("socket").fileno()), _is_here(transport))
    try:
        await _pour(sender, part, threads)
    finally:
        sender.close()


def _is_here(transport: asyncio.Transport) -> bool:
    """Whether the client is on this machine."""
    peer = transport.get_extra_info("peername")
    return not isinstance(peer, tuple) or peer[0] == "::1" or peer[0].startswith("127.")


async def _flushed(transport: asyncio.Transport) -> None:
    """Wait until the head is in the kernel: what is sent beside the transport must not overtake it."""
    async with asyncio.timeout(STALL_SECONDS):
        pause = 0.0
        while transport.get_write_buffer_size():  # uvloop writes at the end of the loop's turn
            await asyncio.sleep(pause)
            pause = 0.01
            if transport.is_closing():
                raise ConnectionResetError("the client has gone")


async def _pour(sender: "_Sender", part: Part, threads: Executor | None) -> None:
    """Burst by burst, waiting without a thread for a client that does not keep up."""
    clock = asyncio.get_running_loop().time
    patience = PATIENCE_MILLISECONDS
    while part.count:
        part = part.without(await _finished(threads, partial(sender.burst, part, patience)))
        if part.count:
            begun = clock()
            async with _stall_limit():
                await _writable(sender.sock)
            # One who lets us wait shall not have a thread wait for him.
            patience = PATIENCE_MILLISECONDS if clock() - begun < PATIENCE_MILLISECONDS / 1000 else 0


class _Sender:
    """Sends to a non-blocking socket, which it owns."""

    def __init__(self, sock: int, copies: bool) -> None:
        self.sock = sock
        self._poll = select.poll()
        self._poll.register(sock, select.POLLOUT)
        self._buffer = memoryview(bytearray(COPY_BYTES if copies else 0))

    def close(self) -> None:
        os.close(self.sock)

    def burst(self, part: Part, patience_milliseconds: int) -> int:
        """Send until the socket's buffer is full and stays so, or enough was sent; the bytes sent. Blocks."""
        end = min(part.count, BURST_BYTES)
        sent = 0
        while sent < end:
            try:
                more = self._some(part.fd, part.offset + sent, end - sent)
            except BlockingIOError:
                if patience_milliseconds and self._poll.poll(patience_milliseconds):
                    continue
                break
            if not more:
                raise ConnectionResetError("the file ended before the answer did")
            sent += more
        return sent

    def _some(self, fd: int, offset: int, count: int) -> int:
        if not self._buffer:
            return os.sendfile(self.sock, fd, offset, count)
        read = os.preadv(fd, [self._buffer[:count]], offset)
        return os.write(self.sock, self._buffer[:read]) if read else 0


async def _writable(sock: int) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_writer(sock, lambda: None if ready.done() else ready.set_result(None))
    try:
        await ready
    finally:
        loop.remove_writer(sock)


async def _encrypt(response: web.StreamResponse, part: Part, threads: Executor | None) -> None:
    """Through TLS: the bytes must pass here to be encrypted."""
    while part.count:
        chunk = await _finished(threads, partial(os.pread, part.fd, min(part.count, CHUNK_BYTES), part.offset))
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
