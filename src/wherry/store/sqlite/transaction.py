"""What commits do to the tables, inside one SQLite transaction. Touches the cache and the log's pages, not the disk."""

from collections.abc import Sequence

import apsw
import msgspec

from wherry.kit.errors import NotFound
from wherry.store.keys import check_commit
from wherry.store.model import Compare, Event, Item, Mismatch, Operation, Put
from wherry.store.sqlite.schema import (
    State,
    checksum_of,
    first_place,
    item_of,
    last_place,
    lease_checksum,
    write_state,
)

_LOOK_UP = """
    SELECT i.key, c.place, c.created, c.lease, c.checksum, c.value
    FROM items i JOIN contents c ON c.place = i.place WHERE i.key = ?"""
_REVOKED_AT_ONCE = 1000
_FORGET_CONTENTS = """
    DELETE FROM contents WHERE place IN (SELECT previous FROM events WHERE place <= ? ORDER BY place LIMIT ?)"""
_FORGET_EVENTS = """
    DELETE FROM events WHERE place IN (SELECT place FROM events WHERE place <= ? ORDER BY place LIMIT ?)"""


class _Found(msgspec.Struct, frozen=True):
    """An item, and where its content is."""

    place: int
    item: Item


class Transaction(msgspec.Struct):
    """``next`` is the revision that the next commit gets. ``later`` is for the thread: statements that take long."""

    connection: apsw.Connection
    state: State
    next: int
    events: list[Event] = msgspec.field(default_factory=list)
    later: list[tuple[str, tuple[int, ...]]] = msgspec.field(default_factory=list)
    is_dirty: bool = False

    def commit(self, compares: Sequence[Compare], operations: Sequence[Operation]) -> int:
        """As :meth:`wherry.store.model.Store.commit`. What it raises has changed nothing."""
        check_commit(compares, operations)
        found: dict[str, _Found | None] = {}
        for compare in compares:
            there = self._look_up(compare.key, found)
            if (there.item.revision if there else 0) != compare.revision:
                raise Mismatch(compare.key, there.item if there else None)
        for operation in operations:
            if isinstance(operation, Put) and operation.lease:
                self._check_lease(operation.lease)
        return self._apply([(operation, self._look_up(operation.key, found)) for operation in operations])

    def _look_up(self, key: str, found: dict[str, _Found | None]) -> _Found | None:
        if key not in found:
            found[key] = None
            for row in self.connection.execute(_LOOK_UP, (key,)):
                found[key] = _Found(row[1], item_of(*row))
        return found[key]

    def _check_lease(self, lease: int) -> None:
        for _ in self.connection.execute("SELECT 1 FROM leases WHERE id = ?", (lease,)):
            return
        raise NotFound(f"there is no lease {lease}, or its time is over")

    def _apply(self, operations: Sequence[tuple[Operation, _Found | None]]) -> int:
        place = first_place(self.next)
        for operation, there in operations:
            if isinstance(operation, Put):
                self._put(operation, there, place)
            elif there is not None:
                self._delete(there, place)
            else:
                continue
            place += 1
        if place > first_place(self.next):
            self.state = State(self.next, self.state.compacted)
            self.next += 1
            self.is_dirty = True
        return self.state.revision

    def _put(self, put: Put, there: _Found | None, place: int) -> None:
        execute = self.connection.execute
        created = there.item.created if there else self.next
        checksum = checksum_of(place, put.key, created, put.lease, put.value)
        execute(
            "INSERT INTO contents VALUES (?, ?, ?, ?, ?, ?)", (place, put.key, created, put.lease, checksum, put.value)
        )
        if there is None:
            execute("INSERT INTO events VALUES (?, ?, NULL)", (place, put.key))
            execute("INSERT INTO items VALUES (?, ?, ?)", (put.key, place, put.lease))
        else:
            execute("INSERT INTO events VALUES (?, ?, ?)", (place, put.key, there.place))
            execute("UPDATE items SET place = ?, lease = ? WHERE key = ?", (place, put.lease, put.key))
        self.events.append(Event(put.key, self.next, put.value, created, there.item if there else None, put.lease))

    def _delete(self, there: _Found, place: int) -> None:
        key = there.item.key
        self.connection.execute("INSERT INTO events VALUES (?, ?, ?)", (place, key, there.place))
        self.connection.execute("DELETE FROM items WHERE key = ?", (key,))
        self.events.append(Event(key, self.next, None, there.item.created, there.item))

    # Leases

    def grant(self, seconds: int) -> int:
        self.connection.execute("INSERT INTO leases (seconds, checksum) VALUES (?, 0)", (seconds,))
        lease = self.connection.last_insert_rowid()
        self.connection.execute("UPDATE leases SET checksum = ? WHERE id = ?", (lease_checksum(lease, seconds), lease))
        self.is_dirty = True
        return lease

    def revoke(self, lease: int) -> bool:
        """Delete items of the lease, and the lease with the last of them. False: there are more."""
        found = self.connection.execute(
            "SELECT key FROM items WHERE lease = ? AND lease <> 0 ORDER BY key LIMIT ?", (lease, _REVOKED_AT_ONCE)
        )
        keys = [row[0] for row in found]
        theirs = [there for key in keys if (there := self._look_up(key, {})) is not None]
        place = first_place(self.next)
        for number, there in enumerate(theirs):
            self._delete(there, place + number)
        if theirs:
            self.state = State(self.next, self.state.compacted)
            self.next += 1
            self.is_dirty = True
        if len(keys) == _REVOKED_AT_ONCE:
            return False
        self.connection.execute("DELETE FROM leases WHERE id = ?", (lease,))
        self.is_dirty = self.is_dirty or self.connection.changes() > 0
        return True

    # Forgetting

    def mark_compacted(self, revision: int) -> None:
        if revision > self.state.compacted:
            self.state = State(self.state.revision, revision)
            self.is_dirty = True

    def forget(self, count: int) -> bool:
        """The oldest events up to the compacted revision, at most ``count``, with the contents that they replaced.

        False: there are more.
        """
        upto = last_place(self.state.compacted)
        found = self.connection.execute("SELECT place FROM events WHERE place <= ? LIMIT ?", (upto, count))
        remaining = sum(1 for _ in found)
        if remaining:
            self.later += [(_FORGET_CONTENTS, (upto, count)), (_FORGET_EVENTS, (upto, count))]
            self.is_dirty = True
        return remaining < count

    def finish(self) -> None:
        """The last statement on the event loop."""
        write_state(self.connection, self.state)
