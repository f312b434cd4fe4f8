"""One SOCK_SEQPACKET connection on the event loop: requests that are answered, and events."""

import asyncio
import socket
from collections.abc import Callable

from wherry.engine.runtime import wire
from wherry.kit.errors import Unavailable

Fds = dict[str, int]


class Connection:
    """Numbers requests and hands each answer to its asker; everything else is an event.

    ``on_event`` gets each event's message, ``on_close`` is called once when the peer is gone.
    """

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._loop = asyncio.get_running_loop()
        self._number = 0
        self._asked: dict[int, asyncio.Future[wire.Received]] = {}
        self._first: asyncio.Future[wire.Received] = self._loop.create_future()
        self.on_event: Callable[[wire.Message], None] = lambda message: None
        self.on_close: Callable[[], None] = lambda: None
        self.closed = False
        self._loop.add_reader(sock.fileno(), self._readable)

    def _readable(self) -> None:
        while not self.closed:
            try:
                received = wire.receive(self._sock)
            except BlockingIOError:
                return
            except OSError:
                received = None
            if received is None:
                self.close()
                self.on_close()
                return
            self._dispatch(received)

    def _dispatch(self, received: wire.Received) -> None:
        number = received.message.get("n")
        if number is not None:
            future = self._asked.pop(number, None)
            if future is not None and not future.done():
                future.set_result(received)
                return
        elif not self._first.done() and "event" not in received.message:
            self._first.set_result(received)
            return
        else:
            self.on_event(received.message)
        received.close()

    async def next(self) -> wire.Received:
        """The first message the peer sends of itself; Unavailable when it closes before that."""
        return await self._first

    async def ask(self, message: wire.Message, fds: Fds | None = None) -> wire.Received:
        """Send a request (the descriptors stay ours) and return its answer; Unavailable when the peer is gone."""
        if self.closed:
            raise Unavailable("the container's shim is gone")
        self._number += 1
        number = self._number
        future: asyncio.Future[wire.Received] = self._loop.create_future()
        self._asked[number] = future
        try:
            await self._send({**message, "n": number}, fds)
        except OSError as error:
            self._asked.pop(number, None)
            raise Unavailable(f"the container's shim is gone ({error.strerror or error})") from error
        return await future

    async def _send(self, message: wire.Message, fds: Fds | None) -> None:
        while True:
            try:
                wire.send(self._sock, message, fds)
                return
            except BlockingIOError:  # its queue is full: it is busy with a client
                await asyncio.sleep(0.001)

    def detach(self) -> socket.socket:
        """Stop serving; the socket is the caller's."""
        self._loop.remove_reader(self._sock.fileno())
        self.closed = True
        return self._sock

    def close(self) -> None:
        if self.closed:
            return
        self.detach().close()
        gone = Unavailable("the container's shim is gone")
        for future in (*self._asked.values(), self._first):
            if not future.done():
                future.set_exception(gone)
                future.exception()  # nobody may be waiting for it
        self._asked = {}
