"""Plain requests, and heads that come again.

Clients ask for the same again, renew what they have, make many things of one kind. What a request's head says depends
on its bytes alone: the same ones, where a request begins, are read once, and that with all that follows from them.
"""

from collections import OrderedDict
from typing import Any

import msgspec
from aiohttp import HttpVersion11
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import EMPTY_PAYLOAD, StreamReader

from wherry.http.connection import is_chunked_alone

_END = b"\r\n\r\n"
MOST_HEADS = 128
MOST_HEAD_BYTES = 4096
"""Longer ones are not kept: with what is made of them, all may take a megabyte."""


class RequestHead(msgspec.Struct, eq=False):
    """What the parser found in it. It may be of many requests, one after the other or at one time."""

    message: RawRequestMessage
    body_bytes: int
    found: Any = None
    """For who answers: what follows from the head, and from nothing else; None at first."""


class Plain(msgspec.Struct, eq=False):
    """A plain request. ``payload`` is the parser's own form of the body; None: the parser has not seen it."""

    head: RequestHead
    body: bytes
    data: bytes
    """All of it, as it came."""
    payload: StreamReader | None


class RequestHeads:
    """Those that were met lately, of all connections of a server."""

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, RequestHead] = OrderedDict()

    def plain(self, data: bytes) -> Plain | None:
        """The request that ``data`` is, when its head is known and its body is there, and nothing behind it. Only where
        a request begins, for the parser, too."""
        end = data.find(_END) + len(_END)
        text = data[:end]
        head = self._known.get(text)
        if head is None or len(data) != end + head.body_bytes:
            return None
        self._known.move_to_end(text)
        return Plain(head, data[end:], data, None)

    def read(
        self, data: bytes, message: RawRequestMessage, payload: StreamReader, begins: bool
    ) -> tuple[Plain, bool]:  # fmt: skip
        """The plain request that the parser has found in ``data``, and whether it is all of that: if ``data`` is where
        it ``begins``. Then the next one begins behind it, and its head is known from now on. (The end of a long head is
        never: somebody else may send the same as a whole, and would be taken for who sent this.)"""
        body = body_of(payload)
        head = RequestHead(message, len(body))
        end = data.find(_END) + len(_END)
        is_all = begins and len(data) == end + len(body)  # chunks have more than their body
        if is_all and end <= MOST_HEAD_BYTES:
            self._known[data[:end]] = head
            if len(self._known) > MOST_HEADS:
                self._known.popitem(last=False)
        return Plain(head, body, data, payload), is_all


def is_plain(message: Any, payload: StreamReader) -> bool:
    """See :mod:`wherry.http.direct`."""
    if not isinstance(message, RawRequestMessage):
        return False
    is_usual = message.version == HttpVersion11 and not message.should_close and not message.upgrade
    return is_usual and payload.is_eof() and (not message.chunked or is_chunked_alone(message))


def body_of(payload: StreamReader) -> bytes:
    """A body whose end has come, and of which nothing was read. (Its own ways to read it would ask for more.)"""
    pieces: Any = payload._buffer if payload is not EMPTY_PAYLOAD else ()
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)
