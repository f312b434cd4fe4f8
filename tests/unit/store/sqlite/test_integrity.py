"""Damage is found before anything is served."""

from collections.abc import Iterator

import apsw
import pytest

from wherry.store.model import Compare, Corrupt, Delete, Put
from wherry.store.sqlite.integrity import check
from wherry.store.sqlite.schema import first_place, migrate, read_state
from wherry.store.sqlite.transaction import Transaction


@pytest.fixture
def connection() -> Iterator[apsw.Connection]:
    """Of a store with a bit of everything: revisions 2 to 7, 3 compacted."""
    connection = apsw.Connection(":memory:")
    migrate(connection)
    transaction = Transaction(connection, read_state(connection), 2)
    lease = transaction.grant(60)
    transaction.commit([], [Put("/a", b"1"), Put("/b", b"1"), Put("/c", b"1")])  # 2
    transaction.commit([Compare("/a", 2)], [Put("/a", b"2", lease)])  # 3
    transaction.commit([], [Put("/a", b"3", lease)])  # 4
    transaction.commit([], [Delete("/b")])  # 5
    transaction.commit([], [Put("/b", b"2")])  # 6
    transaction.commit([], [Put("/d", b"1")])  # 7
    transaction.mark_compacted(3)
    transaction.forget(10)
    for statement, bindings in transaction.later:
        connection.execute(statement, bindings)
    transaction.finish()
    yield connection
    connection.close()


def test_what_is_whole_passes(connection: apsw.Connection) -> None:
    check(connection)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE contents SET value = x'00' WHERE key = '/c'",
        "UPDATE contents SET key = '/e' WHERE key = '/c'",
        "UPDATE contents SET created = 1 WHERE key = '/c'",
        "UPDATE contents SET place = place + 1 WHERE key = '/c'",
        "UPDATE contents SET lease = 9 WHERE key = '/c'",
        "DELETE FROM contents WHERE key = '/c'",
        f"DELETE FROM contents WHERE place = {first_place(3)}",
        f"DELETE FROM contents WHERE place = {first_place(6)}",
        "UPDATE items SET key = '/e' WHERE key = '/c'",
        "UPDATE items SET lease = 0 WHERE key = '/a'",
        "UPDATE items SET place = (SELECT place FROM items WHERE key = '/d') WHERE key = '/c'",
        f"UPDATE items SET place = {first_place(3)} WHERE key = '/a'",
        "DELETE FROM items WHERE key = '/c'",
        f"UPDATE events SET key = '/e' WHERE place = {first_place(4)}",
        f"UPDATE events SET key = '/e' WHERE place = {first_place(7)}",
        f"UPDATE events SET previous = {first_place(2)} WHERE place = {first_place(4)}",
        f"UPDATE events SET previous = NULL WHERE place = {first_place(5)}",
        f"UPDATE events SET place = place + 1 WHERE place = {first_place(7)}",
        f"DELETE FROM events WHERE place = {first_place(5)}",
        f"DELETE FROM events WHERE place = {first_place(7)}",
        "UPDATE state SET revision = 6",
        "UPDATE state SET compacted = 4",
        "DELETE FROM state",
        "UPDATE leases SET seconds = 61",
    ],
)
def test_what_is_not_is_found(connection: apsw.Connection, damage: str) -> None:
    connection.execute(damage)
    with pytest.raises(Corrupt):
        check(connection)


def test_a_revision_that_went_back_is_found(connection: apsw.Connection) -> None:
    """Its checksum may be right: an older page of the file."""
    connection.execute("UPDATE state SET revision = 6, checksum = ?", (_checksum(6, 3),))
    with pytest.raises(Corrupt, match="future"):
        check(connection)


def _checksum(revision: int, compacted: int) -> int:
    from wherry.store.sqlite.schema import State

    return State(revision, compacted).checksum
