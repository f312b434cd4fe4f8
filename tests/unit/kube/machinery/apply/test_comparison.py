"""What differs between two objects."""

import json
from typing import Any

import pytest
from hypothesis import given

from tests.unit.kube.machinery.apply.specs import OBJECTS, Object, obj
from tests.unit.kube.machinery.patches.schemas import NUMBER, OBJECT, SPEC, mapping, struct
from wherry.kube.machinery.apply.comparison import compare, whole
from wherry.kube.machinery.apply.fieldsets import intersection, of_paths, paths
from wherry.kube.machinery.model import GroupVersionKind
from wherry.kube.machinery.schema.builtin import JSON_SCHEMA, definition, schema_of
from wherry.kube.machinery.schema.model import Schema


def _compared(old: Object, new: Object) -> tuple[Object, Object, Object]:
    found = compare(old, new, SPEC)
    return found.added, found.modified, found.removed


def test_scalars_and_single_values_are_added_modified_and_removed() -> None:
    old = {"replicas": 1, "args": ["a"], "paused": True, "opaque": {"a": "1"}}
    new = {"replicas": 2, "args": ["b"], "selector": {"labels": {}}, "opaque": {"a": "2"}}
    assert _compared(old, new) == (
        of_paths(["selector"]),
        of_paths(["replicas", "args", "opaque"]),
        of_paths(["paused"]),
    )


def test_what_came_with_all_that_is_in_it_came_itself_too() -> None:
    added, modified, removed = _compared({}, {"limits": {"cpu": 1}, "items": [{"name": "a"}]})
    assert added == {
        "f:limits": {".": {}, "f:cpu": {}},
        "f:items": {".": {}, 'k:{"name":"a"}': {".": {}, "f:name": {}}},
    }
    assert (modified, removed) == ({}, {})


def test_elements_are_compared_by_key_and_their_order_does_not_count() -> None:
    old = {"items": [{"name": "a", "image": "1"}, {"name": "b"}], "finalizers": ["x", "y"]}
    new = {"items": [{"name": "c"}, {"name": "a", "image": "2"}], "finalizers": ["y", "z"]}
    assert _compared(old, new) == (
        {"f:items": {'k:{"name":"c"}': {".": {}, "f:name": {}}}, "f:finalizers": {'v:"z"': {}}},
        {"f:items": {'k:{"name":"a"}': {"f:image": {}}}},
        {"f:items": {'k:{"name":"b"}': {".": {}, "f:name": {}}}, "f:finalizers": {'v:"x"': {}}},
    )
    shuffled = {"items": [{"name": "b"}, {"name": "a"}], "finalizers": ["b", "a"]}
    assert compare({"items": shuffled["items"][::-1], "finalizers": ["a", "b"]}, shuffled, SPEC).is_same


DUPLICATES: list[tuple[list[str], list[str], tuple[Object, Object, Object]]] = [
    (["1", "2"], ["1", "2"], ({}, {}, {})),
    (["1", "2"], ["1", "3"], ({}, {"x": {}}, {})),
    (["1", "2"], ["1"], ({"x": {".": {}, "f:name": {}, "f:image": {}}}, {}, {"x": {}})),
    (["1", "2"], [], ({}, {}, {"x": {}})),
    (["1"], ["1", "2"], ({"x": {}}, {}, {"x": {".": {}, "f:name": {}, "f:image": {}}})),
    ([], ["1", "2"], ({"x": {}}, {}, {})),
]


@pytest.mark.parametrize(("old", "new", "expected"), DUPLICATES)
def test_duplicates_are_one_value(old: list[str], new: list[str], expected: tuple[Object, Object, Object]) -> None:
    def spec(images: list[str]) -> Object:
        return {"items": [{"name": "other"}, *({"name": "a", "image": image} for image in images)]}

    found = _compared(spec(old), spec(new))
    key = 'k:{"name":"a"}'
    assert [each.get("f:items", {}) for each in found] == [{key: each["x"]} if each else {} for each in expected]


def test_values_of_another_type_are_modified_and_their_parts_come_and_go() -> None:
    scalar, parts = {"anything": 1}, {"anything": {"a": {"b": 1}}}
    inside = {"f:anything": {"f:a": {".": {}, "f:b": {}}}}
    assert _compared(scalar, parts) == (inside, of_paths(["anything"]), {})
    assert _compared(parts, scalar) == ({}, of_paths(["anything"]), inside)
    null: Object = {"anything": None}
    assert _compared(null, parts) == (inside, {}, {})
    assert _compared(parts, null) == ({}, {}, inside)
    assert _compared(null, {"anything": {}}) == ({}, of_paths(["anything"]), {})


def test_true_is_no_one() -> None:
    assert compare({"anything": {"a": True}}, {"anything": {"a": 1}}, SPEC).modified == of_paths(["anything.a"])


def test_true_is_no_one_in_what_kinds_of_ours_leave_open() -> None:
    revision = schema_of(GroupVersionKind("apps", "v1", "ControllerRevision"))
    assert compare({"data": {"a": 1}}, {"data": {"a": True}}, revision).modified == {"f:data": {}}
    schema = definition(JSON_SCHEMA)
    old, new = ({"properties": {"a": {"default": value}}} for value in (1, True))
    assert compare(old, new, schema).modified == of_paths(["properties.a.default"])


def test_elements_without_a_key_are_nobody_s() -> None:
    assert compare({"items": []}, {"items": [{"image": "x"}]}, SPEC).is_same


def test_structs_of_go_are_in_every_object_and_only_what_is_in_them_is_new() -> None:
    found = compare({}, obj({"strategy": {"type": "a", "rolling": {"surge": 1}}}, labels={"a": "b"}), OBJECT)
    assert found.added["f:spec"] == {"f:strategy": {"f:type": {}, "f:rolling": {".": {}, "f:surge": {}}}}
    assert found.added["f:metadata"] == {"f:name": {}, "f:labels": {".": {}, "f:a": {}}}
    assert compare({}, {"spec": {}}, OBJECT).is_same


def test_those_of_custom_resources_are_not() -> None:
    custom = struct(spec=struct(size=NUMBER))
    assert compare({}, {"spec": {"size": 1}}, custom).added == {"f:spec": {".": {}, "f:size": {}}}


def test_what_go_never_leaves_out_is_not_new_either() -> None:
    named = Schema(
        type="object",
        name="test.Needs",
        required=("data",),
        resolve_properties=lambda: {"data": mapping(), "x": NUMBER},
    )
    assert compare({}, {"data": {"a": "1"}, "x": 1}, named).added == {"f:data": {"f:a": {}}, "f:x": {}}


@given(OBJECTS, OBJECTS)
def test_two_objects_differ_both_ways_in_the_same_places(one: Object, other: Object) -> None:
    before = json.dumps([one, other])
    there, back = compare(one, other, OBJECT), compare(other, one, OBJECT)
    assert there.modified == back.modified
    assert set(paths(there.added)) - set(paths(back.removed)) == set()
    assert not set(paths(there.added)) & set(paths(there.removed))
    assert intersection(there.added, there.modified) == {}
    assert compare(one, json.loads(json.dumps(one)), OBJECT).is_same
    assert json.dumps([one, other]) == before


def test_the_node_of_a_whole_value_has_all_its_members() -> None:
    value: Any = {"a": [{"name": "x"}], "b": {}}
    schema = struct(a=SPEC.properties["items"], b=mapping())
    assert whole(value, schema) == {
        ".": {},
        "f:a": {".": {}, 'k:{"name":"x"}': {".": {}, "f:name": {}}},
        "f:b": {},
    }
    assert whole([], schema) == {}
