"""The settings of connections."""

import os
import stat
from pathlib import Path

import apsw
import pytest

from wherry.store.sqlite.connections import connect


def test_every_commit_waits_for_the_disk(tmp_path: Path) -> None:
    """synchronous: 2 is FULL (https://sqlite.org/pragma.html#pragma_synchronous)."""
    connection = connect(tmp_path / "state")
    assert connection.pragma("journal_mode") == "wal"
    assert connection.pragma("synchronous") == 2
    connection.close()


def test_a_reader_does_not_write(tmp_path: Path) -> None:
    writer = connect(tmp_path / "state")
    writer.execute("CREATE TABLE things (a)")
    reader = connect(tmp_path / "state", is_reader=True)
    assert list(reader.execute("SELECT * FROM things")) == []
    with pytest.raises(apsw.ReadOnlyError):
        reader.execute("INSERT INTO things VALUES (1)")
    reader.close()
    writer.close()


def test_a_reader_makes_no_database(tmp_path: Path) -> None:
    with pytest.raises(apsw.CantOpenError):
        connect(tmp_path / "state", is_reader=True)
    assert list(tmp_path.iterdir()) == []


def test_nobody_else_can_read_what_is_kept(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        connection = connect(tmp_path / "state")
        connection.execute("CREATE TABLE things (a)")
        reader = connect(tmp_path / "state", is_reader=True)
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert modes == dict.fromkeys(("state", "state-wal", "state-shm"), 0o600)
    reader.close()
    connection.close()
