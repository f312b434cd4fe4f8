"""Dropping the fields that a custom resource's schema does not have."""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.kube.machinery.schema.generated import JSON, crd_schemas
from wherry.kube.machinery.schema.conform import Mistyped
from wherry.kube.machinery.schema.pruning import prune
from wherry.kube.machinery.schema.structural import from_crd

SCHEMA = from_crd(
    {
        "type": "object",
        "properties": {
            "spec": {
                "type": "object",
                "properties": {
                    "size": {"type": "integer"},
                    "list": {"type": "array", "items": {"type": "object", "properties": {"a": {"type": "string"}}}},
                    "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                    "free": {
                        "type": "object",
                        "x-kubernetes-preserve-unknown-fields": True,
                        "properties": {"known": {"type": "object", "properties": {"b": {"type": "string"}}}},
                    },
                    "object": {
                        "type": "object",
                        "x-kubernetes-embedded-resource": True,
                        "x-kubernetes-preserve-unknown-fields": True,
                    },
                    "loose": {"type": "object", "additionalProperties": True},
                },
            }
        },
    }
)


def test_an_unknown_field_goes_and_is_told_of() -> None:
    obj: dict[str, Any] = {"apiVersion": "a/v1", "kind": "A", "metadata": {"any": 1}, "other": 1, "spec": {"no": {}}}
    assert prune(obj, SCHEMA) == ['unknown field "other"', 'unknown field "spec.no"']
    assert obj == {"apiVersion": "a/v1", "kind": "A", "metadata": {"any": 1}, "spec": {}}


def test_lists_and_maps_are_looked_into() -> None:
    obj: dict[str, Any] = {"spec": {"list": [{"a": "x"}, {"a": "y", "b": 1}, "text"], "labels": {"any": "value"}}}
    assert prune(obj, SCHEMA) == ['unknown field "spec.list[1].b"']
    assert obj["spec"]["list"] == [{"a": "x"}, {"a": "y"}, "text"]
    assert obj["spec"]["labels"] == {"any": "value"}


def test_what_is_to_be_preserved_stays_but_known_fields_in_it_are_pruned() -> None:
    obj: dict[str, Any] = {"spec": {"free": {"x": {"y": 1}, "known": {"b": "1", "c": 2}, "list": [{"z": 1}]}}}
    assert prune(obj, SCHEMA) == ['unknown field "spec.free.known.c"']
    assert obj["spec"]["free"] == {"x": {"y": 1}, "known": {"b": "1"}, "list": [{"z": 1}]}


def test_an_embedded_objects_metadata_is_metadata() -> None:
    obj: dict[str, Any] = {"spec": {"object": {"kind": "B", "metadata": {"name": "b", "odd": 1}, "data": {"a": 1}}}}
    assert prune(obj, SCHEMA) == ['unknown field "spec.object.metadata.odd"']
    assert obj["spec"]["object"] == {"kind": "B", "metadata": {"name": "b"}, "data": {"a": 1}}
    with pytest.raises(Mistyped):
        prune({"spec": {"object": {"metadata": {"name": 1}}}}, SCHEMA)


def test_a_value_where_no_schema_is_has_no_fields() -> None:
    obj: dict[str, Any] = {"spec": {"loose": {"a": 1, "b": {"c": 1}}, "size": {"d": 1}}}
    assert prune(obj, SCHEMA) == ['unknown field "spec.loose.b.c"', 'unknown field "spec.size.d"']
    assert obj == {"spec": {"loose": {"a": 1, "b": {}}, "size": {}}}


@settings(max_examples=200, deadline=None)
@given(crd_schemas(), st.dictionaries(st.sampled_from("abc"), JSON, max_size=3))
def test_pruning_twice_is_pruning_once(document: dict[str, Any], obj: dict[str, Any]) -> None:
    schema = from_crd(document)
    prune(obj, schema)
    once = copy.deepcopy(obj)
    assert prune(obj, schema) == []
    assert obj == once
