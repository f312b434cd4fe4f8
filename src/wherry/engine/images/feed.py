"""Between the event loop, where chunks come and go, and threads, where files are read and written.

Parsers and decompressors want to pull from a file, and writers of archives to push into one. A kernel pipe between both
sides gives back-pressure in both directions and an end that either side can reach. Each thread is one of its own: a
client that is slow or stands still takes none from others.
"""

import asyncio
import errno
import fcntl
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import suppress
from typing import BinaryIO, TypeVar

from wherry.engine.images.threads import finished, own_thread
from wherry.engine.snapshots.model import Sink

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
    """``consume(file)`` run in a thread of its own while ``chunks`` are fed to the file; its result or its exception.

    A consumer that ends early stops the feeding. When ``chunks`` raise, the consumer sees :class:`Interrupted` in place
    of the end, and what ``chunks`` raised comes out here.
    """
    read_fd, write_fd = _pipe()
    os.set_blocking(write_fd, False)
    reader = _Reader(read_fd)

    def work() -> T:
        try:
            return consume(reader)  # type: ignore[arg-type]  # the part of BinaryIO that a sequential consumer uses
        finally:
            reader.close()

    consumer = own_thread(work)
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


class _Writer:
    """The thread's end of a pipe that is read on the event loop. BrokenPipeError when nobody reads any more."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def write(self, data: bytes | bytearray | memoryview, /) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._fd, view) :]

    def close(self) -> None:
        os.close(self._fd)


async def drained(produce: Callable[[Sink], object]) -> AsyncGenerator[bytes, None]:
    """What ``produce(file)``, run in a thread, writes to the file; at the end its exception, if it raised one.

    When the iteration ends early the producer gets BrokenPipeError, and the generator's end waits for it.
    """
    read_fd, write_fd = _pipe()
    os.set_blocking(read_fd, False)
    writer = _Writer(write_fd)

    def work() -> None:
        try:
            produce(writer)
        finally:
            writer.close()

    producer = own_thread(work)
    try:
        try:
            while data := await _read(read_fd):
                yield data
        finally:
            os.close(read_fd)
    except BaseException:
        with suppress(BaseException):
            await finished(producer)
        raise
    await finished(producer)


def _pipe() -> tuple[int, int]:
    read_fd, write_fd = os.pipe2(os.O_CLOEXEC)
    with suppress(OSError):  # above the user's share of pipe pages: then it stays at 64 KiB
        fcntl.fcntl(write_fd, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    return read_fd, write_fd


async def _read(fd: int) -> bytes:
    """What there is, at least a byte; nothing at the end."""
    while True:
        try:
            return os.read(fd, _PIPE_BYTES)
        except BlockingIOError:
            await _ready(fd, writing=False)


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
            await _ready(fd, writing=True)


async def _ready(fd: int, writing: bool) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    add, remove = (loop.add_writer, loop.remove_writer) if writing else (loop.add_reader, loop.remove_reader)
    add(fd, lambda: None if ready.done() else ready.set_result(None))
    try:
        await ready
    finally:
        remove(fd)
