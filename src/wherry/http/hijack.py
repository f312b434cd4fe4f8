"""Take a client's raw socket over from HTTP, for attach and exec."""

import asyncio
import os
import socket
from dataclasses import dataclass

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from wherry.http.connection import Connection


@dataclass(frozen=True, slots=True)
class Hijacked:
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


async def hijack(request: web.BaseRequest, head: bytes) -> Hijacked:
    """Send ``head`` (status line and headers, complete) and take the connection out of HTTP's hands.

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
    except BaseException:
        sock.close()
        raise
    connection.taken = True
    early = connection.take_early()
    transport.abort()
    return Hijacked(sock.detach(), early)
