"""Merge patch."""

import json
from typing import Any

import pytest
from hypothesis import given

from tests.unit.kube.machinery.patches.documents import JSON, OBJECTS, nested
from wherry.kube.machinery.patches.merge import apply, without_nulls
from wherry.kube.machinery.status import StatusError

# The examples of RFC 7386, appendix A, between objects.
EXAMPLES: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("document", "patch", "expected"), EXAMPLES)
def test_it_does_what_the_rfc_says(document: dict[str, Any], patch: dict[str, Any], expected: dict[str, Any]) -> None:
    assert apply(document, patch) == expected


def test_nulls_of_lists_stay_as_upstream_keeps_them() -> None:
    assert apply({}, {"a": [None, {"b": None, "c": 1}]}) == {"a": [None, {"c": 1}]}
    assert apply({"a": {}}, {"a": [{"b": None}]}) == {"a": [{}]}


def diff(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """The merge patch from one to the other."""
    patch: dict[str, Any] = {key: None for key in old if key not in new}
    for key, value in new.items():
        if key not in old or json.dumps(old[key]) != json.dumps(value):
            both = isinstance(value, dict) and isinstance(old.get(key), dict)
            patch[key] = diff(old[key], value) if both else value
    return patch


@given(OBJECTS, OBJECTS)
def test_the_patch_of_a_difference_makes_the_one_of_the_other(old: dict[str, Any], new: dict[str, Any]) -> None:
    old, new = _without_any_nulls(old), _without_any_nulls(new)
    assert apply(old, diff(old, new)) == new


def _without_any_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_any_nulls(each) for key, each in value.items() if each is not None}
    return [_without_any_nulls(each) for each in value if each is not None] if isinstance(value, list) else value


@given(OBJECTS, OBJECTS)
def test_arguments_do_not_change_and_twice_is_once(document: dict[str, Any], patch: dict[str, Any]) -> None:
    before = json.dumps([document, patch])
    once = apply(document, patch)
    assert apply(once, patch) == once
    assert json.dumps([document, patch]) == before


def test_what_did_not_change_is_the_document_s_own_and_the_patch_s_is_not() -> None:
    document, patch = {"spec": {"a": 1}, "metadata": {}}, {"metadata": {"labels": {"x": "y"}}}
    result = apply(document, patch)
    assert result["spec"] is document["spec"]
    assert result["metadata"]["labels"] is not patch["metadata"]["labels"]


@given(JSON)
def test_only_an_object_is_a_patch(patch: Any) -> None:
    if isinstance(patch, dict):
        return
    with pytest.raises(StatusError) as caught:
        apply({}, patch)
    assert caught.value.code == 400


def test_the_refusals_have_upstream_s_words() -> None:
    with pytest.raises(StatusError, match=r"^Invalid JSON Patch$"):
        apply({}, None)
    with pytest.raises(StatusError) as caught:
        apply({}, [1])
    assert caught.value.message == (
        "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}"
    )


def test_depth_is_bounded() -> None:
    with pytest.raises(StatusError, match="exceeded max depth"):
        apply({"a": nested(5000)}, {"a": nested(5000)})


def test_cleaning_drops_null_fields_only() -> None:
    assert without_nulls({"a": None, "b": [None, {"c": None}], "d": {"e": None}}) == {"b": [None, {}], "d": {}}
