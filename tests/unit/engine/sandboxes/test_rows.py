"""Sandboxes in the database."""

from pathlib import Path

import apsw
import pytest

from tests.unit.engine.sandboxes.test_model import sandbox
from wherry.engine.database import Database
from wherry.engine.sandboxes.rows import Rows


def test_what_is_put_is_there_after_a_restart(tmp_path: Path) -> None:
    one = sandbox(ids=7, resources={"memory": {"limit": 1}}, note={"uid": "u", "list": [1, 2]})
    Rows(Database(tmp_path / "db")).put(one)
    assert Rows(Database(tmp_path / "db")).all() == [one]


def test_it_can_be_changed_and_deleted(tmp_path: Path) -> None:
    rows = Rows(Database(tmp_path / "db"))
    rows.put(sandbox())
    rows.put(sandbox(note={"a": 1}))
    assert [one.note for one in rows.all()] == [{"a": 1}]
    for _ in range(2):
        rows.delete("a")
    assert rows.all() == []


def test_two_of_one_name_there_are_not(tmp_path: Path) -> None:
    rows = Rows(Database(tmp_path / "db"))
    rows.put(sandbox())
    with pytest.raises(apsw.ConstraintError):
        rows.put(sandbox(id="b"))
