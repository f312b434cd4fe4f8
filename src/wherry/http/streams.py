"""Answers that are sent piece by piece."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from aiohttp import web

from wherry.http.connection import Connection
from wherry.http.documents import encode

T = TypeVar("T")


class Stream:
    """An answer under way: its status and headers are on the wire before :meth:`open` returns.

    Every piece is sent at once. A handler inside ``connection_of(request).cancelled_by_loss()`` is cancelled when the
    client goes.
    """

    def __init__(self, request: web.BaseRequest, response: web.StreamResponse) -> None:
        self._request = request
        self.response = response

    @classmethod
    async def open(
        cls, request: web.BaseRequest, content_type: str, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> "Stream":
        """Send status line and headers; the body is chunked."""
        response = web.StreamResponse(status=status, headers={**(headers or {}), "Content-Type": content_type})
        await response.prepare(request)
        return cls(request, response)

    async def send(self, data: bytes) -> None:
        """Send bytes (none: nothing). Waits while the client does not read; raises ConnectionError when it has gone."""
        if data:
            await self.response.write(data)

    async def send_json(self, document: Any) -> None:  # Any: whatever msgspec encodes
        """Send one JSON document on a line of its own."""
        await self.response.write(encode(document) + b"\n")

    async def send_all(self, pieces: AsyncIterator[bytes]) -> web.StreamResponse:
        """Send every piece until the iterator ends or the client goes; returns the response, finished."""
        with connection_of(self._request).cancelled_by_loss():
            async with closing(pieces):
                async for piece in pieces:
                    await self.send(piece)
        return self.response


@asynccontextmanager
async def closing(iterator: AsyncIterator[T]) -> AsyncIterator[AsyncIterator[T]]:
    """Ends a generator that is not read to its end, so that what it works on stops now and not when it is collected."""
    try:
        yield iterator
    finally:
        if isinstance(iterator, AsyncGenerator):
            await iterator.aclose()


def connection_of(request: web.BaseRequest) -> Connection:
    """The connection a request came on."""
    connection = request.protocol
    assert isinstance(connection, Connection)
    return connection
