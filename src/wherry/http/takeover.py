"""Go on with a client's connection in another protocol, inside this process and inside its TLS.

:mod:`wherry.http.hijack` gives the socket away, which TLS does not allow.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from wherry.http.duplex import READ_AHEAD_BYTES, Wire
from wherry.http.streams import connection_of


@asynccontextmanager
async def taken_over(request: web.BaseRequest, head: bytes) -> AsyncIterator[Wire]:
    """Send ``head`` (status line and headers, complete); what comes from then on is the block's. At its end the
    connection is closed, and the handler must return :class:`wherry.http.hijack.TakenOver`.

    The request's body must have been read. The block is cancelled when the server stops. Raises ConnectionResetError
    when the client has gone.
    """
    connection, transport = connection_of(request), request.transport
    if transport is None or transport.is_closing():
        raise ConnectionResetError("the client has gone")
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=READ_AHEAD_BYTES, loop=loop)
    protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
    protocol.connection_made(transport)
    early = connection.take_early()
    transport.set_protocol(protocol)
    connection.taken = True
    wire = Wire(reader, asyncio.StreamWriter(transport, protocol, reader, loop))
    try:
        with connection.cancelled_by_loss():
            if not transport.is_reading():
                transport.resume_reading()
            if early:
                reader.feed_data(early)  # which pauses again when it is too much
            await wire.write(head)
            yield wire
    finally:
        wire.close()
        connection.connection_lost(None)


def upgrade_of(request: web.BaseRequest) -> str:
    """What a request asks to go on with (``websocket``, ``spdy/3.1``), in lower case; empty: it does not ask
    (RFC 9110 7.8: the Connection header must name Upgrade)."""
    connection = ",".join(request.headers.getall("Connection", ()))
    if "upgrade" not in (each.strip().lower() for each in connection.split(",")):
        return ""
    return request.headers.get("Upgrade", "").strip().lower()
