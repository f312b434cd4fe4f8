from typing import Any

import pytest

from tests.unit.kube.kinds.objects import said
from wherry.kube.kinds import checking
from wherry.kube.machinery.fielderrors import FieldError, Path

P = Path("p")


@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        (checking.nonnegative(P, 0), []),
        (checking.nonnegative(P, None), []),
        (checking.nonnegative(P, -1), ["p: Invalid value: -1: must be greater than or equal to 0"]),
        (checking.choice(P, "a", ("a", "b")), []),
        (checking.choice(P, "", ("a", "b")), ["p: Required value"]),
        (checking.choice(P, "c", ("a", "b")), ['p: Unsupported value: "c": supported values: "a", "b"']),
        (checking.optional_choice(P, None, ("a",)), []),
        (checking.optional_choice(P, "", ("a",)), ['p: Unsupported value: "": supported values: "a"']),
        (checking.needed(P, {"a": "x", "b": ""}, "a", "b", "c"), ["p.b: Required value", "p.c: Required value"]),
        (checking.immutable(P, {"a": None}, {}), []),
        (checking.immutable(P, "x", "y"), ['p: Invalid value: "x": field is immutable']),
        (checking.port_number_or_name(P, 80), []),
        (checking.port_number_or_name(P, 0), ["p: Invalid value: 0: must be between 1 and 65535, inclusive"]),
        (checking.port_number_or_name(P, "http"), []),
        (
            checking.port_number_or_name(P, "80"),
            ['p: Invalid value: "80": must contain at least one letter (a-z)'],
        ),
        (checking.nonnegative_quantity(P, "1Gi"), []),
        (checking.nonnegative_quantity(P, "-1"), ['p: Invalid value: "-1": must be greater than or equal to 0']),
        (checking.positive_quantity(P, "0"), ['p: Invalid value: "0": must be greater than zero']),
        (checking.positive_quantity(P, 5), []),
    ],
)
def test_rules_and_their_words(errors: list[FieldError], expected: list[str]) -> None:
    assert said(errors) == expected


def test_what_is_no_quantity_is_zero_and_wrong() -> None:
    found, (error,) = checking.read_quantity(P, "much")
    assert found.nano == 0
    assert str(error).startswith('p: Invalid value: "much": quantities must match the regular expression')


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({"a": []}, {}, True),
        ({"a": {"b": None}}, {"a": None}, True),
        ([1, {"a": ""}], [1, {}], True),
        ([], None, True),
        ({"a": 1}, {"a": 2}, False),
        ([1], [1, 0], False),
        (0, "", True),
        ({"a": [1]}, {"a": [True]}, False),
        ({"a": 1}, {"a": 1.0}, True),
    ],
)
def test_what_is_empty_is_as_good_as_absent(one: Any, other: Any, expected: bool) -> None:
    assert checking.same(one, other) is expected
    assert checking.same(other, one) is expected


def test_amounts_are_written_in_one_way() -> None:
    amounts: dict[str, Any] = {"cpu": 1, "memory": "1024Ki", "x": "1n", "bad": "much"}
    checking.canonical_resources(amounts)
    assert amounts == {"cpu": "1", "memory": "1Mi", "x": "1m", "bad": "much"}
    checking.canonical_resources(None)


def test_defaults_fill_what_is_empty() -> None:
    document: dict[str, Any] = {"a": "", "b": "kept", "c": None, "d": 0}
    checking.set_default(document, a="x", b="x", c="x", d=5)
    assert document == {"a": "x", "b": "kept", "c": "x", "d": 0}


def test_fields_are_texts() -> None:
    assert checking.texts({"a": None, "b": True, "c": False, "d": 3, "e": "x"}) == {
        "a": "",
        "b": "true",
        "c": "false",
        "d": "3",
        "e": "x",
    }
