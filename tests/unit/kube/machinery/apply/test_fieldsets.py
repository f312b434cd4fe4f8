"""Field sets, against sets of paths."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.kube.machinery.apply import fieldsets
from wherry.kube.machinery.apply.fieldsets import FieldSet, sorted_set

Path = tuple[str, ...]

ELEMENTS = st.sampled_from(["f:a", "f:b", 'k:{"n":1}', 'k:{"n":10}', 'v:"x"'])
PATHS = st.sets(st.lists(ELEMENTS, min_size=1, max_size=3).map(tuple), max_size=8)


def built(paths: set[Path]) -> FieldSet:
    """The set of these paths, in the one form."""
    found: FieldSet = {}
    for path in paths:
        node = found
        for element in path:
            node = node.setdefault(element, {})
        node["."] = {}
    return _tidied(found)


def _tidied(node: FieldSet) -> FieldSet:
    if list(node) == ["."]:
        return {}
    return {element: each if element == "." else _tidied(each) for element, each in node.items()}


def paths(fields: FieldSet) -> set[Path]:
    """Of a set; it must be in the one form: no node is empty but by being a member, and none has only a dot."""
    for node in _nodes(fields):
        assert list(node) != ["."]
    return set(fieldsets.paths(fields))


def _nodes(fields: FieldSet) -> list[FieldSet]:
    return [fields, *(each for element, node in fields.items() if element != "." for each in _nodes(node))]


@given(PATHS)
def test_the_paths_of_a_set_are_those_it_was_made_of(one: set[Path]) -> None:
    assert paths(built(one)) == one
    assert len(list(fieldsets.paths(built(one)))) == len(one)


OPERATIONS: list[tuple[Callable[[FieldSet, FieldSet], FieldSet], Callable[[set[Path], set[Path]], set[Path]]]] = [
    (fieldsets.union, set.union),
    (fieldsets.intersection, set.intersection),
    (fieldsets.difference, set.difference),
    (
        fieldsets.recursive_difference,
        lambda one, two: {path for path in one if not any(path[: len(each)] == each for each in two)},
    ),
]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda pair: pair[0].__name__)
@given(one=PATHS, two=PATHS)
def test_operations_are_those_of_sets_of_paths(
    operation: tuple[Callable[[FieldSet, FieldSet], FieldSet], Callable[[set[Path], set[Path]], set[Path]]],
    one: set[Path],
    two: set[Path],
) -> None:
    ours, theirs = operation
    first, second = built(one), built(two)
    before = json.dumps([first, second])
    assert paths(ours(first, second)) == theirs(one, two)
    assert json.dumps([first, second]) == before


@given(PATHS, PATHS)
def test_one_set_contains_another_when_it_has_all_its_paths(one: set[Path], two: set[Path]) -> None:
    assert fieldsets.contains(built(one), built(two)) == (two <= one)
    assert all(fieldsets.has(built(one), path) == (path in one) for path in one | two)


@given(PATHS, PATHS)
def test_absorbing_is_a_union_in_place(one: set[Path], two: set[Path]) -> None:
    target, second = fieldsets.mine(built(one)), built(two)
    before = json.dumps(second)
    fieldsets.absorb(target, second)
    assert paths(target) == one | two
    assert json.dumps(second) == before


@given(PATHS)
def test_a_sorted_set_is_the_same_set(one: set[Path]) -> None:
    ordered = sorted_set(built(one))
    assert ordered == built(one)
    assert json.dumps(sorted_set(ordered)) == json.dumps(ordered)
    assert fieldsets.read(ordered) == ordered


def test_the_order_is_upstream_s() -> None:
    fields = {'k:{"p":443}': {}, "f:b": {"f:x": {}, ".": {}}, 'k:{"p":80}': {}, "f:a": {}}
    assert json.dumps(sorted_set(fields)) == json.dumps(
        {"f:a": {}, "f:b": {".": {}, "f:x": {}}, 'k:{"p":80}': {}, 'k:{"p":443}': {}}
    )


def test_sets_from_elsewhere_are_brought_into_form() -> None:
    given_fields: Any = {
        "f:a": {".": {}},
        "z:future": {"f:x": {}},
        'k:{ "n": 1.0 }': {"f:x": None},
        'k:{"n":1}': {".": {}, "f:y": {}},
    }
    assert fieldsets.read(given_fields) == {"f:a": {}, 'k:{"n":1}': {".": {}, "f:x": {}, "f:y": {}}}
    assert fieldsets.read(None) == {}


@pytest.mark.parametrize("fields", [[], "x", {"f:a": []}, {"bad": {}}, {"k:x": {}}])
def test_what_is_no_set_is_refused(fields: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        fieldsets.read(fields)


def test_paths_are_shown_as_upstream_shows_them() -> None:
    assert fieldsets.path_text(("f:spec", "f:items", 'k:{"name":"a"}', "f:image")) == '.spec.items[name="a"].image'


def test_small_things() -> None:
    assert fieldsets.of_paths(("a.b", "a", "c")) == {"f:a": {".": {}, "f:b": {}}, "f:c": {}}
    assert fieldsets.member({"f:a": {}}) == {".": {}, "f:a": {}}
    assert fieldsets.only({"f:a": {"f:b": {}}, "f:c": {}}, "f:a") == {"f:a": {"f:b": {}}}
    assert fieldsets.only({}, "f:a") == {}
    assert fieldsets.without_root({".": {}, "f:a": {}}) == {"f:a": {}}
