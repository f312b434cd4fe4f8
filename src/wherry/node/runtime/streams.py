"""A process's streams over one socket, as the shims speak: framed like Docker's, or a terminal's bytes as they are."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

_CHUNK = 65536
_HEADER = 8  # stream, three zeros, length: Docker Engine API, "Stream format"


class Demux:
    """Takes a framed stream to pieces: pure."""

    def __init__(self) -> None:
        self._stream = 0
        self._left = 0
        self._head = b""

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """The pieces in ``data``: (1 or 2, bytes), never empty ones."""
        pieces: list[tuple[int, bytes]] = []
        at = 0
        while at < len(data):
            if self._left == 0:
                head = self._head + data[at : at + _HEADER - len(self._head)]
                at += len(head) - len(self._head)
                if len(head) < _HEADER:
                    self._head = head
                    break
                self._head, self._stream = b"", head[0]
                self._left = int.from_bytes(head[4:], "big")
                continue
            piece = data[at : at + self._left]
            at += len(piece)
            self._left -= len(piece)
            pieces.append((self._stream, piece))
        return pieces


@dataclass(frozen=True, slots=True)
class Process:
    """What is at the other end. ``closes_input``: it hears the end of its input, and goes on."""

    terminal: bool
    closes_input: bool
    resize: Callable[[int, int], Awaitable[None]]
    """Height and width."""
    ended: Callable[[], Awaitable[int]]


class SocketStreams:
    """See :class:`wherry.node.pods.runtime.Streams`. Owns ``sock``."""

    def __init__(self, sock: socket.socket, process: Process) -> None:
        self._sock = sock
        self._process = process
        self._loop = asyncio.get_running_loop()

    async def output(self) -> AsyncIterator[tuple[int, bytes]]:
        demux = Demux()
        while data := await self._receive():
            if self._process.terminal:
                yield 1, data
                continue
            for piece in demux.feed(data):
                yield piece

    async def _receive(self) -> bytes:
        try:
            return await self._loop.sock_recv(self._sock, _CHUNK)
        except (ConnectionError, BrokenPipeError):
            return b""

    async def write(self, data: bytes) -> None:
        """What nobody reads any more is dropped."""
        with suppress(ConnectionError, BrokenPipeError):
            await self._loop.sock_sendall(self._sock, data)

    async def close_input(self) -> None:
        """A terminal has no end of input but the one that is typed."""
        if self._process.closes_input and not self._process.terminal:
            with suppress(OSError):
                self._sock.shutdown(socket.SHUT_WR)

    async def resize(self, width: int, height: int) -> None:
        await self._process.resize(height, width)

    async def exit_code(self) -> int:
        return await self._process.ended()

    def close(self) -> None:
        """Idempotent."""
        self._sock.close()


def pair() -> tuple[socket.socket, int]:
    """Our end, and the descriptor that is given away."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    ours.setblocking(False)
    return ours, theirs.detach()
