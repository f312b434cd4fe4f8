"""One client connection: aiohttp's HTTP protocol, with what it lacks for upgrades and half-closed clients.

* A client may end its sending side while it waits for the answer; aiohttp would close the connection.
* Bytes a client sends behind an upgrade request (before it has the 101) belong to the upgraded stream; aiohttp's parser
  knows only the upgrade to WebSocket and would lose them (``_http_parser.pyx``: ``ALLOWED_UPGRADES``).
* A handler may ask to be cancelled when its client goes, and must otherwise run to its end.
* A client that connects and says nothing may be let go after a while (``head_seconds``).
* aiohttp limits each line of a head and their number, not the whole: that would be megabytes for whoever connects.
* Where a body is no body (its chunks are none), who reads it would wait for more of it.
* A body in another transfer coding besides ``chunked`` is not what it would be read as: 501, as Go's net/http has it
  (``server.go``: ``isUnsupportedTEError``).
"""

import asyncio
import re
import select
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from aiohttp import web
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import StreamReader
from aiohttp.web_protocol import RequestHandler, _ErrInfo

from wherry.http.duplex import keep_alive

RenderError = Callable[[int, str], web.Response]

MAX_HEAD_BYTES = 65536
"""Of what is looked at before the parser has it. (Twice as much in several lines is a head still.)"""
MOST_HEAD_BYTES = 262144
MAX_EARLY_BYTES = 262144
PEER_CHECK_SECONDS = 1.0

# No request begins otherwise. A TLS client that tries this port must hear so at once, or it waits for its time-out.
_BEGINNING = re.compile(rb"[A-Za-z]")
_HEAD_END = re.compile(rb"\n\r?\n")  # beginning with what is always there, it is found thirty times as quickly
_UPGRADE = re.compile(rb"\nupgrade:[ \t]*(?!websocket)[!-~]", re.IGNORECASE)
_CONTENT_LENGTH = re.compile(rb"\ncontent-length:[ \t]*([0-9]{1,15})[ \t]*\r?\n", re.IGNORECASE)
_CHUNKED = re.compile(rb"\ntransfer-encoding:", re.IGNORECASE)


class BrokenBody(ConnectionError):
    """A request's body that cannot be read further; its sender is told."""


class Connection(RequestHandler):
    """aiohttp's protocol for one connection; see the module."""

    __slots__ = (
        "_body_left", "_cancelled_by_loss", "_certificate", "_early", "_first_head", "_head", "_head_seconds",
        "_is_all", "_long", "_long_of", "_payload", "_peer_check", "_render_error", "client", "taken",
    )  # fmt: skip

    def __init__(
        self, manager: web.Server, render_error: RenderError, head_seconds: float | None = None, **options: Any
    ) -> None:  # fmt: skip
        super().__init__(manager, **options)
        self._certificate: bytes | None = None
        self._head_seconds = head_seconds
        self._first_head: asyncio.TimerHandle | None = None
        self._render_error = render_error
        self._head = b""
        self._payload: StreamReader | None = None  # of the request that is handled
        self._long = self._long_of = 0  # what the parser has of a long head, and of which request
        self._body_left: int | None = None  # of an upgrade request; what follows it is early
        self._early = b""
        self._is_all = False  # what has come: the client has ended its sending side
        self._cancelled_by_loss: asyncio.Task[Any] | None = None
        self._peer_check: asyncio.TimerHandle | None = None
        self.taken = False
        self.client: Any = None
        """For who answers: what it wants to know at the next request of whom this one was by; None at first."""

    @property
    def is_idle(self) -> bool:
        """True when no request is being read or answered."""
        waits = self._waiter is not None and not self._waiter.done()
        return not self._messages and (waits or self._request_count == 0)

    @property
    def may_go(self) -> bool:
        """Whether it is idle, and is not going already."""
        return self.is_idle and self.transport is not None and not self.transport.is_closing()

    @property
    def idle_until(self) -> float:
        """When an idle one is let go, in the loop's time: who has been idle longest goes first."""
        return self._next_keepalive_close_time

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if self._tcp_keepalive:
            keep_alive(transport.get_extra_info("socket"))
        if self._head_seconds is not None:
            self._first_head = self._loop.call_later(self._head_seconds, self._give_up)

    def _give_up(self) -> None:
        """The first request has not come in time. (Later ones: aiohttp's keep-alive time-out.)"""
        if not self._request_count and self.transport is not None:
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        is_idle = self.is_idle
        if data and (is_idle or self._body_left is not None):
            # What most requests are, a head that is whole and no upgrade, is for the parser as it is.
            end = _HEAD_END.search(data) if self._body_left is None and not self._head else None
            if end is None or _UPGRADE.search(data, 0, end.end()):
                data = self._without_early(data)
                if not data:
                    return
        self._read(data, is_idle)

    def _read(self, data: bytes, is_idle: bool) -> None:
        """Give it to the HTTP parser, and wake who waits for what that finds."""
        super().data_received(data)
        if not is_idle and self._messages and isinstance(self._messages[-1][0], _ErrInfo):
            self._break_body(self._messages[-1][0].message)

    def _break_body(self, why: str) -> None:
        """The parser has given up: if that was in a body, who reads it must hear so."""
        payload = self._messages[-2][1] if len(self._messages) > 1 else self._payload
        if payload is not None and not payload.is_eof():
            payload.set_exception(BrokenBody(why))
            payload.feed_eof()

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Called at the end of each body, too, where mostly nothing was paused."""
        if resume_parser:
            super().resume_reading()
        elif self._reading_paused:
            super().resume_reading(resume_parser=False)

    def begins(self, message: RawRequestMessage, payload: StreamReader) -> None:
        """Called before a request is handled."""
        self._payload = payload
        if message.upgrade and self._body_left is None and not self._upgraded:
            self._close = True  # it came behind another, and what came with it is lost: the rest of that is no request
        if self._is_all and not self._has_more:
            self._close = True  # after this answer there cannot be another request

    @property
    def certificate(self) -> bytes:
        """The client's (DER), which TLS has verified; empty when it has shown none. It stays the same: TLS 1.3 has no
        renegotiation, and Python allows none."""
        if self._certificate is None:
            tls = self.transport.get_extra_info("ssl_object") if self.transport is not None else None
            self._certificate = (tls.getpeercert(binary_form=True) or b"") if tls is not None else b""
        return self._certificate

    def _without_early(self, data: bytes) -> bytes:
        """What of ``data`` is for the HTTP parser; keeps the rest (an unfinished head, or bytes behind an upgrade)."""
        if self._body_left is not None:
            if not self.is_idle or not self._request_count:
                return self._split(data)
            # The upgrade was declined and the connection goes on as HTTP.
            data, self._early, self._body_left = self._early + data, b"", None
        data, self._head = self._head + data, b""
        end = _HEAD_END.search(data)
        if end is None:
            if data[0] in b"\r\n":
                return self._of_long(data)  # the end of a head that began behind the last request, or to be ignored
            if len(data) > MAX_HEAD_BYTES or not _BEGINNING.match(data):
                return self._of_long(data)
            self._head = data
            return b""
        return self._split(data) if self._starts_upgrade(data, end.end()) else data

    def _of_long(self, data: bytes) -> bytes:
        """What the parser is to have of a head in many pieces, or of what is none."""
        if self._long_of != self._request_count:
            self._long_of, self._long = self._request_count, 0
        self._long += len(data)
        return data if self._long <= MOST_HEAD_BYTES else b"\0"  # which no head has: it is refused

    def _starts_upgrade(self, data: bytes, end: int) -> bool:
        head = data[:end]
        if not _UPGRADE.search(head) or _CHUNKED.search(head):
            return False
        length = _CONTENT_LENGTH.search(head)
        self._body_left = end + (int(length[1]) if length else 0)
        return True

    def _split(self, data: bytes) -> bytes:
        assert self._body_left is not None
        mine, rest = data[: self._body_left], data[self._body_left :]
        self._body_left -= len(mine)
        self._early += rest
        if len(self._early) > MAX_EARLY_BYTES and self.transport is not None:
            self.transport.pause_reading()
        return mine

    def take_early(self) -> bytes:
        """The bytes that arrived behind the current upgrade request; they are handed out once. (Behind one to
        WebSocket aiohttp has kept them: ``_message_tail``.)"""
        early, self._early, self._message_tail = self._early + self._message_tail, b"", b""
        return early

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """An upgrade may have been declined: what came behind it is requests."""
        self._payload = None  # what is left of it is nobody's
        found = await super().finish_response(request, resp, start_time)
        if self._early and not self.taken and self.transport is not None:
            early, self._early, self._body_left = self._early, b"", None
            self.transport.resume_reading()
            self.data_received(early)
        return found

    def eof_received(self) -> bool:  # type: ignore[override]  # asyncio.Protocol's contract; aiohttp narrowed it
        """Keep a connection whose client only ended its sending side and still waits for an answer."""
        if self.is_idle or self.transport is None or self._is_in_body or _peer_is_gone(self.transport):
            return False
        if self.transport.get_extra_info("ssl_object") is not None:
            return False  # TLS has no half-closed connections here (asyncio closes it either way)
        self._is_all = True
        self._close = not self._has_more
        self._peer_check = self._loop.call_later(PEER_CHECK_SECONDS, self._check_peer)
        return True

    @property
    def _has_more(self) -> bool:
        """Whether requests have come behind the one that is being answered."""
        return bool(self._messages)

    @property
    def _is_in_body(self) -> bool:
        """True while a request's body has not come to its end: when the client ends there, it never will."""
        if self._messages:  # received, and not handled yet
            return not self._messages[-1][1].is_eof()
        request = self._current_request
        return request is not None and not request.content.is_eof()

    def _check_peer(self) -> None:
        """After a half-close the event loop no longer tells when the client goes for good: look."""
        if self.transport is None or self.transport.is_closing():
            return
        if _peer_is_gone(self.transport):
            self.transport.abort()
            return
        self._peer_check = self._loop.call_later(PEER_CHECK_SECONDS, self._check_peer)

    def _handle_request(
        self,
        request: web.BaseRequest,
        start_time: float | None,
        request_handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]],
    ) -> Coroutine[Any, Any, tuple[web.StreamResponse, bool]]:
        if request._message.chunked and not is_chunked_alone(request._message):
            request_handler = self._refuse_coding
        return super()._handle_request(request, start_time, request_handler)

    async def _refuse_coding(self, request: web.BaseRequest) -> web.StreamResponse:
        response = self._render_error(501, "Unsupported transfer encoding")
        response.force_close()
        return response

    @contextmanager
    def cancelled_by_loss(self) -> Iterator[None]:
        """The current task is cancelled when the client goes away inside this block."""
        self._cancelled_by_loss = asyncio.current_task()
        try:
            yield
        finally:
            self._cancelled_by_loss = None

    def cancel_stream(self) -> None:
        """End a handler inside :meth:`cancelled_by_loss`, as when its client had gone."""
        if self._cancelled_by_loss is not None:
            self._cancelled_by_loss.cancel()

    def connection_lost(self, exc: BaseException | None) -> None:
        for timer in (self._peer_check, self._first_head):
            if timer is not None:
                timer.cancel()
        if self.taken:
            self._current_request = None  # its handler goes on with the raw socket
        else:
            self.cancel_stream()
        super().connection_lost(exc)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what the HTTP parser refused (400) or a fault of the server, in the face's own form."""
        if isinstance(exc, BrokenBody):
            status, message = 400, str(exc)
        elif isinstance(exc, ConnectionError):
            raise exc  # the client has gone: there is nobody to answer
        if self.taken and status >= 500:
            self.log_exception("fault behind an upgrade", exc_info=exc)
        if self.taken or request.writer.output_size > 0:
            raise ConnectionError("the answer has begun already")
        if status >= 500:
            self.log_exception("fault while answering a request", exc_info=exc)
        response = self._render_error(status, message or "internal error")
        response.force_close()
        return response


def is_chunked_alone(message: RawRequestMessage) -> bool:
    """Of one whose body came in chunks: whether that is all that was done to it."""
    return message.headers.get("Transfer-Encoding", "").lower() == "chunked"  # two such headers the parser refuses


def _peer_is_gone(transport: asyncio.Transport) -> bool:
    """True when the client closed both directions (poll(2): POLLHUP), false after a mere half-close.

    A TCP client that closed looks as if half-closed until something is sent to it.
    """
    sock = transport.get_extra_info("socket")
    try:
        poll = select.poll()
        poll.register(sock.fileno(), 0)
        return bool(poll.poll(0))
    except (OSError, ValueError):
        return True
