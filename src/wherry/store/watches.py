"""The watches of a store that is its data's only writer: every commit is told to them as it is done."""

from collections.abc import AsyncIterator, Callable, Sequence

from wherry.store.model import Event, Sink


class LocalWatch:
    """A :class:`wherry.store.model.Watch`. Until :meth:`catch_up` is done, what is new waits behind what is past."""

    def __init__(self, prefix: str, sink: Sink, failed: Callable[[BaseException], None]) -> None:
        self.prefix = prefix
        self.failed: BaseException | None = None
        self._sink = sink
        self._tell = failed
        self._behind: list[Event] | None = []
        self._leave: Callable[[LocalWatch], None] = lambda watch: None
        self._is_closed = False

    def close(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            self._behind = None
            self._leave(self)

    async def catch_up(self, past: AsyncIterator[Sequence[Event]]) -> None:
        """Give what ``past`` has, then what has come meanwhile; from then on events are given as they come."""
        try:
            async for events in past:
                self._pass_on(events)
                if self._is_closed:
                    return
        except BaseException:
            self.close()
            raise
        waiting, self._behind = self._behind, None
        if waiting:
            self._pass_on(waiting)

    def give(self, events: list[Event]) -> None:
        if self._behind is not None:
            self._behind += events
        else:
            self._pass_on(events)

    def fail(self, error: BaseException) -> None:
        if not self._is_closed:
            self.close()
            self.failed = error
            self._tell(error)

    def _pass_on(self, events: Sequence[Event]) -> None:
        if self._is_closed or not events:
            return
        try:
            self._sink(events)
        except Exception as error:  # a sink must not raise; one that does harms nobody else
            self.fail(error)


class Watches:
    """All of them, by their prefix: they are many at most, of few prefixes."""

    def __init__(self) -> None:
        self._by_prefix: dict[str, list[LocalWatch]] = {}

    def add(self, watch: LocalWatch) -> None:
        """From now on it is given every event."""
        self._by_prefix.setdefault(watch.prefix, []).append(watch)
        watch._leave = self._remove

    def _remove(self, watch: LocalWatch) -> None:
        remaining = [one for one in self._by_prefix.get(watch.prefix, ()) if one is not watch]
        if remaining:
            self._by_prefix[watch.prefix] = remaining
        else:
            self._by_prefix.pop(watch.prefix, None)

    def publish(self, events: Sequence[Event]) -> None:
        """Whole commits, in order. Each watch is called once."""
        found: list[tuple[LocalWatch, list[Event]]] = []
        for prefix, watches in self._by_prefix.items():
            its = [event for event in events if event.key.startswith(prefix)]
            if its:
                found += [(watch, its) for watch in watches]
        for watch, its in found:
            watch.give(its)

    def fail(self, error: BaseException) -> None:
        """End all."""
        for watch in [watch for watches in self._by_prefix.values() for watch in watches]:
            watch.fail(error)
