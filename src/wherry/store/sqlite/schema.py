"""The tables, what is in a row, and how an older database becomes a current one."""

import zlib
from collections.abc import Sequence

import apsw
import msgspec

from wherry.kit.errors import Unsupported
from wherry.store.model import FIRST_REVISION, Corrupt, Item

APPLICATION = int.from_bytes(b"WhSt")
"""https://sqlite.org/pragma.html#pragma_application_id"""

_NUMBER_BITS = 16  # of the operations of one commit: wherry.store.keys.OPERATIONS_LIMIT
BEYOND = b""
"""Behind every key: SQLite orders any BLOB behind all TEXT (https://sqlite.org/datatype3.html, section 4.1)."""

_FIRST = f"""
CREATE TABLE state (
    id INTEGER PRIMARY KEY CHECK (id = 1), revision INTEGER NOT NULL, compacted INTEGER NOT NULL,
    checksum INTEGER NOT NULL
) STRICT;
CREATE TABLE contents (
    place INTEGER PRIMARY KEY, key TEXT NOT NULL, created INTEGER NOT NULL, lease INTEGER NOT NULL,
    checksum INTEGER NOT NULL, value BLOB NOT NULL
) STRICT;
CREATE TABLE events (place INTEGER PRIMARY KEY, key TEXT NOT NULL, previous INTEGER) STRICT;
CREATE TABLE items (key TEXT PRIMARY KEY, place INTEGER NOT NULL, lease INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX items_by_lease ON items (lease) WHERE lease <> 0;
CREATE TABLE leases (
    id INTEGER PRIMARY KEY AUTOINCREMENT, seconds INTEGER NOT NULL, checksum INTEGER NOT NULL
) STRICT;
INSERT INTO state VALUES (1, {FIRST_REVISION}, 0, {zlib.crc32(b"%d 0" % FIRST_REVISION)});
"""

STEPS: Sequence[str] = (_FIRST,)
"""``STEPS[i]`` takes version i to i + 1. Never change one that was released."""


class State(msgspec.Struct, frozen=True):
    """The newest revision, and the last that was compacted."""

    revision: int
    compacted: int

    @property
    def checksum(self) -> int:
        return zlib.crc32(b"%d %d" % (self.revision, self.compacted))


def first_place(revision: int) -> int:
    return revision << _NUMBER_BITS


def last_place(revision: int) -> int:
    return ((revision + 1) << _NUMBER_BITS) - 1


def revision_of(place: int) -> int:
    return place >> _NUMBER_BITS


def checksum_of(place: int, key: str, created: int, lease: int, value: bytes) -> int:
    """Of a row of ``contents``."""
    return zlib.crc32(value, zlib.crc32(f"{place} {created} {lease} {key}".encode()))


def lease_checksum(lease: int, seconds: int) -> int:
    return zlib.crc32(b"%d %d" % (lease, seconds))


def item_of(key: str, place: int, created: int, lease: int, checksum: int, value: bytes) -> Item:
    """A row of ``contents``; ``key`` is what refers to it. Raises Corrupt."""
    if checksum_of(place, key, created, lease, value) != checksum:
        raise Corrupt(f"the value of {key} at revision {revision_of(place)} is damaged on the disk; restore a backup")
    return Item(key, value, created, revision_of(place), lease)


def read_state(connection: apsw.Connection) -> State:
    """Raises Corrupt."""
    rows = list(connection.execute("SELECT revision, compacted, checksum FROM state"))
    if len(rows) != 1 or State(*rows[0][:2]).checksum != rows[0][2]:
        raise Corrupt("the revision is damaged on the disk; restore a backup")
    return State(*rows[0][:2])


def write_state(connection: apsw.Connection, state: State) -> None:
    bindings = (state.revision, state.compacted, state.checksum)
    connection.execute("UPDATE state SET revision = ?, compacted = ?, checksum = ?", bindings)


def version_of(connection: apsw.Connection, newest: int = len(STEPS)) -> int:
    """0: there is nothing in it. Raises Unsupported, Corrupt."""
    application = connection.pragma("application_id")
    version = connection.pragma("user_version")
    if application == 0 and version == 0 and not list(connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1")):
        return 0
    if application != APPLICATION:
        raise Corrupt(f"{connection.filename} is an SQLite database, but no store of Wherry")
    if not isinstance(version, int) or version < 1:
        raise Corrupt(f"{connection.filename} says that it has version {version}")
    if version > newest:
        name = connection.filename
        raise Unsupported(f"{name} has version {version}, made by a newer Wherry; this one knows {newest}")
    return version


def migrate(connection: apsw.Connection, steps: Sequence[str] = STEPS) -> None:
    """Bring it up to date, or make the tables: in one transaction."""
    version = version_of(connection, len(steps))
    if version == len(steps):
        return
    with connection:
        for step in steps[version:]:
            connection.execute(step)
        connection.pragma("application_id", APPLICATION)
        connection.pragma("user_version", len(steps))
