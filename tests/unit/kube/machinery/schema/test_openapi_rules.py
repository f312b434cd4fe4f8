"""What of OpenAPI a definition's schema may use."""

from typing import Any

import pytest
from hypothesis import given, settings

from tests.unit.kube.machinery.schema.generated import crd_schemas
from wherry.kube.machinery.fielderrors import Path
from wherry.kube.machinery.schema.openapi_rules import openapi_errors

ITEM = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}


def said(**field: Any) -> list[str]:
    """Of the field ``a``."""
    schema = {"type": "object", "properties": {"a": field}}
    return [str(each).removeprefix("s.properties[a]") for each in openapi_errors(schema, Path("s"))]


def of_map(**more: Any) -> dict[str, Any]:
    return {
        "type": "array",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["name"],
        "items": ITEM,
        **more,
    }


def test_a_right_schema_is_not_complained_of() -> None:
    assert not said(**of_map())
    assert not said(type="object", additionalProperties={"type": "string"}, **{"x-kubernetes-map-type": "atomic"})
    assert not said(type="array", items={"type": "string"}, **{"x-kubernetes-list-type": "set"})


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ({"type": "text"},
         '.type: Unsupported value: "text": supported values: "array", "boolean", "integer", "number", "object", '
         '"string"'),
        ({"$ref": "#/a"}, ".$ref: Forbidden: $ref is not supported"),
        ({"patternProperties": {"a": {}}}, ".patternProperties: Forbidden: patternProperties is not supported"),
        ({"type": "array", "items": [{}]}, ".items: Forbidden: items must be a schema object and not an array"),
        ({"uniqueItems": True},
         ".uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic"),
        ({"properties": {"b": {}}, "additionalProperties": False},
         ".additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive"),
        ({"x-kubernetes-preserve-unknown-fields": False},
         ".x-kubernetes-preserve-unknown-fields: Invalid value: false: must be true or undefined"),
        ({"x-kubernetes-map-type": "atomic"},
         ".type: Required value: must be object if x-kubernetes-map-type is specified"),
        ({"type": "object", "x-kubernetes-map-type": "odd"},
         '.x-kubernetes-map-type: Unsupported value: "odd": supported values: "atomic", "granular"'),
        ({"type": "string", "x-kubernetes-list-type": "set"},
         '.type: Invalid value: "string": must be array if x-kubernetes-list-type is specified'),
        ({"type": "array", "items": ITEM, "x-kubernetes-list-type": "set"},
         ".items.x-kubernetes-map-type: Invalid value: null: must be atomic as item of a list with "
         "x-kubernetes-list-type=set"),
        ({"type": "array", "x-kubernetes-list-type": "odd"},
         '.x-kubernetes-list-type: Unsupported value: "odd": supported values: "atomic", "map", "set"'),
        ({"type": "array", "items": ITEM, "x-kubernetes-list-map-keys": ["name"]},
         ".x-kubernetes-list-type: Required value: must be map if x-kubernetes-list-map-keys is non-empty"),
        ({**of_map(), "x-kubernetes-list-map-keys": []},
         ".x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map"),
        ({**of_map(), "x-kubernetes-list-map-keys": ["no"]},
         '.x-kubernetes-list-map-keys: Invalid value: ["no"]: entries must all be names of item properties'),
        ({**of_map(), "x-kubernetes-list-map-keys": ["name", "name"]},
         '.x-kubernetes-list-map-keys: Invalid value: ["name","name"]: must not contain duplicate entries'),
        (of_map(items={"type": "string"}),
         '.items.type: Invalid value: "string": must be object if parent array\'s x-kubernetes-list-type is map'),
        (of_map(items={**ITEM, "required": []}),
         ".items.properties[name].default: Required value: this property is in x-kubernetes-list-map-keys, so it must "
         "have a default or be a required property"),
        (of_map(items={**ITEM, "nullable": True}),
         ".items.nullable: Forbidden: cannot be nullable when x-kubernetes-list-type is map"),
        ({"x-kubernetes-validations": [{"rule": " "}]},
         ".x-kubernetes-validations[0].rule: Required value: rule is not specified"),
        ({"x-kubernetes-validations": [{"rule": "a", "message": "a\nb"}]},
         '.x-kubernetes-validations[0].message: Invalid value: "a\\nb": message must not contain line breaks'),
        ({"x-kubernetes-validations": [{"rule": "a\nb"}]},
         ".x-kubernetes-validations[0].message: Required value: message must be specified if rule contains line "
         "breaks"),
        ({"x-kubernetes-validations": [{"rule": "a", "reason": "Odd"}]},
         '.x-kubernetes-validations[0].reason: Unsupported value: "Odd": supported values: "FieldValueDuplicate", '
         '"FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"'),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(field: dict[str, Any], text: str) -> None:
    assert said(**field) == [text]


def test_there_are_no_defaults_in_metadata() -> None:
    schema = {"properties": {"metadata": {"properties": {"name": {"type": "string", "default": "a"}}}}}
    assert [str(each) for each in openapi_errors(schema, Path("s"))] == [
        "s.properties[metadata].properties[name].default: Forbidden: must not be set in top-level metadata"
    ]


@settings(max_examples=100, deadline=None)
@given(crd_schemas())
def test_what_is_generated_is_right(document: dict[str, Any]) -> None:
    assert not said(**document)
