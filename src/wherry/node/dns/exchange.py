"""One question to one server, and its answer: by datagram, and by a stream where that is not enough.

An answer is believed when it comes from where the question went, to the port it came from (a new socket each time, at
random: the kernel's), with its random number and its question. Whoever cannot see the question has to guess 32 bits
less a few; when :data:`GUESSES` answers were wrong somebody is guessing, and the question is asked again by a stream,
where there is nothing to guess (RFC 5452 §9).
"""

import asyncio
import secrets
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass

from wherry.node.dns.message import CHECKING_DISABLED, DESIRED, HEADER, Malformed, Query, Reply, opt, parse_reply
from wherry.node.dns.records import Code

GUESSES = 8
PORT = 53
_LENGTH = struct.Struct("!H")
_NO_EXTENSIONS = (Code.FORMERR, Code.NOTIMP)


@dataclass(frozen=True, slots=True, order=True)
class Server:
    """``address`` may have an interface (``fe80::1%eth0``)."""

    address: str
    port: int = PORT

    def __str__(self) -> str:
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


class NoAnswer(Exception):
    """None that counts, in time."""


def question(query: Query, number: int, *, extensions: bool = True) -> bytes:
    """The same question, as ours."""
    flags = DESIRED | query.flags & CHECKING_DISABLED
    options = opt(wants_signatures=query.wants_signatures) if extensions else b""
    return HEADER.pack(number, flags, 1, 0, 0, bool(options)) + query.question + options


def answered(query: Query, number: int, data: bytes) -> Reply | None:
    """None: that is no answer to this question."""
    if int.from_bytes(data[:2], "big") != number:
        return None
    try:
        reply = parse_reply(data)
    except Malformed:
        return None
    return reply if (reply.name, reply.type, reply.klass) == (query.name, query.type, query.klass) else None


async def ask(server: Server, query: Query, seconds: float, number: Callable[[], int] | None = None) -> Reply:
    """Raises NoAnswer."""
    numbers = number or (lambda: secrets.randbelow(1 << 16))
    try:
        async with asyncio.timeout(seconds):
            reply = await _by_datagram(server, query, numbers(), extensions=True)
            if reply is not None and reply.code in _NO_EXTENSIONS and not reply.answers:
                reply = await _by_datagram(server, query, numbers(), extensions=False)
            if reply is None or reply.truncated:
                return await _by_stream(server, query, numbers())
            return reply
    except TimeoutError as error:
        raise NoAnswer(f"{server} does not answer within {seconds:g} s") from error
    except (OSError, asyncio.IncompleteReadError) as error:
        raise NoAnswer(f"{server}: {error}") from error


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, query: Query, number: int) -> None:
        self._query = query
        self._number = number
        self._wrong = 0
        self.reply: asyncio.Future[Reply | None] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, address: object) -> None:
        if self.reply.done():
            return
        reply = answered(self._query, self._number, data)
        if reply is not None:
            self.reply.set_result(reply)
            return
        self._wrong += 1
        if self._wrong >= GUESSES:
            self.reply.set_result(None)

    def error_received(self, error: Exception) -> None:
        if not self.reply.done():
            self.reply.set_exception(error)

    def connection_lost(self, error: Exception | None) -> None:
        self.error_received(error or ConnectionError("the socket is closed"))


async def _by_datagram(server: Server, query: Query, number: int, *, extensions: bool) -> Reply | None:
    """None: somebody is guessing."""
    made = _connected(server)
    try:
        transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Datagrams(query, number), sock=made
        )
    except BaseException:
        made.close()
        raise
    try:
        transport.sendto(question(query, number, extensions=extensions))
        return await protocol.reply
    finally:
        protocol.reply.cancel()
        transport.close()


def _connected(server: Server) -> socket.socket:
    """Only what comes from there is received (udp(7)); the port is a random one (ip(7), ip_local_port_range)."""
    host, _, interface = server.address.partition("%")
    is_ipv6 = ":" in host
    made = socket.socket(
        socket.AF_INET6 if is_ipv6 else socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
    )
    try:
        scope = socket.if_nametoindex(interface) if interface else 0
        made.connect((host, server.port, 0, scope) if is_ipv6 else (host, server.port))
    except BaseException:
        made.close()
        raise
    return made


async def _by_stream(server: Server, query: Query, number: int) -> Reply:
    reader, writer = await asyncio.open_connection(server.address, server.port)
    try:
        asked = question(query, number)
        writer.write(_LENGTH.pack(len(asked)) + asked)
        (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
        reply = answered(query, number, await reader.readexactly(length))
        if reply is None:
            raise NoAnswer(f"{server} answers something else")
        return reply
    finally:
        writer.close()
