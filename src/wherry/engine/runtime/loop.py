"""A small event loop: descriptors and deadlines, single-threaded, standard library only."""

import select
import time
from collections.abc import Callable

READ, WRITE, GONE = select.EPOLLIN, select.EPOLLOUT, select.EPOLLHUP | select.EPOLLERR

Handler = Callable[[int], None]


class Loop:
    """Calls a handler with the events of its descriptor (READ, WRITE, GONE bits) until :meth:`stop`."""

    def __init__(self) -> None:
        self._poll = select.epoll()
        self._handlers: dict[int, Handler] = {}
        self._deadlines: list[tuple[float, Callable[[], None]]] = []
        self._running = True

    def watch(self, fd: int, events: int, handler: Handler) -> None:
        """Watch ``fd``, or change what is watched of it. HUP and ERR are always told."""
        if fd in self._handlers:
            self._poll.modify(fd, events)
        else:
            self._poll.register(fd, events)
        self._handlers[fd] = handler

    def forget(self, fd: int) -> None:
        if self._handlers.pop(fd, None) is not None:
            self._poll.unregister(fd)

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        self._deadlines.append((time.monotonic() + seconds, action))

    def stop(self) -> None:
        self._running = False

    def run(self) -> None:
        while self._running:
            for fd, events in self._poll.poll(self._timeout()):
                handler = self._handlers.get(fd)
                if handler is not None:  # an earlier handler of this round may have forgotten it
                    handler(events)
            self._fire()

    def _timeout(self) -> float | None:
        if not self._deadlines:
            return None
        return max(0.0, min(when for when, _ in self._deadlines) - time.monotonic())

    def _fire(self) -> None:
        now = time.monotonic()
        due = [entry for entry in self._deadlines if entry[0] <= now]
        if due:
            self._deadlines = [entry for entry in self._deadlines if entry[0] > now]
            for _, action in due:
                action()
