"""A user at a container's streams: bytes both ways, resizing, signals passed on. One thread, one selector."""

import contextlib
import os
import selectors
import signal
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from wherry.app.cli import terminal
from wherry.app.client import Response

MULTIPLEXED = "application/vnd.docker.multiplexed-stream"
# Not passed on: nobody may catch them, or they are about this very process (docker/cli: cmd/docker, ForwardAllSignals).
_OURS = {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD, signal.SIGPIPE, signal.SIGURG, signal.SIGWINCH,
         signal.SIGTTIN, signal.SIGTTOU, signal.SIGCONT, signal.SIGTSTP}  # fmt: skip
_CHUNK_BYTES = 65536


class Detached(Exception):
    """The user typed the detach keys."""


class Demultiplexer:
    """Splits Docker's frames (``stream 0 0 0 size_be32 payload``) as they arrive in any pieces."""

    def __init__(self) -> None:
        self._head = b""
        self._stream = 1
        self._left = 0

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """(1 for stdout or 2 for stderr, payload) as far as it is there."""
        view = memoryview(data)
        while view:
            if self._left:
                payload, view = view[: self._left], view[self._left :]
                self._left -= len(payload)
                yield self._stream, bytes(payload)
                continue
            missing = 8 - len(self._head)
            self._head += bytes(view[:missing])
            view = view[missing:]
            if len(self._head) == 8:
                self._stream = 2 if self._head[0] == 2 else 1
                self._left = int.from_bytes(self._head[4:], "big")
                self._head = b""


def write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


@dataclass
class Streams:
    """What to connect: ``stdin`` None sends nothing and closes our side at once.

    ``resize`` is called with (rows, columns) at the start and whenever the terminal changes; ``forward`` with the
    number of each signal to pass on (None: signals act on us as usual).
    """

    response: Response
    tty: bool
    stdin: int | None
    detach_keys: bytes = b""
    resize: Callable[[int, int], None] | None = None
    forward: Callable[[int], None] | None = None
    _pending: bytearray = field(default_factory=bytearray)
    _input_ended: bool = False

    def run(self) -> None:
        """Until the other side closes; raises Detached."""
        interactive = self.tty and self.stdin is not None and terminal.is_terminal(self.stdin)
        with contextlib.ExitStack() as stack:
            if interactive:
                assert self.stdin is not None
                stack.enter_context(terminal.raw(self.stdin))
            wakeup = stack.enter_context(_signals(self.forward is not None, self.resize is not None))
            self._resize()
            self._loop(wakeup, terminal.DetachKeys(self.detach_keys if interactive else b""))

    def _loop(self, wakeup: socket.socket, keys: terminal.DetachKeys) -> None:
        connection = self.response.connection
        framed = self.response.headers.get("content-type") == MULTIPLEXED
        write = self._framed_writer() if framed else lambda data: write_all(1, data)
        write(self.response.take_early())
        connection.setblocking(False)
        if self.stdin is None:
            self._end_input(connection)
        with selectors.DefaultSelector() as selector:
            selector.register(wakeup, selectors.EVENT_READ)
            while True:
                self._register(selector, connection)
                for key, events in selector.select():
                    if key.fileobj is wakeup:
                        self._signalled(wakeup.recv(64))
                    elif key.fileobj is connection:
                        if events & selectors.EVENT_WRITE:
                            self._flush(connection)
                        if events & selectors.EVENT_READ and not self._receive(connection, write):
                            return
                    else:
                        self._typed(keys)

    def _register(self, selector: selectors.BaseSelector, connection: socket.socket) -> None:
        """Ask for what can be handled: input is read only when what was read before is on its way."""
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._pending else 0)
        if connection not in selector.get_map():
            selector.register(connection, wanted)
        else:
            selector.modify(connection, wanted)
        if self.stdin is None:
            return
        reading = not self._pending and not self._input_ended
        registered = self.stdin in selector.get_map()
        if reading and not registered:
            try:
                selector.register(self.stdin, selectors.EVENT_READ)
            except PermissionError:  # epoll(7): a regular file is always readable
                self._pending += os.read(self.stdin, _CHUNK_BYTES)
                if not self._pending:
                    self._end_input(connection)
                else:
                    self._register(selector, connection)
        elif registered and not reading:
            selector.unregister(self.stdin)

    def _receive(self, connection: socket.socket, write: Callable[[bytes], None]) -> bool:
        try:
            data = connection.recv(_CHUNK_BYTES)
        except BlockingIOError:
            return True
        except ConnectionResetError:
            return False
        write(data)
        return bool(data)

    def _framed_writer(self) -> Callable[[bytes], None]:
        demultiplexer = Demultiplexer()

        def write(data: bytes) -> None:
            for stream, payload in demultiplexer.feed(data):
                write_all(stream, payload)

        return write

    def _typed(self, keys: terminal.DetachKeys) -> None:
        assert self.stdin is not None
        try:
            data = os.read(self.stdin, _CHUNK_BYTES)
        except OSError:  # the terminal has gone
            data = b""
        if not data:
            self._end_input(self.response.connection)
            return
        passed, detached = keys.feed(data)
        if detached:
            raise Detached
        self._pending += passed
        self._flush(self.response.connection)

    def _flush(self, connection: socket.socket) -> None:
        try:
            sent = connection.send(self._pending)
        except BlockingIOError:
            return
        except OSError:  # the container takes no more input; its output may still come
            self._pending.clear()
            self._input_ended = True
            return
        del self._pending[:sent]

    def _end_input(self, connection: socket.socket) -> None:
        self._input_ended = True
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_WR)

    def _signalled(self, numbers: bytes) -> None:
        for number in numbers:
            if number == signal.SIGWINCH:
                self._resize()
            elif self.forward is not None:
                self.forward(number)

    def _resize(self) -> None:
        rows_columns = terminal.size()
        if self.resize is not None and rows_columns is not None:
            self.resize(*rows_columns)


@contextlib.contextmanager
def _signals(forwarding: bool, resizing: bool) -> Iterator[socket.socket]:
    """A socket that yields the numbers of the signals to handle."""
    reader, writer = socket.socketpair()
    reader.setblocking(False)
    writer.setblocking(False)
    caught = {number for number in signal.valid_signals() if number not in _OURS} if forwarding else set()
    caught = {number for number in caught if number < signal.SIGRTMIN and number not in _FATAL}
    caught |= {signal.SIGWINCH} if resizing else set()
    before = {number: signal.signal(number, lambda *_: None) for number in caught}
    old = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    try:
        yield reader
    finally:
        signal.set_wakeup_fd(old)
        for number, handler in before.items():
            signal.signal(number, handler)
        reader.close()
        writer.close()


# Faults of this very process: to pass them on would hide them.
_FATAL = {signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGABRT, signal.SIGTRAP, signal.SIGSYS}
