"""Filling in the defaults of a schema."""

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.kube.machinery.schema.generated import JSON, crd_schemas
from wherry.kube.machinery.schema.defaulting import apply_defaults
from wherry.kube.machinery.schema.structural import from_crd


def defaulted(spec: dict[str, Any], **properties: Any) -> dict[str, Any]:
    obj = {"spec": spec}
    apply_defaults(obj, from_crd({"properties": {"spec": {"type": "object", "properties": properties}}}))
    return obj["spec"]


def test_what_is_missing_is_filled_in_and_what_is_there_stays() -> None:
    size = {"type": "integer", "default": 3}
    assert defaulted({}, size=size) == {"size": 3}
    assert defaulted({"size": 0}, size=size) == {"size": 0}


def test_a_default_that_is_an_object_is_filled_in_itself() -> None:
    inner = {"type": "object", "default": {}, "properties": {"a": {"type": "string", "default": "x"}}}
    assert defaulted({}, inner=inner) == {"inner": {"a": "x"}}


def test_every_object_gets_its_own() -> None:
    schema = from_crd({"properties": {"spec": {"type": "object", "default": {"list": []}}}})
    one: dict[str, Any] = {}
    apply_defaults(one, schema)
    one["spec"]["list"].append(1)
    other: dict[str, Any] = {}
    apply_defaults(other, schema)
    assert other == {"spec": {"list": []}}


def test_lists_and_maps_are_looked_into() -> None:
    item = {"type": "object", "properties": {"protocol": {"type": "string", "default": "TCP"}}}
    ports = {"type": "array", "items": item}
    named = {"type": "object", "additionalProperties": item}
    assert defaulted({"ports": [{}, {"protocol": "UDP"}], "named": {"a": {}}}, ports=ports, named=named) == {
        "ports": [{"protocol": "TCP"}, {"protocol": "UDP"}],
        "named": {"a": {"protocol": "TCP"}},
    }


def test_null_is_absent_where_it_may_not_be() -> None:
    assert defaulted({"a": None}, a={"type": "string", "default": "x"}) == {"a": "x"}
    assert defaulted({"a": None}, a={"type": "string"}) == {}
    assert defaulted({"a": None}, a={"type": "string", "nullable": True, "default": "x"}) == {"a": None}
    values = {"type": "object", "additionalProperties": {"type": "string"}}
    assert defaulted({"values": {"k": None}}, values=values) == {"values": {}}
    assert defaulted({"list": [None]}, list={"type": "array", "items": {"type": "string", "default": "x"}}) == {
        "list": ["x"]
    }
    assert defaulted({"list": [None]}, list={"type": "array", "items": {"type": "string"}}) == {"list": [None]}


def test_fields_that_nobody_knows_are_left_alone() -> None:
    obj: dict[str, Any] = {"metadata": {"labels": None}, "free": {"a": None}}
    apply_defaults(obj, from_crd(None))
    assert obj == {"metadata": {"labels": None}, "free": {"a": None}}


@settings(max_examples=200, deadline=None)
@given(crd_schemas(), st.dictionaries(st.sampled_from("abc"), JSON, max_size=3))
def test_filling_in_twice_is_filling_in_once(document: dict[str, Any], obj: dict[str, Any]) -> None:
    schema = from_crd(document)
    apply_defaults(obj, schema)
    once = copy.deepcopy(obj)
    apply_defaults(obj, schema)
    assert obj == once
