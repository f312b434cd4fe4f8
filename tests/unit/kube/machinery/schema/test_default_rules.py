"""The defaults of a definition's schema."""

from typing import Any

from hypothesis import given, settings

from tests.unit.kube.machinery.schema.generated import crd_schemas
from wherry.kube.machinery.fielderrors import Path
from wherry.kube.machinery.schema.default_rules import default_errors

EMBEDDED = {"type": "object", "x-kubernetes-embedded-resource": True, "x-kubernetes-preserve-unknown-fields": True}


def said(**field: Any) -> list[str]:
    """Of the field ``a``."""
    schema = {"type": "object", "properties": {"a": field}}
    return [str(each).removeprefix("s.properties[a]") for each in default_errors(schema, Path("s"))]


def test_a_right_default_is_not_complained_of() -> None:
    assert not said(type="string", default="x")
    assert not said(type="object", properties={"b": {"type": "integer"}}, default={"b": 1})
    assert not said(**EMBEDDED, default={"apiVersion": "v1", "kind": "Pod"})


def test_a_default_is_valid() -> None:
    assert said(type="string", default=1) == [
        '.default: Invalid value: "integer":  in body must be of type string: "integer"'
    ]
    assert said(type="array", items={"type": "object", "properties": {"b": {"type": "string", "default": 1}}}) == [
        '.items.properties[b].default: Invalid value: "integer":  in body must be of type string: "integer"'
    ]
    assert said(type="object", properties={"b": {"type": "integer"}}, default={"b": "x"}) == [
        '.default.b: Invalid value: "string": b in body must be of type integer: "string"'
    ]


def test_a_default_has_no_fields_that_would_be_pruned() -> None:
    assert said(type="object", properties={"b": {"type": "integer"}}, default={"c": 1}) == [
        '.default: Invalid value: {"c":1}: must not have unknown fields'
    ]


def test_a_default_that_is_an_object_of_its_own_says_what_it_is() -> None:
    assert said(**EMBEDDED, default={"kind": "Pod"}) == [".default.apiVersion: Required value"]
    (error,) = said(**EMBEDDED, default={"apiVersion": "v1", "kind": "Pod", "metadata": {"name": 1}})
    assert error.startswith(".default: Invalid value:") and "cannot unmarshal number" in error


def test_a_default_within_metadata_makes_right_metadata() -> None:
    def of_name(default: Any) -> list[str]:
        metadata = {"type": "object", "properties": {"name": {"type": "string", "default": default}}}
        return said(**EMBEDDED, properties={"metadata": metadata})

    assert not of_name("right")
    (error,) = of_name("wrong/name")
    assert error.startswith(
        '.properties[metadata].properties[name].default: Invalid value: "wrong/name": must result in valid metadata: '
    )


@settings(max_examples=100, deadline=None)
@given(crd_schemas())
def test_what_is_generated_is_right(document: dict[str, Any]) -> None:
    assert not said(**document)
