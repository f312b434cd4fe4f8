"""What was done to a store and what it answered, written down while it happens, by as many processes as there were.

A :class:`Recorder` is a store that writes down entries; :func:`told` makes a :class:`History` of them, which
:mod:`wherry.store.checker` judges. For that, every Put has a value that no other has, nobody uses leases, and all that
happened is seen by watches of the prefix "", one after the other.
"""

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from wherry.kit.errors import Unavailable
from wherry.store.model import (
    FIRST_REVISION,
    Compare,
    Event,
    Future,
    Item,
    Mismatch,
    Operation,
    Page,
    Sink,
    Store,
    Watch,
)


@dataclass(frozen=True, slots=True)
class CommitCall:
    compares: tuple[Compare, ...]
    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class GetCall:
    key: str
    revision: int = 0


@dataclass(frozen=True, slots=True)
class RangeCall:
    prefix: str
    after: str = ""
    limit: int = 0
    revision: int = 0


@dataclass(frozen=True, slots=True)
class WatchCall:
    prefix: str
    after: int


Call = CommitCall | GetCall | RangeCall | WatchCall


@dataclass(frozen=True, slots=True)
class Refused:
    """What a Mismatch said."""

    key: str
    item: Item | None


@dataclass(frozen=True, slots=True)
class Failed:
    """``is_known``: it certainly had no effect (the request was wrong, or asked for what is no more).

    ``is_future``: it asked for a revision that had not been, the store said.
    """

    why: str
    is_known: bool
    is_future: bool = False


# Entries. ``number`` names a call, in all processes; times are of one clock that goes on over all of them, in seconds.


@dataclass(frozen=True, slots=True)
class Began:
    number: str
    at: float
    call: Call


@dataclass(frozen=True, slots=True)
class Ended:
    number: str
    at: float
    outcome: int | Refused | Failed | Item | Page | None


@dataclass(frozen=True, slots=True)
class Given:
    """One call of a watch's sink."""

    number: str
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Complete:
    """A watch has been given all up to and with ``revision``, as far as its user can tell."""

    number: str
    revision: int


@dataclass(frozen=True, slots=True)
class Over:
    """The store's only process has ended: what had not ended by then can take effect no more."""

    at: float


Entry = Began | Ended | Given | Complete | Over


@dataclass(slots=True)
class Done:
    """A call with its outcome. ``end`` None: nobody knows when it is over, nor what became of it."""

    number: str
    call: Any  # of Call: the list that it is in says which
    start: float
    end: float | None = None
    outcome: Any = None  # of the types of Ended
    is_known: bool = False


@dataclass(slots=True)
class Watched:
    """``until``: it must have been given all up to and with this revision."""

    number: str
    call: WatchCall
    calls: list[tuple[Event, ...]] = field(default_factory=list)
    until: int = 0

    @property
    def events(self) -> list[Event]:
        return [event for call in self.calls for event in call]


@dataclass(slots=True)
class History:
    """All of it, sorted out. ``first`` is the revision at which all began, with nothing there."""

    commits: list[Done] = field(default_factory=list)
    gets: list[Done] = field(default_factory=list)
    ranges: list[Done] = field(default_factory=list)
    watches: list[Watched] = field(default_factory=list)
    first: int = FIRST_REVISION


def told(entries: Iterable[Entry]) -> History:
    """Make a history of entries, of each process in its order."""
    history = History()
    running: dict[str, Done] = {}
    watches: dict[str, Watched] = {}
    kinds = {CommitCall: history.commits, GetCall: history.gets, RangeCall: history.ranges}
    for entry in entries:
        if isinstance(entry, Began):
            if isinstance(entry.call, WatchCall):
                watches[entry.number] = Watched(entry.number, entry.call)
            else:
                running[entry.number] = Done(entry.number, entry.call, entry.at)
                kinds[type(entry.call)].append(running[entry.number])
        elif isinstance(entry, Ended):
            _end(running.pop(entry.number), entry)
        elif isinstance(entry, Given):
            watches[entry.number].calls.append(entry.events)
        elif isinstance(entry, Complete):
            watches[entry.number].until = entry.revision
        else:
            for done in running.values():
                done.end = entry.at
            running.clear()
    history.watches = list(watches.values())
    return history


def _end(done: Done, entry: Ended) -> None:
    done.outcome = entry.outcome
    done.is_known = not isinstance(entry.outcome, Failed) or entry.outcome.is_known
    if done.is_known or not isinstance(done.call, CommitCall):
        done.end = entry.at


class Recorder:
    """Does what the store does, and writes it down. ``name`` is one that no other recorder of the history has."""

    def __init__(self, store: Store, write: Callable[[Entry], None], clock: Callable[[], float], name: str) -> None:
        self.store = store
        self._write = write
        self._clock = clock
        self._names = (f"{name}.{number}" for number in itertools.count())

    async def commit(self, compares: Sequence[Compare], operations: Sequence[Operation]) -> int:
        number = self._begin(CommitCall(tuple(compares), tuple(operations)))
        try:
            revision = await self.store.commit(compares, operations)
        except Mismatch as error:
            self._end(number, Refused(error.key, error.item))
            raise
        except Exception as error:
            self._end(number, _failed(error))
            raise
        self._end(number, revision)
        return revision

    async def get(self, key: str, revision: int = 0) -> Item | None:
        number = self._begin(GetCall(key, revision))
        try:
            item = await self.store.get(key, revision)
        except Exception as error:
            self._end(number, _failed(error))
            raise
        self._end(number, item)
        return item

    async def range(self, prefix: str, *, after: str = "", limit: int = 0, revision: int = 0) -> Page:
        number = self._begin(RangeCall(prefix, after, limit, revision))
        try:
            page = await self.store.range(prefix, after=after, limit=limit, revision=revision)
        except Exception as error:
            self._end(number, _failed(error))
            raise
        self._end(number, page)
        return page

    async def watch(
        self, prefix: str, after: int, sink: Sink, failed: Callable[[BaseException], None]
    ) -> tuple[Watch, str]:
        """The watch, and the number for :meth:`complete`."""
        number = self._begin(WatchCall(prefix, after))

        def noted(events: Sequence[Event]) -> None:
            self._write(Given(number, tuple(events)))
            sink(events)

        return await self.store.watch(prefix, after, noted, failed), number

    def complete(self, number: str, revision: int) -> None:
        self._write(Complete(number, revision))

    def _begin(self, call: Call) -> str:
        number = next(self._names)
        self._write(Began(number, self._clock(), call))
        return number

    def _end(self, number: str, outcome: int | Refused | Failed | Item | Page | None) -> None:
        self._write(Ended(number, self._clock(), outcome))


def _failed(error: Exception) -> Failed:
    why = f"{type(error).__name__}: {error}"
    return Failed(why, not isinstance(error, Unavailable), isinstance(error, Future))
