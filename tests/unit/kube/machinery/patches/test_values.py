"""Equality, copies and the guard against depth."""

import json
from typing import Any

import pytest
from hypothesis import given

from tests.unit.kube.machinery.patches.documents import JSON, OBJECTS, nested
from wherry.kube.machinery.patches.values import bounded, copied, same
from wherry.kube.machinery.status import StatusError


@given(JSON)
def test_a_value_is_the_same_as_its_copy(value: Any) -> None:
    assert same(value, copied(value))


def test_true_is_no_one_anywhere_and_numbers_are_compared_by_value() -> None:
    assert not same(True, 1)
    assert not same({"a": [0]}, {"a": [False]})
    assert same({"a": [1.0]}, {"a": [1]})
    assert not same({"a": 1}, {"a": 1, "b": None})


@given(OBJECTS)
def test_a_copy_shares_nothing_that_can_change(value: dict[str, Any]) -> None:
    before = json.dumps(value)
    _spoil(copied(value))
    assert json.dumps(value) == before


def _spoil(value: Any) -> None:
    if isinstance(value, dict):
        for each in value.values():
            _spoil(each)
        value.clear()
    elif isinstance(value, list):
        for each in value:
            _spoil(each)
        value.clear()


def test_what_is_too_deep_to_walk_is_refused() -> None:
    @bounded
    def walk(value: dict[str, Any]) -> int:
        return 1 + walk(value["a"]) if value else 0

    with pytest.raises(StatusError) as caught:
        walk(nested(100_000))
    assert (caught.value.code, caught.value.message) == (400, "exceeded max depth")
    assert walk.__name__ == "walk"
