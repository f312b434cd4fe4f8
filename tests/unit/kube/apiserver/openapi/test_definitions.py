"""Definitions of built-in and custom kinds."""

from typing import Any

import pytest

from tests.unit.kube.apiserver.openapi.custom_kind import SCHEMA, TOOLS
from wherry.kube.apiserver.openapi import definitions
from wherry.kube.apiserver.openapi.definitions import META, in_v2, in_v3, needed, references
from wherry.kube.kinds.model import Version
from wherry.kube.machinery.model import GroupVersionKind

POINTER = {"$ref": "#/definitions/io.k8s.X"}
NEW = {"$ref": "#/components/schemas/io.k8s.X"}


def test_what_is_needed_is_all_that_is_referred_to() -> None:
    found = needed(["io.k8s.api.apps.v1.Deployment"], {})
    assert {"io.k8s.api.core.v1.PodSpec", f"{META}ObjectMeta", "io.k8s.api.core.v1.Container"} <= set(found)
    assert list(found) == sorted(found)
    assert {name for node in found.values() for name in references(node)} <= set(found)


def test_definitions_in_circles_end() -> None:
    name = "com.example.A"
    assert list(needed([name], {name: {"items": definitions.reference(name)}})) == [name]


@pytest.mark.parametrize(
    ("node", "converted"),
    [
        (POINTER, NEW),
        ({**POINTER, "description": "d"}, {"allOf": [NEW], "description": "d"}),
        ({"items": POINTER}, {"items": NEW}),
        ({"properties": {"$ref": {"type": "string"}}}, {"properties": {"$ref": {"type": "string"}}}),
    ],
)
def test_references_in_version_3(node: dict[str, Any], converted: dict[str, Any]) -> None:
    assert in_v3("x", node) == converted


def test_quantities_are_numbers_too_in_version_3() -> None:
    name = "io.k8s.apimachinery.pkg.api.resource.Quantity"
    assert in_v3(name, {"type": "string", "description": "d"}) == {
        "description": "d",
        "oneOf": [{"type": "string"}, {"type": "number"}],
    }


def test_conversions_leave_what_they_are_given() -> None:
    before = repr(SCHEMA)
    in_v2(SCHEMA)
    in_v3("x", SCHEMA)
    definitions.custom(TOOLS, TOOLS.versions[0])
    assert repr(SCHEMA) == before


def test_a_custom_kind_has_a_definition_and_one_of_its_list() -> None:
    found = definitions.custom(TOOLS, TOOLS.versions[0])
    assert list(found) == ["com.example.shop.v1.Tool", "com.example.shop.v1.ToolList"]
    assert set(found["com.example.shop.v1.Tool"]["properties"]) == {"apiVersion", "kind", "metadata", "spec", "status"}
    assert found["com.example.shop.v1.ToolList"]["required"] == ["items"]


def test_a_custom_kind_without_a_schema_is_any_object() -> None:
    found = definitions.custom(TOOLS, Version("v1", TOOLS.schema))
    assert set(found["com.example.shop.v1.Tool"]["properties"]) == {"apiVersion", "kind", "metadata"}


def test_what_has_no_definition() -> None:
    assert definitions.name_of(GroupVersionKind("", "v1", "PodExecOptions")) is None
    assert definitions.name_of(GroupVersionKind("", "v1", "Pod")) == "io.k8s.api.core.v1.Pod"
