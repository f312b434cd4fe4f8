"""Bytes both ways: what is left of a connection when it is HTTP's no longer, or is not yet."""

import asyncio
import select
import socket
import struct
from typing import Protocol, cast

CHUNK_BYTES = 65536
READ_AHEAD_BYTES = 128 << 10
"""Read before anybody asks; twice as much, and the peer must wait."""
PEER_CHECK_SECONDS = 1.0
# Of a peer whose machine has gone: heard of within about a minute (as Go's net.Dialer and net.Listener do, 15 s each).
_KEEPALIVE = ((socket.TCP_KEEPIDLE, 15), (socket.TCP_KEEPINTVL, 15), (socket.TCP_KEEPCNT, 3))


class Duplex(Protocol):
    """Whoever reads must also take what comes, or the peer waits; so must the peer."""

    async def read(self) -> bytes:
        """Some bytes; none at the end. Raises ConnectionError."""

    async def write(self, data: bytes) -> None:
        """Waits while the peer does not read. Several may write: each ``data`` stays together, in the order of the
        calls. Raises ConnectionError."""


class Wire:
    """A connected socket, with or without TLS. Somebody must :meth:`close` it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self._writer = writer
        self._transport = cast(asyncio.Transport, writer.transport)
        keep_alive(writer.get_extra_info("socket"))

    def peer_certificate(self) -> bytes:
        """What the peer has shown, DER; empty when it has not, or without TLS."""
        tls = self._writer.get_extra_info("ssl_object")
        return (tls.getpeercert(binary_form=True) or b"") if tls is not None else b""

    def address(self, name: str) -> tuple[str, int]:
        """``sockname`` or ``peername``: host and port."""
        host, port = self._writer.get_extra_info(name)[:2]
        return host, port

    async def read(self) -> bytes:
        return await self.reader.read(CHUNK_BYTES)

    async def write(self, data: bytes) -> None:
        if self._writer.is_closing():
            raise ConnectionResetError("the connection is closed")
        self._writer.write(data)
        await self._writer.drain()

    def end(self) -> None:
        """Say that nothing more is written; over TLS there is no way to. Idempotent."""
        if self._writer.can_write_eof() and not self._writer.is_closing():
            self._writer.write_eof()

    def close(self, patient: bool = True) -> None:
        """What was written goes out first. Idempotent. With TLS the peer has half a minute to say that it has heard
        the end (asyncio's ``ssl_shutdown_timeout``); one that does not read is not told of the end otherwise, unless we
        are not ``patient``: then its connection is reset."""
        if self._transport.is_closing():
            return  # TLS of Python 3.11 forgets its connection at a second close, also after the peer's: then all fails
        if not patient and self._writer.get_extra_info("ssl_object") is not None:
            _reset_at_close(self._transport)
        self._writer.close()

    def leave(self) -> None:
        """Close, or where the peer does not read what was written, :meth:`abort`: without TLS nothing would ever end
        a :meth:`close`. Idempotent."""
        if self._transport.get_write_buffer_size():
            self.abort()
        else:
            self.close()

    def abort(self) -> None:
        """At once, and the peer hears of it at once even if it reads nothing (a reset: socket(7), SO_LINGER of 0).
        Idempotent."""
        abort(self._transport)

    async def lost(self) -> None:
        """See :func:`lost`."""
        await lost(self._transport)


def abort(transport: asyncio.Transport) -> None:
    """See :meth:`Wire.abort`."""
    _reset_at_close(transport)
    transport.abort()


def _reset_at_close(transport: asyncio.Transport) -> None:
    sock = transport.get_extra_info("socket")
    if not transport.is_closing() and sock is not None:
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except OSError:
            pass  # it is gone already


async def lost(transport: asyncio.Transport) -> None:
    """Returns when the peer has gone while nothing was read from it, because somebody here is not done with what came
    before: the event loop tells nobody then."""
    poll = select.poll()
    poll.register(transport.get_extra_info("socket").fileno(), select.POLLRDHUP)
    while True:
        await asyncio.sleep(PEER_CHECK_SECONDS)
        if transport.is_closing() or (not transport.is_reading() and poll.poll(0)):
            return


async def copy(source: Duplex, target: Duplex) -> None:
    """All that comes from one to the other, until it ends. Raises ConnectionError."""
    while data := await source.read():
        await target.write(data)


def keep_alive(sock: socket.socket | None) -> None:
    """Ask a silent peer now and then whether it is there. No TCP_USER_TIMEOUT: that would end those who only read
    slowly (tcp(7): a window that stays closed counts)."""
    if sock is None or sock.family not in (socket.AF_INET, socket.AF_INET6):
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE:
        sock.setsockopt(socket.IPPROTO_TCP, name, value)
