"""The row of a role."""

from datetime import UTC, datetime

from wherry.kube.kinds.role.columns import COLUMNS, cells


def test_a_role_shows_when_it_was_made() -> None:
    meta = {"name": "r", "creationTimestamp": "2026-01-01T00:00:00Z"}
    assert cells({"metadata": meta}, datetime(2026, 1, 2, tzinfo=UTC)) == ("r", "2026-01-01T00:00:00Z")
    assert [each.name for each in COLUMNS] == ["Name", "Created At"]
