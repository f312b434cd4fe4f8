"""Listens for queries, by datagram and by stream."""

import asyncio
import errno
import logging
import socket
import struct
from collections.abc import Awaitable
from typing import Protocol, cast

from wherry.kit.errors import Conflict, Unavailable

_log = logging.getLogger(__name__)
MOST_PENDING = 4096
MOST_STREAMS = 128
PORT_TRIES = 100
"""How often another free port is looked for: one for datagrams may be some connection's."""
IDLE_SECONDS = 10.0
_RECEIVE_BYTES = 1 << 20
_IP_FREEBIND = 15  # include/uapi/linux/in.h
_LENGTH = struct.Struct("!H")
_Address = tuple[str, int]


class Answers(Protocol):
    """:class:`.resolver.Resolver` is one."""

    def answer(self, data: bytes, *, is_stream: bool) -> bytes | Awaitable[bytes | None] | None: ...


class Server:
    """Listens between :meth:`start` and :meth:`close`."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._datagrams: list[asyncio.DatagramTransport] = []
        self._listening: list[asyncio.Server] = []
        self.pending: set[asyncio.Future[None]] = set()
        self._streams = 0

    async def start(self, address: str, port: int) -> int:
        """The port, of both kinds; 0 is a free one. The address need not be there yet. Raises Conflict when somebody
        has the port, Unavailable when this machine has no such address family."""
        loop = asyncio.get_running_loop()
        udp, tcp = _bound(address, port) if port else _bound_anywhere(address)
        self._datagrams.append((await loop.create_datagram_endpoint(lambda: _Datagrams(self), sock=udp))[0])
        self._listening.append(await asyncio.start_server(self._serve, sock=tcp))
        return int(udp.getsockname()[1])

    async def close(self) -> None:
        """Idempotent."""
        for transport in self._datagrams:
            transport.close()
        for server in self._listening:
            server.close()
        for task in list(self.pending):
            task.cancel()
        self._datagrams.clear()
        self._listening.clear()

    def received(self, transport: asyncio.DatagramTransport, data: bytes, address: _Address) -> None:
        """A datagram. What cannot be answered at once waits, with as many others as there may be."""
        found = self._answers.answer(data, is_stream=False)
        if isinstance(found, bytes):
            transport.sendto(found, address)
        elif found is not None and len(self.pending) < MOST_PENDING:
            task = asyncio.get_running_loop().create_task(_send(found, transport, address))
            self.pending.add(task)
            task.add_done_callback(self.pending.discard)
        elif asyncio.iscoroutine(found):
            found.close()  # whoever asks asks again

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One question after the other (RFC 7766)."""
        self._streams += 1
        try:
            while self._streams <= MOST_STREAMS:
                async with asyncio.timeout(IDLE_SECONDS):
                    (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
                    data = await reader.readexactly(length)
                found = self._answers.answer(data, is_stream=True)
                answer = found if isinstance(found, bytes) or found is None else await found
                if answer is None:
                    return
                writer.write(_LENGTH.pack(len(answer)) + answer)
                async with asyncio.timeout(IDLE_SECONDS):
                    await writer.drain()
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            return
        finally:
            self._streams -= 1
            writer.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: Server) -> None:
        self._server = server
        self._transport: asyncio.DatagramTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)  # asyncio's own is no subclass of it

    def datagram_received(self, data: bytes, address: _Address) -> None:
        try:
            self._server.received(self._transport, data, address)
        except Exception:  # one question's trouble is not the others'
            _log.exception("a question from %s", address[0])


async def _send(found: Awaitable[bytes | None], transport: asyncio.DatagramTransport, address: _Address) -> None:
    answer = await found
    if answer is not None and not transport.is_closing():
        transport.sendto(answer, address)


def _bound_anywhere(address: str) -> tuple[socket.socket, socket.socket]:
    for _ in range(PORT_TRIES - 1):
        try:
            return _bound(address, 0)
        except Conflict:
            continue
    return _bound(address, 0)


def _bound(address: str, port: int) -> tuple[socket.socket, socket.socket]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    made: list[socket.socket] = []
    try:
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            each = socket.socket(family, kind | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
            made.append(each)
            each.setsockopt(socket.SOL_IP, _IP_FREEBIND, 1)
            if kind == socket.SOCK_DGRAM:
                each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BYTES)
            else:
                each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            each.bind((address, port))
            port = port or each.getsockname()[1]
        made[1].listen(256)
    except OSError as error:
        for each in made:
            each.close()
        if error.errno == errno.EADDRINUSE:
            raise Conflict(f"cannot answer DNS at {address} port {port}: another program listens there") from error
        raise Unavailable(f"cannot answer DNS at {address} port {port}: {error}") from error
    return made[0], made[1]
