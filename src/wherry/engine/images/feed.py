"""From chunks that arrive on the event loop to a file that a thread reads.

Parsers and decompressors want to pull from a file; requests push. A kernel pipe between both gives back-pressure in
both directions and an end that either side can reach.
"""

import asyncio
import errno
import fcntl
import os
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import BinaryIO, TypeVar

from wherry.engine.images.threads import finished

T = TypeVar("T")

_PIPE_BYTES = 1 << 20
"""The most an unprivileged process may ask for (/proc/sys/fs/pipe-max-size, pipe(7)); fewer wake-ups than 64 KiB."""


class Interrupted(ConnectionError):
    """The sender went away before the end."""


class _Reader:
    """The thread's end. The end of the pipe is the end of the data only when the feeding side said so."""

    def __init__(self, fd: int) -> None:
        self.file: BinaryIO = os.fdopen(fd, "rb", buffering=0)
        self.complete = False

    def read(self, size: int = -1) -> bytes:
        data = self.file.read(size)
        if not data and size != 0 and not self.complete:
            raise Interrupted(errno.ECONNRESET, "the request ended before the data did")
        return data

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self.file.close()


async def through(chunks: AsyncIterator[bytes], consume: Callable[[BinaryIO], T]) -> T:
    """``consume(file)`` run in a thread while ``chunks`` are fed to the file; its result or its exception.

    A consumer that ends early stops the feeding. When ``chunks`` raise, the consumer sees :class:`Interrupted` in place
    of the end, and what ``chunks`` raised comes out here.
    """
    read_fd, write_fd = os.pipe2(os.O_CLOEXEC)
    with suppress(OSError):  # above the user's share of pipe pages: then it stays at 64 KiB
        fcntl.fcntl(write_fd, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    os.set_blocking(write_fd, False)
    reader = _Reader(read_fd)

    def work() -> T:
        try:
            return consume(reader)  # type: ignore[arg-type]  # the part of BinaryIO that a sequential consumer uses
        finally:
            reader.close()

    consumer = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        try:
            await _pour(chunks, write_fd, reader)
        finally:
            os.close(write_fd)
    except BaseException:
        with suppress(BaseException):
            await finished(consumer)  # it sees the end of the pipe, and what it raises is the lesser news
        raise
    return await finished(consumer)


async def _pour(chunks: AsyncIterator[bytes], fd: int, reader: _Reader) -> None:
    try:
        async for chunk in chunks:
            await _write(fd, chunk)
    except BrokenPipeError:
        return  # the consumer has what it wanted, or failed and will say why
    reader.complete = True


async def _write(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(fd, view) :]
        except BlockingIOError:
            await _writable(fd)


async def _writable(fd: int) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_writer(fd, lambda: None if ready.done() else ready.set_result(None))
    try:
        await ready
    finally:
        loop.remove_writer(fd)
