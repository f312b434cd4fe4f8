"""Whether a version's schema is one that objects can be checked by."""

from typing import Any

from wherry.kube.machinery.fielderrors import Path
from wherry.kube.machinery.schema.wellformed import has_rules, schema_errors, unknown_formats


def said(status_enabled: bool = False, **schema: Any) -> list[str]:
    found = schema_errors({"type": "object", **schema}, Path("s"), status_enabled=status_enabled)
    return [str(each) for each in found]


def test_a_right_schema_is_not_complained_of() -> None:
    assert not said(True, description="d", properties={"spec": {"type": "object"}, "status": {"type": "object"}})


def test_with_a_status_subresource_the_root_says_little() -> None:
    (error,) = said(True, anyOf=[{"required": ["spec"]}])
    assert "only [Description Type Format" in error
    assert error.endswith("fields are allowed at the root of the schema if the status subresource is enabled")
    assert not said(False, anyOf=[{"required": ["spec"]}])


def test_the_root_is_never_null() -> None:
    assert said(nullable=True) == ["s.nullable: Forbidden: nullable cannot be true at the root"]


def test_defaults_are_looked_at_when_the_structure_is_right() -> None:
    wrong_default = {"type": "string", "default": 1}
    assert len(said(properties={"a": wrong_default})) == 1
    assert said(properties={"a": wrong_default, "b": {}}) == [
        "s.properties[b].type: Required value: must not be empty for specified object fields"
    ]


def test_what_no_structural_schema_is_made_of_is_said_once() -> None:
    assert said(properties={"a": {"$ref": "#/b"}}) == ["s.properties[a].$ref: Forbidden: $ref is not supported"]
    more: dict[str, Any] = {"$schema": "x"}
    assert said(**more) == ["s: Invalid value: \"\": OpenAPIV3Schema 'schema' is not supported"]


def test_formats_that_are_not_checked_are_found() -> None:
    schema = {
        "properties": {
            "a": {"type": "string", "format": "date-time"},
            "b": {"type": "string", "format": "colour"},
            "c": {"type": "integer", "format": "int16"},
        }
    }
    assert unknown_formats(schema) == ["colour", "int16"]


def test_rules_are_found_wherever_they_are() -> None:
    assert has_rules({"properties": {"a": {"items": {"x-kubernetes-validations": [{"rule": "true"}]}}}})
    assert not has_rules({"properties": {"a": {"type": "string"}}})


def test_a_schema_may_be_as_deep_as_a_document() -> None:
    schema: dict[str, Any] = {"type": "string", "default": "x"}
    for _ in range(60):
        schema = {"type": "object", "properties": {"a": schema}}
    assert not said(properties={"spec": schema})
    assert unknown_formats(schema) == []
