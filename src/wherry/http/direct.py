"""Connections whose plain requests are answered directly: without a request, a response and two tasks of aiohttp's,
which together cost more than most answers.

Plain is a request in HTTP/1.1 that came whole and alone, its body with it, on a connection that goes on. One is
answered at a time, and is under way until the client has taken its answer; what it sends meanwhile is read afterwards.
Everything else takes aiohttp's way.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

from aiohttp import web
from aiohttp.http_parser import HttpRequestParser
from aiohttp.web_protocol import RequestHandler

from wherry.http.connection import MAX_EARLY_BYTES, Connection, RenderError
from wherry.http.plain import Plain, RequestHead, RequestHeads, is_plain
from wherry.http.ready import head
from wherry.http.turns import Turns

Direct = Callable[[RequestHead, bytes, "DirectConnection"], bytes | Coroutine[Any, Any, bytes] | None]
"""All bytes of the answer to a request, by its head and its body, or what will come to them; None: the handler answers.
What either raises is a fault: it is logged, and the client told so (500)."""

_PIECE_BYTES = 64
"""What keeping a piece of any size takes beside it."""

_COUNTS_MESSAGES = hasattr(HttpRequestParser, "message_consumed")  # aiohttp 3.14: how many wait is limited


class DirectConnection(Connection):
    """See the module."""

    __slots__ = (
        "_behind", "_behind_bytes", "_direct", "_heads", "_is_expired", "_is_full", "_is_sent", "_is_starting",
        "_turns", "_under_way", "running",
    )  # fmt: skip

    def __init__(
        self, manager: web.Server, render_error: RenderError, direct: Direct, turns: Turns, heads: RequestHeads,
        **options: Any,
    ) -> None:  # fmt: skip
        super().__init__(manager, render_error, **options)
        self._direct = direct
        self._turns = turns
        self._heads = heads
        self._is_starting = True  # what comes next is the beginning of a request, for the parser, too
        self._under_way: Plain | None = None
        self.running: asyncio.Task[None] | None = None
        """What makes an answer, if that takes more than a moment."""
        self._is_expired = False
        self._is_sent = False  # the answer to it, but not all of that is out
        self._behind: deque[bytes] | None = None  # what came while a request is under way
        self._behind_bytes = 0
        self._is_full = False  # too much came, and no more is read

    @property
    def is_idle(self) -> bool:
        """See :class:`Connection`."""
        if self._under_way is not None or self._messages:
            return False
        waiter = self._waiter
        return self._request_count == 0 if waiter is None else not waiter.done()

    @property
    def _has_more(self) -> bool:
        return bool(self._behind) or super()._has_more

    def data_received(self, data: bytes) -> None:
        if self._is_starting and self.is_idle and not (self._head or self._paused or self._is_ending):
            plain = self._heads.plain(data)
            if plain is not None:
                self._request_count += 1
                self._begin(plain)
                return
        super().data_received(data)

    @property
    def _is_ending(self) -> bool:
        return self._close or self._force_close

    def _read(self, data: bytes, is_idle: bool) -> None:
        if self._under_way is not None:
            self._keep(data)
            return
        is_starting, self._is_starting = self._is_starting, False
        if not is_idle or not data or self._messages or self._paused:
            super()._read(data, is_idle)
            return
        waiter, self._waiter = self._waiter, None  # aiohttp's task is woken when there is something for it
        try:
            RequestHandler.data_received(self, data)
        finally:
            self._waiter = waiter
        messages: Any = self._messages
        if len(messages) == 1 and self._body_left is None and is_plain(*messages[0]):
            message, payload = messages.popleft()
            plain, self._is_starting = self._heads.read(data, message, payload, is_starting)
            self._begin(plain)
        elif messages:
            self._wake()

    def _begin(self, plain: Plain) -> None:
        self._under_way = plain
        self._close = self._close or (self._is_all and not self._behind)
        self._request_in_progress = True  # who ends the server waits for it
        self._turns.received(self)

    def _keep(self, data: bytes) -> None:
        if self._behind is None:
            self._behind = deque()
        self._behind.append(data)
        self._behind_bytes += len(data) + _PIECE_BYTES
        if self._behind_bytes > MAX_EARLY_BYTES and self.transport is not None:
            self._is_full = True
            self.transport.pause_reading()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def answer(self) -> bytes | None:
        """Called by the turn."""
        plain = self._under_way
        assert plain is not None
        try:
            found = self._direct(plain.head, plain.body, self) if self.transport is not None else b""
        except Exception:
            found = self._fault()
        if found is None:
            self._decline(plain)
            return None
        if _COUNTS_MESSAGES and self._parser is not None and plain.payload is not None:
            self._parser.message_consumed()
        if isinstance(found, bytes):
            return found
        self.running = self._loop.create_task(self._answered_later(found))
        return None

    def _decline(self, plain: Plain) -> None:
        """It is aiohttp's."""
        if plain.payload is not None:
            self._messages.append((plain.head.message, plain.payload))
        else:
            assert self._parser is not None
            messages: Any = self._messages
            messages.extend(self._parser.feed_data(plain.data)[0])
        self._go_on()
        self._wake()

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """That it lives in."""
        return self._loop

    def expire(self) -> None:
        """End the request that is :attr:`running`: its time is over. Whoever limits it asks :meth:`has_expired`."""
        if self.running is not None:
            self._is_expired = True
            self.running.cancel()

    def has_expired(self) -> bool:
        """Whether it is for that that it is being cancelled, and for nothing else; it is not any more then."""
        is_expired, self._is_expired = self._is_expired, False
        return is_expired and self.running is not None and self.running.uncancel() == 0

    async def _answered_later(self, coroutine: Coroutine[Any, Any, bytes]) -> None:
        answer = b""  # of one that was cancelled
        try:
            answer = await coroutine
        except Exception:
            answer = self._fault()
        finally:
            self.running, self._is_expired = None, False
            self._turns.answered(self, answer)

    def _fault(self) -> bytes:
        """What a client is told of the exception at hand, as :meth:`handle_error` says it."""
        self.log_exception("fault while answering a request")
        self._close = True
        response = self._render_error(500, "internal error")
        body = response.body
        assert isinstance(body, bytes)
        return head(500, {**response.headers, "Connection": "close"}, len(body)) + body

    def send(self, answer: bytes) -> None:
        """Called by the turn. Nothing: there is no answer, and the client must not wait for one."""
        if self.transport is not None and not self.transport.is_closing():
            if answer:
                self.transport.write(answer)
            else:
                self._close = True
            if self._paused:
                self._is_sent = True
                return
        self._done()

    def resume_writing(self) -> None:
        """Called when the client has taken most of what was written."""
        super().resume_writing()
        if self._is_sent:
            self._done()

    def connection_lost(self, exc: BaseException | None) -> None:
        super().connection_lost(exc)
        if self._is_sent:
            self._done()

    def _done(self) -> None:
        self._is_sent = False
        if self._close and self.transport is not None:
            self.transport.close()
        self._go_on()

    def _go_on(self) -> None:
        """The request is answered, or aiohttp's."""
        self._under_way = None
        self._request_in_progress = False
        self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout
        if self._handler_waiter is not None and not self._handler_waiter.done():
            self._handler_waiter.set_result(None)
        if self._behind:
            self._read_on()

    def _read_on(self) -> None:
        """What came meanwhile, as it came: where something is no request, aiohttp's parser loses those that were in one
        piece with it."""
        while self._behind and self._under_way is None and self.transport is not None:
            data = self._behind.popleft()
            self._behind_bytes -= len(data) + _PIECE_BYTES
            self.data_received(data)
        if self._is_full and self._behind_bytes <= MAX_EARLY_BYTES:
            self._is_full = False
            if self.transport is not None and not self._buffer_paused and not self._reading_paused:
                self.transport.resume_reading()
        if self._is_all and self.is_idle and self.transport is not None:
            self.transport.close()  # it was no whole request

    def abort(self) -> None:
        """Called by the turn."""
        if self.transport is not None:
            self.transport.abort()

    def _process_keepalive(self) -> None:
        """Called by aiohttp's timer, which looks at its own requests only."""
        if self._under_way is None:
            super()._process_keepalive()
        else:
            self._keepalive_handle = self._loop.call_later(self._keepalive_timeout, self._process_keepalive)

    def close(self) -> None:
        """See :class:`aiohttp.web_protocol.RequestHandler`. Its task, which this ends, may be needed still by what has
        been read in this turn."""
        if self._under_way is None or self.running is not None:
            super().close()
        else:
            self._close = True

    async def shutdown(self, timeout: float | None = 15.0) -> None:
        """See :class:`aiohttp.web_protocol.RequestHandler`."""
        if self.running is not None:
            self.close()  # aiohttp's task is waited for, too, and has nothing to do
        await super().shutdown(timeout)
        if self.running is not None:
            self.running.cancel()
