"""Answers whose bytes are all there: what aiohttp makes of a response's parts costs more than most of ours do."""

from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from aiohttp import HttpVersion11, web
from aiohttp.helpers import rfc822_formatted_time

from wherry.http.request import ANSWER_HEADERS

_JOINED_BYTES = 65536
"""Up to here head and body are one record of TLS and one call of the kernel; a long body is not copied for that."""
PIECE_BYTES = 1 << 18
"""Of a long body. In one piece 50 MB take OpenSSL four times as long, and three times the memory."""


class Ready(web.StreamResponse):
    """An answer to ``request``, to which :func:`suits` must say yes. (Of aiohttp's response it has what its server
    asks for; the parts of a head that one could still change are not made.)"""

    def __init__(self, request: web.BaseRequest, code: int, headers: Mapping[str, str], body: bytes) -> None:
        self._keep_alive = True
        self._status = code
        self._protocol: Any = request.protocol
        more = request.get(ANSWER_HEADERS)
        self._head = head(code, {**headers, **more} if more else headers, len(body))
        self._content = body

    @property
    def prepared(self) -> bool:
        """Nothing can be added."""
        return True

    async def prepare(self, request: web.BaseRequest) -> None:
        """There is nothing to do."""

    async def write_eof(self, data: bytes = b"") -> None:
        """Send all of it. Raises ConnectionError when the client has gone."""
        transport = self._protocol.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError("the client has gone")
        if len(self._content) <= _JOINED_BYTES:
            transport.write(self._head + self._content)
        else:
            transport.write(self._head)
            await self._write_long()
        await self._protocol._drain_helper()

    async def _write_long(self) -> None:
        """In pieces, each when there is room for it: what is encrypted is a copy, and the client may be slow."""
        content, protocol = memoryview(self._content), self._protocol
        for start in range(0, len(content), PIECE_BYTES):
            if protocol.transport is None or protocol.transport.is_closing():
                raise ConnectionResetError("the client has gone")
            protocol.transport.write(content[start : start + PIECE_BYTES])
            await protocol._drain_helper()


def suits(request: web.BaseRequest) -> bool:
    """Whether the answer is to be a head and a body in HTTP/1.1 on a connection that goes on."""
    return request.version == HttpVersion11 and request.keep_alive and request.method != "HEAD"


def head(code: int, headers: Mapping[str, str], length: int) -> bytes:
    """Of an answer with a body. No name or value may have a line's end in it."""
    return b"%bContent-Length: %d\r\nDate: %b\r\n\r\n" % (beginning(code, headers), length, _date())


def beginning(code: int, headers: Mapping[str, str]) -> bytes:
    """The same, but for what :func:`whole` adds."""
    fields = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    return f"{_status_line(code)}{fields}".encode()


def whole(beginning: bytes, name: str, value: str, body: bytes) -> bytes:
    """An answer of one of some beginnings, one more header, and a body."""
    field = f"{name}: {value}".encode()
    return b"%b%b\r\nContent-Length: %d\r\nDate: %b\r\n\r\n%b" % (beginning, field, len(body), _date(), body)


def _date() -> bytes:
    return rfc822_formatted_time().encode()


@lru_cache
def _status_line(code: int) -> str:
    return f"HTTP/1.1 {code} {HTTPStatus(code).phrase}\r\n"
