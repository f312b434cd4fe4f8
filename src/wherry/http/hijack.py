"""Take a client's raw socket over from HTTP, for attach and exec."""

import asyncio
import fcntl
import os
import socket
import struct
import termios

import msgspec
from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from wherry.http.connection import Connection

_STEP_SECONDS, _PATIENCE_STEPS = 0.001, 500


class Hijacked(msgspec.Struct, frozen=True):
    """A client's socket, no longer HTTP's. ``fd`` is a non-blocking stream socket that the holder must close;
    ``early`` are bytes of the stream that had been read already."""

    fd: int
    early: bytes


class TakenOver(web.StreamResponse):
    """What a handler returns after :func:`hijack`: nothing more is written by HTTP."""

    def __init__(self) -> None:
        super().__init__(status=101)

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        return None

    @property
    def keep_alive(self) -> bool:
        return False


async def hijack(request: web.BaseRequest, head: bytes, *, read: bool) -> Hijacked:
    """Send ``head`` (status line and headers, complete) and take the connection out of HTTP's hands.

    With ``read`` it returns when the client has read the head, or has not for a while: what comes right behind it is
    lost to clients that read both into a buffer and then go on from the socket itself (docker-py, ``exec_run`` and
    ``attach``). Without, it returns in the same step of the loop as the head is sent, so that what the caller does next
    without waiting is done before any request that the client sends on reading it.

    The request's body must have been read. The socket is duplicated; HTTP's own descriptor is closed without a
    ``shutdown``, so the client notices nothing. Raises ConnectionResetError when the client has gone.
    """
    connection, transport = request.protocol, request.transport
    assert isinstance(connection, Connection)
    if transport is None or transport.is_closing():
        raise ConnectionResetError("the client has gone")
    if transport.is_reading():
        transport.pause_reading()
    sock = socket.socket(fileno=os.dup(transport.get_extra_info("socket").fileno()))
    try:
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_sendall(sock, head)
        if read:
            await _read_by_client(sock)
    except BaseException:
        sock.close()
        raise
    connection.taken = True
    early = connection.take_early()
    transport.abort()
    return Hijacked(sock.detach(), early)


async def _read_by_client(sock: socket.socket) -> None:
    """Only a Unix socket says what its other end has not read yet (unix(7), SIOCOUTQ)."""
    if sock.family != socket.AF_UNIX:
        return
    for _ in range(_PATIENCE_STEPS):
        if struct.unpack("i", fcntl.ioctl(sock, termios.TIOCOUTQ, bytes(4)))[0] == 0:
            return
        await asyncio.sleep(_STEP_SECONDS)
