"""The engine's metadata."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.database import Database
from wherry.kit.errors import Unavailable

FIRST = "CREATE TABLE things (name TEXT PRIMARY KEY, value BLOB)"
SECOND = "ALTER TABLE things ADD COLUMN more INTEGER DEFAULT 7"


@pytest.fixture
def database() -> Database:
    found = Database(":memory:")
    found.migrate("things", (FIRST,))
    return found


@given(st.one_of(st.none(), st.integers(-(1 << 63), (1 << 63) - 1), st.binary(), st.floats(allow_nan=False)))
def test_values_come_back_as_they_were_written(value: int | bytes | float | None) -> None:
    database = Database(":memory:")
    database.migrate("things", (FIRST,))
    database.execute("INSERT INTO things VALUES (?, ?)", "a", value)
    assert database.execute("SELECT value FROM things") == [(value,)]


def test_each_step_is_applied_once(tmp_path: Path) -> None:
    for steps in ((FIRST,), (FIRST, SECOND), (FIRST, SECOND)):
        database = Database(tmp_path / "db")
        database.migrate("things", steps)
        database.execute("INSERT OR REPLACE INTO things (name) VALUES ('a')")
        database.close()
    database = Database(tmp_path / "db")
    assert database.execute("SELECT name, more FROM things") == [("a", 7)]
    database.close()


def test_a_step_that_fails_leaves_the_version_before(database: Database) -> None:
    with pytest.raises(Exception, match="syntax"):
        database.migrate("things", (FIRST, SECOND, "NONSENSE"))
    database.migrate("things", (FIRST, SECOND))
    assert database.execute("SELECT more FROM things") == []


def test_a_database_of_a_newer_version_is_not_touched(database: Database) -> None:
    database.migrate("things", (FIRST, SECOND))
    with pytest.raises(RuntimeError, match="made by a newer Wherry"):
        database.migrate("things", (FIRST,))


def test_components_have_versions_of_their_own(database: Database) -> None:
    database.migrate("others", ("CREATE TABLE others (a)",))
    database.migrate("things", (FIRST,))
    assert database.execute("SELECT component, version FROM migrations ORDER BY 1") == [("others", 1), ("things", 1)]


@pytest.mark.parametrize("durable", [False, True])
def test_a_transaction_takes_effect_together_or_not_at_all(database: Database, durable: bool) -> None:
    with pytest.raises(ZeroDivisionError), database.transaction(durable):
        database.execute("INSERT INTO things VALUES ('a', 1)")
        raise ZeroDivisionError
    assert database.execute("SELECT * FROM things") == []
    with database.transaction(durable):
        database.execute("INSERT INTO things VALUES ('a', 1)")
    assert database.execute("SELECT * FROM things") == [("a", 1)]


def test_an_inner_transaction_may_fail_alone(database: Database) -> None:
    with database.transaction():
        database.execute("INSERT INTO things VALUES ('outer', 1)")
        with pytest.raises(ZeroDivisionError), database.transaction():
            database.execute("INSERT INTO things VALUES ('inner', 1)")
            raise ZeroDivisionError
    assert database.execute("SELECT name FROM things") == [("outer",)]


def test_after_a_durable_transaction_others_are_quick_again(database: Database) -> None:
    """synchronous: 1 NORMAL, 2 FULL (https://sqlite.org/pragma.html#pragma_synchronous)."""
    with database.transaction(durable=True):
        assert database.execute("PRAGMA synchronous") == [(2,)]
    assert database.execute("PRAGMA synchronous") == [(1,)]


def test_a_commit_is_there_after_the_process_has_gone(tmp_path: Path) -> None:
    """Nothing is closed: the file and its log are all there is."""
    database = Database(tmp_path / "db")
    database.migrate("things", (FIRST,))
    database.execute("INSERT INTO things VALUES ('a', 1)")
    for name in ("db", "db-wal"):
        (tmp_path / "copy").mkdir(exist_ok=True)
        (tmp_path / "copy" / name).write_bytes((tmp_path / name).read_bytes())
    assert Database(tmp_path / "copy" / "db").execute("SELECT * FROM things") == [("a", 1)]


def test_a_full_disk_is_told_as_what_it_is_and_undoes_the_transaction(database: Database) -> None:
    database.execute("PRAGMA max_page_count = 10")
    with pytest.raises(Unavailable, match="disk is full"), database.transaction(durable=True):
        database.execute("INSERT INTO things VALUES ('small', 1)")
        database.execute("INSERT INTO things VALUES ('large', zeroblob(1000000))")
    assert database.execute("SELECT name FROM things") == []
    database.execute("INSERT INTO things VALUES ('small', 1)")
