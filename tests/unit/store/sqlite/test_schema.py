"""Tables, rows and versions."""

from pathlib import Path

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.kit.errors import Unsupported
from wherry.store.keys import OPERATIONS_LIMIT
from wherry.store.model import Corrupt
from wherry.store.sqlite.schema import (
    APPLICATION,
    STEPS,
    State,
    checksum_of,
    first_place,
    item_of,
    last_place,
    migrate,
    read_state,
    revision_of,
    version_of,
    write_state,
)

REVISIONS = st.integers(0, 1 << 44)


@given(REVISIONS)
def test_a_revision_has_places_for_all_operations_of_a_commit(revision: int) -> None:
    assert last_place(revision) - first_place(revision) + 1 >= OPERATIONS_LIMIT
    assert last_place(revision) + 1 == first_place(revision + 1)
    assert revision_of(first_place(revision)) == revision_of(last_place(revision)) == revision
    assert last_place(revision) < 1 << 63


@given(st.tuples(REVISIONS, st.text("a/é"), REVISIONS, REVISIONS, st.binary()), st.integers(0, 4), st.data())
def test_a_row_that_was_changed_is_found(
    row: tuple[int, str, int, int, bytes], column: int, data: st.DataObject
) -> None:
    checksum = checksum_of(*row)
    strategy = {0: REVISIONS, 1: st.text("a/é"), 2: REVISIONS, 3: REVISIONS, 4: st.binary()}[column]
    other = [*row]
    other[column] = data.draw(strategy.filter(lambda value: value != row[column]))  # type: ignore[attr-defined]
    place, key, created, lease, value = other
    with pytest.raises(Corrupt, match="damaged"):
        item_of(key, place, created, lease, checksum, value)


def test_the_state_comes_back() -> None:
    connection = apsw.Connection(":memory:")
    migrate(connection)
    assert read_state(connection) == State(1, 0)
    write_state(connection, State(7, 3))
    assert read_state(connection) == State(7, 3)


@pytest.mark.parametrize(
    "damage", ["UPDATE state SET revision = 6", "UPDATE state SET compacted = 4", "DELETE FROM state"]
)
def test_a_damaged_state_is_found(damage: str) -> None:
    connection = apsw.Connection(":memory:")
    migrate(connection)
    write_state(connection, State(7, 3))
    connection.execute(damage)
    with pytest.raises(Corrupt):
        read_state(connection)


@pytest.mark.parametrize("application", [0, APPLICATION + 1])
@pytest.mark.parametrize("version", [0, 1, len(STEPS)])
def test_another_program_s_database_is_not_made_a_store(application: int, version: int) -> None:
    connection = apsw.Connection(":memory:")
    connection.execute(f"CREATE TABLE theirs (a); PRAGMA user_version = {version}")
    connection.pragma("application_id", application)
    with pytest.raises(Corrupt, match="no store of Wherry"):
        migrate(connection)
    assert list(connection.execute("SELECT name FROM sqlite_schema")) == [("theirs",)]


def test_an_older_version_is_brought_up_to_date_once(tmp_path: Path) -> None:
    steps = [*STEPS, "ALTER TABLE leases ADD COLUMN more INTEGER DEFAULT 7"]
    for known in (STEPS, steps, steps):
        connection = apsw.Connection(str(tmp_path / "state"))
        migrate(connection, known)
        connection.execute("INSERT INTO leases (seconds, checksum) VALUES (1, 2)")
        assert connection.pragma("user_version") == len(known)
        connection.close()
    connection = apsw.Connection(str(tmp_path / "state"))
    assert list(connection.execute("SELECT more FROM leases")) == [(7,)] * 3
    connection.close()


def test_a_step_that_fails_leaves_the_version_before() -> None:
    connection = apsw.Connection(":memory:")
    migrate(connection)
    with pytest.raises(apsw.SQLError):
        migrate(connection, [*STEPS, "CREATE TABLE more (a)", "NONSENSE"])
    assert connection.pragma("user_version") == len(STEPS)
    assert not list(connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'more'"))


def test_a_newer_version_is_refused() -> None:
    connection = apsw.Connection(":memory:")
    migrate(connection, [*STEPS, "CREATE TABLE more (a)"])
    with pytest.raises(Unsupported, match="made by a newer Wherry"):
        migrate(connection)


@pytest.mark.parametrize(
    "made", ["CREATE TABLE others (a)", f"PRAGMA application_id = {APPLICATION}", "PRAGMA application_id = 7"]
)
def test_what_is_no_store_is_refused(made: str) -> None:
    connection = apsw.Connection(":memory:")
    connection.execute(made)
    with pytest.raises(Corrupt):
        version_of(connection)
