"""A name server of the test's own, on loopback, that says what it is told to."""

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

from wherry.node.dns.exchange import Server

Says = Callable[[bytes], "list[bytes]"]
"""From a query to the datagrams (or messages of a stream) that are sent back."""


class Upstream(asyncio.DatagramProtocol):
    """``asked`` are the queries so far, with who asked by what."""

    def __init__(self, says: Says) -> None:
        self.says = says
        self.asked: list[tuple[bytes, tuple[str, int], str]] = []
        self.server = Server("127.0.0.1", 0)
        self._transport: asyncio.DatagramTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        self.asked.append((data, address, "udp"))
        for answer in self.says(data):
            self._transport.sendto(answer, address)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            (length,) = struct.unpack("!H", await reader.readexactly(2))
            data = await reader.readexactly(length)
            self.asked.append((data, writer.get_extra_info("peername"), "tcp"))
            for answer in self.says(data):
                writer.write(struct.pack("!H", len(answer)) + answer)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def upstream(says: Says) -> AsyncIterator[Upstream]:
    made = Upstream(says)
    loop = asyncio.get_running_loop()
    while True:  # the same port for both: some other program may have the second one
        transport, _ = await loop.create_datagram_endpoint(lambda: made, ("127.0.0.1", 0))
        port = transport.get_extra_info("sockname")[1]
        try:
            listening = await asyncio.start_server(made.serve, "127.0.0.1", port)
            break
        except OSError:
            transport.close()
    made.server = Server("127.0.0.1", port)
    try:
        yield made
    finally:
        transport.close()
        listening.close()
