"""What makes a schema structural."""

from typing import Any

import pytest
from hypothesis import given, settings

from tests.unit.kube.machinery.schema.generated import crd_schemas
from wherry.kube.machinery.fielderrors import Path
from wherry.kube.machinery.schema.structural_rules import nodes, structural_errors, unsupported

PREFIX = "spec.validation.openAPIV3Schema"
STRING = {"type": "string"}


def said(**root: Any) -> list[str]:
    return [str(each) for each in structural_errors({"type": "object", **root}, Path(PREFIX))]


def of_field(**field: Any) -> list[str]:
    """The same of a field ``a``, and what is said of it without the path of it."""
    return [text.removeprefix(f"{PREFIX}.properties[a]") for text in said(properties={"a": field})]


def test_a_structural_schema_is_not_complained_of() -> None:
    assert not said(
        properties={
            "metadata": {"type": "object", "properties": {"name": {"type": "string", "maxLength": 9}}},
            "spec": {
                "type": "object",
                "properties": {"a": STRING, "b": {"type": "array", "items": STRING}},
                "oneOf": [{"required": ["a"]}, {"properties": {"b": {"items": {"maxLength": 3}}}}],
            },
        }
    )


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ({}, ".type: Required value: must not be empty for specified object fields"),
        ({"type": "array"}, ".items: Required value: must be specified"),
        ({"type": "array", "items": {}}, ".items.type: Required value: must not be empty for specified array items"),
        ({"type": "object", "additionalProperties": {}},
         ".additionalProperties.type: Required value: must not be empty for specified object fields"),
        ({"type": "string", "pattern": "("},
         '.pattern: Invalid value: "(": must be a valid regular expression, but isn\'t: '
         "error parsing regexp: missing closing ): `(`"),
        ({"x-kubernetes-int-or-string": True, "x-kubernetes-preserve-unknown-fields": True},
         ".x-kubernetes-preserve-unknown-fields: Invalid value: true: must be false if "
         "x-kubernetes-int-or-string is true"),
        ({"x-kubernetes-embedded-resource": True, "x-kubernetes-preserve-unknown-fields": True},
         ".type: Required value: must be object if x-kubernetes-embedded-resource is true"),
        ({"type": "string", "x-kubernetes-embedded-resource": True, "x-kubernetes-preserve-unknown-fields": True},
         '.type: Invalid value: "string": must be object if x-kubernetes-embedded-resource is true'),
        ({"type": "object", "x-kubernetes-embedded-resource": True},
         ".properties: Required value: must not be empty if x-kubernetes-embedded-resource is true without "
         "x-kubernetes-preserve-unknown-fields"),
        ({"type": "object", "x-kubernetes-embedded-resource": True, "properties": {"kind": {"type": "integer"}}},
         '.properties[kind].type: Invalid value: "integer": must be string'),
    ],
)  # fmt: skip
def test_a_field_has_one_type(field: dict[str, Any], text: str) -> None:
    assert of_field(**field) == [text]


@pytest.mark.parametrize(
    "field",
    [
        {"x-kubernetes-preserve-unknown-fields": True},
        {"x-kubernetes-int-or-string": True},
        {"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, {"type": "string"}]},
        {
            "x-kubernetes-int-or-string": True,
            "allOf": [{"anyOf": [{"type": "integer"}, {"type": "string"}]}, {"maxLength": 3}],
        },
    ],
)
def test_or_says_that_it_has_none(field: dict[str, Any]) -> None:
    assert not of_field(**field)


def test_the_root_is_an_object() -> None:
    assert said(type="") == [f"{PREFIX}.type: Required value: must not be empty at the root"]
    assert said(type="string") == [f'{PREFIX}.type: Invalid value: "string": must be object at the root']
    assert said(additionalProperties=STRING) == [
        f"{PREFIX}.additionalProperties: Forbidden: must not be used at the root"
    ]


def test_metadata_may_restrict_names_only() -> None:
    def of_metadata(**metadata: Any) -> list[str]:
        return [text.removeprefix(f"{PREFIX}.properties[metadata]") for text in said(properties={"metadata": metadata})]

    assert of_metadata(type="object") == []
    detail = (
        "Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified"
    )
    assert of_metadata(type="object", properties={"labels": {"type": "object"}}) == [f": {detail}"]
    assert of_metadata(type="object", required=["name"]) == [f": {detail}"]
    assert of_metadata(type="string") == ['.type: Invalid value: "string": must be object']


@pytest.mark.parametrize(
    ("combined", "text"),
    [
        ({"type": "string"}, ".type: Forbidden: must be empty to be structural"),
        ({"description": "a"}, ".description: Forbidden: must be empty to be structural"),
        ({"default": 1}, ".default: Forbidden: must be undefined to be structural"),
        ({"nullable": True}, ".nullable: Forbidden: must be false to be structural"),
        ({"additionalProperties": False}, ".additionalProperties: Forbidden: must be undefined to be structural"),
        ({"x-kubernetes-list-type": "set"}, ".x-kubernetes-list-type: Forbidden: must be undefined to be structural"),
        ({"properties": {"metadata": {}}},
         ".properties[metadata]: Forbidden: must not be specified in a nested context"),
        ({"not": {"title": "a"}}, ".not.title: Forbidden: must be empty to be structural"),
    ],
)  # fmt: skip
def test_combinations_restrict_values_only(combined: dict[str, Any], text: str) -> None:
    metadata = {"type": "object", "properties": {"metadata": {"type": "object"}}}
    for name in ("anyOf", "allOf", "oneOf"):
        assert of_field(**metadata, **{name: [combined]}) == [f".{name}[0]{text}"]
    assert of_field(**metadata, **{"not": combined}) == [f".not{text}"]


def test_what_a_combination_at_the_root_speaks_of_is_there_outside_of_it() -> None:
    """Upstream looks at the root alone."""
    assert said(anyOf=[{"properties": {"b": {"maxLength": 1}}}]) == [
        f"{PREFIX}.properties[b]: Required value: because it is defined in {PREFIX}.anyOf[0].properties[b]"
    ]
    spec = {"type": "object", "properties": {"list": {"type": "object"}}}
    combined = {"properties": {"spec": {"not": {"properties": {"list": {"items": {"maxLength": 1}}}}}}}
    assert said(properties={"spec": spec}, allOf=[combined]) == [
        f"{PREFIX}.properties[spec].properties[list].items: Required value: because it is defined in "
        f"{PREFIX}.allOf[0].properties[spec].not.properties[list].items"
    ]
    assert not of_field(type="object", anyOf=[{"properties": {"b": {"maxLength": 1}}}])


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        ({"properties": {"a": {"$ref": "#/b"}}}, "OpenAPIV3Schema '$ref' is not supported"),
        ({"items": [{}]}, "OpenAPIV3Schema 'items' must be a schema, but is an array"),
        ({"allOf": [{"$schema": "x"}]}, "OpenAPIV3Schema 'schema' is not supported"),
        ({"x-kubernetes-preserve-unknown-fields": False},
         "internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined"),
        ({"type": "object"}, ""),
    ],
)  # fmt: skip
def test_some_things_have_no_place_in_a_structural_schema(schema: dict[str, Any], problem: str) -> None:
    assert unsupported(schema) == problem


def test_every_node_is_walked() -> None:
    schema = {"items": {"not": {"title": "1"}}, "properties": {"a": {}}, "dependencies": {"x": {}, "y": ["z"]}}
    assert len(list(nodes(schema))) == 5


@settings(max_examples=100, deadline=None)
@given(crd_schemas())
def test_what_is_generated_is_structural(document: dict[str, Any]) -> None:
    assert not said(properties={"spec": document})
