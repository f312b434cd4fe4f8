"""How numbers are written; bounds and multiples."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.kube.machinery.schema.numbers import check, settle, shown


def said(value: float, **constraints: Any) -> list[str]:
    found: list[Any] = []
    check(value, constraints, "spec.n", found)
    return [str(each) for each in found]


@pytest.mark.parametrize(
    ("value", "constraints", "text"),
    [
        (0, {"minimum": 1}, "0: spec.n in body should be greater than or equal to 1"),
        (1, {"minimum": 1, "exclusiveMinimum": True}, "1: spec.n in body should be greater than 1"),
        (9, {"maximum": 8}, "9: spec.n in body should be less than or equal to 8"),
        (8, {"maximum": 8, "exclusiveMaximum": True}, "8: spec.n in body should be less than 8"),
        (9, {"maximum": 1e6 - 999999}, "9: spec.n in body should be less than or equal to 1"),
        (0.25, {"minimum": 1e6}, "0.25: spec.n in body should be greater than or equal to 1e+06"),
        (5, {"minimum": 1000000}, "5: spec.n in body should be greater than or equal to 1000000"),
        (3, {"multipleOf": 2}, "3: spec.n in body should be a multiple of 2"),
        (0.35, {"multipleOf": 0.1}, "0.35: spec.n in body should be a multiple of 0.1"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_upstreams_words(value: float, constraints: dict[str, Any], text: str) -> None:
    value_and_reason = f"spec.n: Invalid value: {text}"
    assert said(value, **constraints) == [value_and_reason]


def test_what_is_right_is_not_complained_of() -> None:
    assert not said(1, minimum=1, maximum=1, multipleOf=1)
    assert not said(0.3, multipleOf=0.1)
    assert not said(0, minimum=0)


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (1.0, "1"), (0.5, "0.5"), (-2.5, "-2.5"), (123456, "123456"), (1234567, "1.234567e+06"), (1e21, "1e+21"),
     (0.0001, "0.0001"), (0.00001, "1e-05"), (-1e-7, "-1e-07"), (1e6, "1e+06")],
)  # fmt: skip
def test_a_bound_is_written_as_go_does(number: float, text: str) -> None:
    assert shown(number) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_that_is_written_is_the_number(number: float) -> None:
    assert float(shown(number)) == number


def test_whole_numbers_are_written_as_such() -> None:
    value: dict[str, Any] = {"a": 1.0, "b": [1e6, 1.5, {"c": -2.0}], "d": 1e19, "e": True, "f": "1.0", "g": None}
    settle(value)
    assert repr(value) == repr({"a": 1, "b": [1000000, 1.5, {"c": -2}], "d": 1e19, "e": True, "f": "1.0", "g": None})
