"""Questions to the tables: items as of a revision, and events. Each is one SELECT, so one state of the database.

A state of the past is the present one, less what has changed since: of each key with an event behind the revision,
the first such names the content before it. Nothing has to be written for that, and usually little is looked at: who
asks for the past mostly reads on where it began seconds ago.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import apsw

from wherry.store.model import Corrupt, Event, Item
from wherry.store.sqlite.schema import BEYOND, State, item_of, last_place, read_state, revision_of

_NOW = """
    SELECT i.key, c.place, c.created, c.lease, c.checksum, c.value
    FROM items i JOIN contents c ON c.place = i.place
    WHERE i.key >= :low AND i.key < :high ORDER BY i.key LIMIT :limit"""
_THEN = """
    WITH changed AS (
        SELECT key, previous, min(place) FROM events
        WHERE place > :newest AND key >= :low AND key < :high GROUP BY key),
    kept AS (
        SELECT key, place FROM items WHERE key >= :low AND key < :high AND place <= :newest
        UNION ALL SELECT key, previous FROM changed WHERE previous IS NOT NULL)"""
_ITEMS_THEN = f"""{_THEN}
    SELECT k.key, c.place, c.created, c.lease, c.checksum, c.value
    FROM (SELECT * FROM kept ORDER BY key LIMIT :limit) k LEFT JOIN contents c ON c.place = k.place ORDER BY k.key"""
_COUNT_THEN = f"{_THEN} SELECT count(*) FROM kept"
_EVENTS = """
    SELECT e.place, e.key, e.previous, c.place IS NOT NULL, c.created, c.lease, c.checksum, c.value,
        p.created, p.lease, p.checksum, p.value
    FROM events e LEFT JOIN contents c ON c.place = e.place LEFT JOIN contents p ON p.place = e.previous
    WHERE e.place > :after AND e.place <= :until AND e.key >= :low AND e.key < :high ORDER BY e.place"""
_WINDOW = "SELECT place FROM events WHERE place > ? AND place <= ? ORDER BY place LIMIT 1 OFFSET ?"


class Reader:
    """Of a connection of its own; not for two threads at once. ``low`` and ``high`` (not with it) bound keys."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def close(self) -> None:
        """Idempotent."""
        self._connection.close()

    def state(self) -> State:
        return read_state(self._connection)

    def now(self, low: str, high: str | None, limit: int) -> list[Item]:
        """The first items of the current state. Raises Corrupt."""
        return self._items(_NOW, low, high, limit=limit)

    def then(self, low: str, high: str | None, limit: int, revision: int) -> list[Item]:
        """As of the revision, which must be neither compacted nor of the future."""
        return self._items(_ITEMS_THEN, low, high, limit=limit, newest=last_place(revision))

    def count(self, low: str, high: str | None, revision: int) -> int:
        """Items there were, without looking at them."""
        bindings = {"low": low, "high": BEYOND if high is None else high, "newest": last_place(revision)}
        ((count,),) = self._connection.execute(_COUNT_THEN, bindings)
        return int(count)

    def window(self, after: int, until: int, count: int) -> int:
        """The revision up to and with which there are about ``count`` events behind ``after``: whole commits."""
        for (place,) in self._connection.execute(_WINDOW, (last_place(after), last_place(until), count - 1)):
            return revision_of(place)
        return until

    def events(self, low: str, high: str | None, after: int, until: int) -> Sequence[Event]:
        """Those behind ``after`` up to and with ``until``."""
        bindings = {"after": last_place(after), "until": last_place(until), "low": low}
        rows = self._connection.execute(_EVENTS, {**bindings, "high": BEYOND if high is None else high})
        return [_event(row) for row in rows]

    def leases(self) -> Iterator[tuple[int, int]]:
        """Ids and seconds."""
        yield from self._connection.execute("SELECT id, seconds FROM leases")

    def _items(self, statement: str, low: str, high: str | None, **bindings: int) -> list[Item]:
        rows = self._connection.execute(statement, {"low": low, "high": BEYOND if high is None else high, **bindings})
        return [_item(row) for row in rows]


def _item(row: tuple[Any, ...]) -> Item:  # Any: columns of several types
    if row[5] is None:
        raise Corrupt(f"the value of {row[0]} is missing on the disk; restore a backup")
    return item_of(*row)


def _event(row: tuple[Any, ...]) -> Event:
    place, key, before, is_put = row[:4]
    previous = None if before is None else _item((key, before, *row[8:]))
    if is_put:
        item = item_of(key, place, *row[4:8])
        return Event(key, item.revision, item.value, item.created, previous, item.lease)
    if previous is None:
        raise Corrupt(f"an event of {key} at revision {revision_of(place)} is damaged on the disk; restore a backup")
    return Event(key, revision_of(place), None, previous.created, previous)
