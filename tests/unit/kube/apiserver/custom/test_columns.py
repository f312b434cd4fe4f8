"""The columns that a definition asks for."""

from datetime import UTC, datetime
from typing import Any

import pytest

from wherry.kube.apiserver.custom.columns import cells_of, columns_of

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def cell(kind: str, value: Any) -> Any:
    cells = cells_of([{"name": "A", "type": kind, "jsonPath": ".spec.a"}])
    return list(cells({"metadata": {"name": "w"}, "spec": {"a": value}}, NOW))[1]


def test_the_name_comes_first() -> None:
    asked = {"name": "Size", "type": "integer", "format": "int32", "jsonPath": ".spec.size", "priority": 1}
    name, size = columns_of([asked])
    assert name.name == "Name"
    assert (size.name, size.type, size.format, size.priority) == ("Size", "integer", "int32", 1)
    assert size.description == "Custom resource definition column (in JSONPath format): .spec.size"
    assert columns_of([{**asked, "description": "how big"}])[1].description == "how big"


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("string", "a", "a"),
        ("string", 5, "5"),
        ("string", True, "true"),
        ("string", 1.5, "1.5"),
        ("string", {"a": [1]}, '{"a":[1]}'),
        ("integer", 5, 5),
        ("integer", 5.9, 5),
        ("integer", "5", None),
        ("integer", True, None),
        ("number", 1.5, 1.5),
        ("number", "x", None),
        ("boolean", False, False),
        ("boolean", 0, None),
        ("date", "2026-01-01T23:00:00Z", "60m"),
        ("date", "yesterday", "<invalid>"),
        ("date", 5, None),
        ("string", None, None),
    ],
)
def test_a_cell_is_of_its_columns_type(kind: str, value: Any, shown: Any) -> None:
    found = cell(kind, value)
    assert found == shown and type(found) is type(shown)


def test_what_is_not_there_is_nothing() -> None:
    cells = cells_of([{"name": "A", "type": "string", "jsonPath": ".spec.a[0].b"}])
    assert list(cells({"metadata": {"name": "w"}}, NOW)) == ["w", None]


def test_a_path_that_is_none_gives_nothing() -> None:
    cells = cells_of([{"name": "A", "type": "string", "jsonPath": ".spec[?("}])
    assert list(cells({"metadata": {"name": "w"}}, NOW)) == ["w", None]


def test_conditions_can_be_shown() -> None:
    path = '.status.conditions[?(@.type=="Ready")].status'
    cells = cells_of([{"name": "Ready", "type": "string", "jsonPath": path}])
    status = {"conditions": [{"type": "Other", "status": "False"}, {"type": "Ready", "status": "True"}]}
    assert list(cells({"metadata": {"name": "w"}, "status": status}, NOW)) == ["w", "True"]
