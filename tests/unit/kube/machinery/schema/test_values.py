"""Validation of a custom resource's values."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.kube.machinery.schema.generated import JSON, crd_schemas
from wherry.kube.machinery.schema.model import MISSING
from wherry.kube.machinery.schema.structural import from_crd
from wherry.kube.machinery.schema.values import validate_values


def said(value: Any, old: Any = MISSING, **schema: Any) -> list[str]:
    """Of ``spec.x``."""
    whole = from_crd({"properties": {"spec": {"type": "object", "properties": {"x": schema}}}})
    before = MISSING if old is MISSING else {"spec": {"x": old}}
    return [str(each) for each in validate_values({"spec": {"x": value}}, whole, old=before)]


@pytest.mark.parametrize(
    ("value", "schema", "actual"),
    [
        ("a", {"type": "integer"}, 'of type integer: "string"'),
        (1.5, {"type": "integer"}, 'of type integer: "number"'),
        (1, {"type": "string"}, 'of type string: "integer"'),
        (True, {"type": "integer"}, 'of type integer: "boolean"'),
        ([], {"type": "object"}, 'of type object: "array"'),
        ({}, {"type": "array", "items": {"type": "string"}}, 'of type array: "object"'),
        (None, {"type": "string"}, 'of type string: "null"'),
        (True, {"x-kubernetes-int-or-string": True}, 'of type integer,string: "boolean"'),
        ("a", {"type": "integer", "format": "int32"}, 'of type integer: "string"'),
    ],
)
def test_another_type_is_told(value: Any, schema: dict[str, Any], actual: str) -> None:
    name = actual.rpartition(": ")[2]
    assert said(value, **schema) == [f"spec.x: Invalid value: {name}: spec.x in body must be {actual}"]


def test_of_a_number_with_a_format_the_format_is_told() -> None:
    assert said(True, type="integer", format="int32") == [
        'spec.x: Invalid value: "": spec.x in body must be of type int32: ""'
    ]
    assert said(1.5, type="integer", format="int64") == [
        'spec.x: Invalid value: "double": spec.x in body must be of type int64: "double"'
    ]


@pytest.mark.parametrize(
    ("value", "schema"),
    [
        (1.0, {"type": "integer"}),
        (1, {"type": "number"}),
        (None, {"type": "string", "nullable": True}),
        (5, {"x-kubernetes-int-or-string": True}),
        ("5", {"x-kubernetes-int-or-string": True}),
        ({"a": [None]}, {"x-kubernetes-preserve-unknown-fields": True}),
        ("2006-01-02T15:04:05Z", {"type": "string", "format": "date-time"}),
        ("anything", {"type": "string", "format": "nobody-knows"}),
        ("Größe", {"type": "string", "maxLength": 5, "minLength": 5}),
    ],
)
def test_a_right_value_is_not_complained_of(value: Any, schema: dict[str, Any]) -> None:
    assert said(value, **schema) == []


@pytest.mark.parametrize(
    ("value", "schema", "text"),
    [
        ("abcd", {"type": "string", "maxLength": 3}, "Too long: may not be more than 3 bytes"),
        ("a", {"type": "string", "minLength": 2}, 'Invalid value: "a": spec.x in body should be at least 2 chars long'),
        ("b", {"type": "string", "pattern": "^a"}, "Invalid value: \"b\": spec.x in body should match '^a'"),
        ("b", {"type": "string", "enum": ["a", "c"]}, 'Unsupported value: "b": supported values: "a", "c"'),
        (3, {"type": "integer", "enum": [1, 2]}, 'Unsupported value: 3: supported values: "1", "2"'),
        (True, {"enum": [1]}, 'Unsupported value: true: supported values: "1"'),
        ("x", {"type": "string", "format": "ipv4"}, 'Invalid value: "x": spec.x in body must be of type ipv4: "x"'),
        (0, {"type": "integer", "minimum": 1}, "Invalid value: 0: spec.x in body should be greater than or equal to 1"),
        ([], {"type": "array", "minItems": 1}, "Invalid value: 0: spec.x in body should have at least 1 items"),
        ([1, 2], {"type": "array", "maxItems": 1}, "Too many: 2: must have at most 1 item"),
        ({}, {"type": "object", "minProperties": 1},
         "Invalid value: 0: spec.x in body should have at least 1 properties"),
        ({"a": 1, "b": 1}, {"type": "object", "maxProperties": 1}, "Too many: 2: must have at most 1 item"),
        ({"a": 1}, {"type": "object", "additionalProperties": False},
         'Invalid value: "a": spec.x.a in body is a forbidden property'),
    ],
)  # fmt: skip
def test_a_constraint_is_told_of(value: Any, schema: dict[str, Any], text: str) -> None:
    assert said(value, **schema) == [f"spec.x: {text}"]


def test_a_required_field_is_required() -> None:
    assert said({}, type="object", required=["a"]) == ["spec.x.a: Required value"]
    assert [str(each) for each in validate_values({}, from_crd({"required": ["spec"]}))] == ["spec: Required value"]


def test_lists_and_maps_are_looked_into() -> None:
    number = {"type": "integer"}
    assert said([1, "a"], type="array", items=number) == [
        'spec.x[1]: Invalid value: "string": spec.x[1] in body must be of type integer: "string"'
    ]
    assert said({"k": "a"}, type="object", additionalProperties=number) == [
        'spec.x.k: Invalid value: "string": spec.x.k in body must be of type integer: "string"'
    ]


def test_one_of_several_must_fit() -> None:
    parts = [{"required": ["a"]}, {"required": ["b"]}]
    both: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}}
    assert said({"a": ""}, **both, oneOf=parts) == []
    assert said({}, **both, oneOf=parts) == [
        '<nil>: Invalid value: "": "spec.x" must validate one and only one schema (oneOf). Found none valid',
        "spec.x.a: Required value",
    ]
    assert said({"a": "", "b": ""}, **both, oneOf=parts) == [
        '<nil>: Invalid value: "": "spec.x" must validate one and only one schema (oneOf). Found 2 valid alternatives'
    ]
    assert said({}, **both, anyOf=parts) == [
        '<nil>: Invalid value: "": "spec.x" must validate at least one schema (anyOf)',
        "spec.x.a: Required value",
    ]
    assert said({"a": ""}, **both, allOf=parts) == [
        "spec.x.b: Required value",
        '<nil>: Invalid value: "": "spec.x" must validate all the schemas (allOf)',
    ]
    assert said({}, **both, allOf=parts)[-1] == (
        '<nil>: Invalid value: "": "spec.x" must validate all the schemas (allOf). None validated'
    )
    assert said({"a": ""}, **both, **{"not": parts[0]}) == [
        '<nil>: Invalid value: "": "spec.x" must not validate the schema (not)'
    ]


def test_of_alternatives_the_one_that_could_be_checked_most_is_told() -> None:
    alternatives = [
        {"properties": {"other": {"enum": ["a"]}}, "required": ["other"]},
        {"properties": {"kind": {"enum": ["b"]}}, "required": ["kind"]},
    ]
    properties = {"kind": {"type": "string"}, "other": {"type": "string"}}
    assert said({"kind": "c"}, type="object", properties=properties, anyOf=alternatives)[1:] == [
        'spec.x.kind: Unsupported value: "c": supported values: "b"'
    ]


def test_names_may_be_restricted() -> None:
    schema = from_crd({"properties": {"metadata": {"properties": {"name": {"type": "string", "maxLength": 2}}}}})
    (error,) = validate_values({"metadata": {"name": "abc", "labels": {"a": "b"}}}, schema)
    assert error.field == "metadata.name"


def test_a_path_stands_before_the_fields() -> None:
    schema = from_crd({"properties": {"a": {"type": "string"}}, "anyOf": [{"required": ["a"]}]})
    assert [str(each) for each in validate_values({"a": 1}, schema, "base.default")] == [
        'base.default.a: Invalid value: "integer": a in body must be of type string: "integer"'
    ]
    first, second = validate_values({}, schema, "base")
    assert (first.field, second.field) == ("base", "base.a")


def test_what_has_not_changed_is_not_complained_of() -> None:
    assert said("bad", old="bad", type="integer") == []
    assert said({"a": 1, "b": 2}, old={"a": 1, "b": 1}, type="object", additionalProperties={"type": "string"}) == [
        'spec.x.b: Invalid value: "integer": spec.x.b in body must be of type string: "integer"'
    ]
    assert said(1, old=True, type="boolean") != []


def test_elements_of_a_map_are_told_apart_by_their_keys() -> None:
    schema: dict[str, Any] = {
        "type": "array",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["n"],
        "items": {"type": "object", "properties": {"n": {"type": "string"}, "v": {"type": "integer"}}},
    }
    old = [{"n": "a", "v": "bad"}, {"n": "b", "v": "bad"}]
    assert said([{"n": "new", "v": 1}, *old], old=old, **schema) == []
    assert said(["bad", 1], old=["bad"], type="array", items={"type": "boolean"}) != []


@settings(max_examples=150, deadline=None)
@given(crd_schemas(), st.dictionaries(st.sampled_from("abc"), JSON, max_size=3))
def test_what_is_stored_stays_valid(document: dict[str, Any], obj: dict[str, Any]) -> None:
    schema = from_crd(document)
    validate_values(obj, schema)
    assert validate_values(obj, schema, old=obj) == []


def test_what_may_be_said_is_written_once_however_many_values_are_wrong() -> None:
    items = {"type": "string", "enum": ["a", "b"]}
    field = {"type": "array", "items": items}
    whole = from_crd({"properties": {"spec": {"type": "object", "properties": {"x": field}}}})
    first, second = validate_values({"spec": {"x": ["c", "a", "d"]}}, whole)
    assert str(first) == 'spec.x[0]: Unsupported value: "c": supported values: "a", "b"'
    assert str(second) == 'spec.x[2]: Unsupported value: "d": supported values: "a", "b"'
    assert first.detail is second.detail


def test_an_enumeration_may_have_values_of_all_types() -> None:
    mixed = {"enum": ["1", 1, True, None, {"a": [1]}], "x-kubernetes-preserve-unknown-fields": True}
    for value in ("1", 1, True, {"a": [1]}):
        assert said(value, **mixed) == []
    for value in ("true", 0, False, {"a": [True]}, "2"):
        assert len(said(value, **mixed)) == 1
