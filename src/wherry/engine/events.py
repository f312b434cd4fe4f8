"""What happened, told as it happens: the engine's event stream (Docker's ``/events``)."""

import asyncio
import time
import weakref
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Protocol

import msgspec

_KEPT = 256  # as moby's daemon/events
_QUEUE = 1024


class Event(msgspec.Struct, frozen=True):
    """``kind`` is Docker's Type (container, image, network, volume, daemon); ``actor`` is an id or name."""

    kind: str
    action: str
    actor: str
    time_nanoseconds: int
    attributes: Mapping[str, str] = msgspec.field(default_factory=dict)


class EventSink(Protocol):
    """Where a part of the engine reports what it did. Called on the event loop's thread; never blocks."""

    def publish(self, kind: str, action: str, actor: str, attributes: Mapping[str, str] | None = None) -> None: ...


class _Listener:
    """One subscription: it ends when nobody holds it any more."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Event] = asyncio.Queue(_QUEUE)


class Events:
    """Keeps the last events and tells new ones; a listener that does not keep up loses its oldest."""

    def __init__(self, now: Callable[[], int] = time.time_ns) -> None:
        self._now = now
        self._kept: deque[Event] = deque(maxlen=_KEPT)
        self._listeners: weakref.WeakSet[_Listener] = weakref.WeakSet()
        self._told: list[Callable[[Event], None]] = []

    @property
    def listener_count(self) -> int:
        return len(self._listeners)

    def publish(self, kind: str, action: str, actor: str, attributes: Mapping[str, str] | None = None) -> None:
        event = Event(kind, action, actor, self._now(), attributes or {})
        self._kept.append(event)
        for listener in self._listeners:
            if listener.queue.full():
                listener.queue.get_nowait()
            listener.queue.put_nowait(event)
        for told in list(self._told):
            told(event)

    def listen(self, told: Callable[[Event], None]) -> Callable[[], None]:
        """Call ``told`` with each event as it happens: none is lost, and whoever publishes waits. It must not raise.
        Returns what ends that; idempotent."""
        self._told.append(told)

        def end() -> None:
            if told in self._told:
                self._told.remove(told)

        return end

    def subscribe(
        self, since_nanoseconds: int | None = None, until_nanoseconds: int | None = None
    ) -> AsyncIterator[Event]:
        """The kept events from ``since`` on (none without it), then new ones until ``until`` (without it, for ever).

        What happens after this call is told, whenever the first is asked for.
        """
        listener = _Listener()
        self._listeners.add(listener)
        kept = [
            one for one in self._kept if since_nanoseconds is not None and one.time_nanoseconds >= since_nanoseconds
        ]
        return self._tell(listener, kept, until_nanoseconds)

    async def _tell(self, listener: _Listener, kept: list[Event], until: int | None) -> AsyncIterator[Event]:
        try:
            for event in kept:
                if until is None or event.time_nanoseconds <= until:
                    yield event
            while True:
                timeout = None if until is None else (until - self._now()) / 1e9
                if timeout is not None and timeout <= 0 and listener.queue.empty():
                    return
                try:
                    async with asyncio.timeout(timeout):  # wait_for of Python 3.11 may lose a cancellation
                        event = await listener.queue.get()
                except TimeoutError:
                    return
                if until is not None and event.time_nanoseconds > until:
                    return
                yield event
        finally:
            self._listeners.discard(listener)
