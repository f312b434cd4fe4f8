"""The row of a binding."""

from datetime import UTC, datetime

from wherry.kube.kinds.rolebinding.columns import cells, columns


def test_a_binding_shows_the_role_and_to_whom_it_gives_it() -> None:
    binding = {
        "metadata": {"name": "b", "creationTimestamp": "2026-01-01T00:00:00Z"},
        "roleRef": {"kind": "Role", "name": "r"},
        "subjects": [
            {"kind": "User", "name": "alice"}, {"kind": "User", "name": "bob"}, {"kind": "Group", "name": "devs"},
            {"kind": "ServiceAccount", "name": "robot", "namespace": "a"}, {"kind": "Odd", "name": "x"},
        ],
    }  # fmt: skip
    row = cells(binding, datetime(2026, 1, 1, 0, 5, tzinfo=UTC))
    assert row == ("b", "Role/r", "5m", "alice, bob", "devs", "a/robot")


def test_to_whom_is_shown_in_wide_rows_alone() -> None:
    assert [(each.name, each.priority) for each in columns("roleBinding")] == [
        ("Name", 0), ("Role", 0), ("Age", 0), ("Users", 1), ("Groups", 1), ("ServiceAccounts", 1)
    ]  # fmt: skip
