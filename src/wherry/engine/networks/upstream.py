"""Asks the machine's own name servers what a container wants to know and no container is called.

An answer is believed when it comes from the server that was asked, to the random port that it was asked from, with the
random number and the question that it was asked with (RFC 5452).
"""

import asyncio
import secrets
from collections.abc import Sequence

from wherry.engine.networks.question import Question

TRY_SECONDS = 4.0  # libnetwork, resolver.go: extIOTimeout
_PORT = 53
_NUMBER_BYTES = 2
_HEADER_BYTES = 12


class _Asking(asyncio.DatagramProtocol):
    """Waits for the one answer; the socket is connected, so the kernel drops what others send."""

    def __init__(self, query: bytes, end: int) -> None:
        self._query = query
        self._end = end
        self.answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: object) -> None:
        same_number = data[:_NUMBER_BYTES] == self._query[:_NUMBER_BYTES]
        same_question = data[_HEADER_BYTES : self._end].lower() == self._query[_HEADER_BYTES : self._end].lower()
        if same_number and same_question and not self.answer.done():
            self.answer.set_result(data)

    def error_received(self, exc: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(exc)


async def ask(
    servers: Sequence[str], message: bytes, question: Question, port: int = _PORT, seconds: float = TRY_SECONDS
) -> bytes | None:
    """The first answer, of one server after the other; None when none answers."""
    query = secrets.token_bytes(_NUMBER_BYTES) + message[_NUMBER_BYTES:]
    for server in servers:
        try:
            async with asyncio.timeout(seconds):
                answer = await _ask_one((server, port), query, question.end)
        except (OSError, TimeoutError):
            continue
        return message[:_NUMBER_BYTES] + answer[_NUMBER_BYTES:]
    return None


async def _ask_one(server: tuple[str, int], query: bytes, end: int) -> bytes:
    loop = asyncio.get_running_loop()
    transport, asking = await loop.create_datagram_endpoint(lambda: _Asking(query, end), remote_addr=server)
    try:
        transport.sendto(query)
        return await asking.answer
    finally:
        transport.close()


async def ask_by_stream(
    servers: Sequence[str], message: bytes, port: int = _PORT, seconds: float = TRY_SECONDS
) -> bytes | None:
    """The same over TCP, where what has no room in a datagram has (RFC 7766)."""
    for server in servers:
        try:
            async with asyncio.timeout(seconds):
                return await _stream_one((server, port), message)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            continue
    return None


async def _stream_one(server: tuple[str, int], message: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(*server)
    try:
        writer.write(len(message).to_bytes(2) + message)
        await writer.drain()
        return await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
    finally:
        writer.close()
