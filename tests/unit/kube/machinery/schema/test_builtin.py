"""The schemas of Kubernetes' own kinds, as the build extracted them."""

import json
from typing import Any

import pytest

from wherry.kube.machinery.model import GroupVersionKind
from wherry.kube.machinery.schema import builtin
from wherry.kube.machinery.schema.builtin import definition, raw_definitions, schema_of
from wherry.kube.machinery.schema.model import MISSING, Schema

DEPLOYMENT = GroupVersionKind("apps", "v1", "Deployment")


def at(schema: Schema, *path: str) -> Schema:
    for name in path:
        found = schema.items if name == "[]" else schema.child(name)
        assert found is not None, name
        schema = found
    return schema


def test_a_kind_is_found_by_group_version_and_kind() -> None:
    assert schema_of(DEPLOYMENT).name == "io.k8s.api.apps.v1.Deployment"
    assert schema_of(GroupVersionKind("", "v1", "PodList")).name == "io.k8s.api.core.v1.PodList"


def test_a_kind_that_is_not_there_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        schema_of(GroupVersionKind("apps", "v1", "Nothing"))
    with pytest.raises(KeyError):
        definition("io.k8s.api.core.v1.Nothing")


def test_a_definition_that_many_groups_serve_is_the_core_groups() -> None:
    assert schema_of(GroupVersionKind("", "v1", "DeleteOptions")).name.endswith(".DeleteOptions")
    assert GroupVersionKind("apps", "v1", "DeleteOptions") not in builtin.kinds()


def test_every_kind_has_a_schema_that_can_be_walked_to_its_ends() -> None:
    seen: set[int] = set()

    def walk(schema: Schema | None) -> None:
        if schema is None or id(schema) in seen:
            return
        seen.add(id(schema))
        known = schema.type or schema.quantity or schema.int_or_string or schema.preserve_unknown
        assert known, f"{schema.name} says nothing"
        for each in (*schema.properties.values(), schema.items, schema.additional):
            walk(each)

    for kind in builtin.kinds():
        walk(schema_of(kind))
    assert len(builtin.kinds()) > 150


def test_the_same_definition_is_the_same_node() -> None:
    template = at(schema_of(DEPLOYMENT), "spec", "template", "spec")
    assert template is at(schema_of(GroupVersionKind("", "v1", "Pod")), "spec")


def test_definitions_may_contain_themselves() -> None:
    schema = definition(builtin.JSON_SCHEMA)
    assert at(schema, "properties", "any") is schema


def test_lists_say_how_they_merge() -> None:
    containers = at(schema_of(DEPLOYMENT), "spec", "template", "spec", "containers")
    assert (containers.list_type, containers.list_map_keys) == ("map", ("name",))
    assert containers.patch_strategies == {"merge"}
    assert containers.patch_merge_key == "name"
    volumes = at(schema_of(DEPLOYMENT), "spec", "template", "spec", "volumes")
    assert volumes.patch_strategies == {"merge", "retainKeys"}


def test_what_stands_beside_a_reference_changes_that_field_only() -> None:
    strategy = at(schema_of(DEPLOYMENT), "spec", "strategy")
    assert strategy.patch_strategies == {"retainKeys"}
    assert strategy.name == "io.k8s.api.apps.v1.DeploymentStrategy"
    assert strategy.properties["type"].type == "string"
    assert not definition(strategy.name).patch_strategies


def test_a_key_of_a_list_has_its_default() -> None:
    protocol = at(definition("io.k8s.api.core.v1.Container"), "ports", "[]", "protocol")
    assert protocol.default == "TCP"
    assert at(definition("io.k8s.api.core.v1.Container"), "name").default is MISSING


def test_types_with_a_form_of_their_own_are_known() -> None:
    limits = at(definition("io.k8s.api.core.v1.ResourceRequirements"), "limits")
    assert limits.is_map and at(limits, "cpu").quantity
    port = at(definition("io.k8s.api.core.v1.ServicePort"), "targetPort")
    assert port.int_or_string and not port.type
    data = at(schema_of(GroupVersionKind("apps", "v1", "ControllerRevision")), "data")
    assert data.preserve_unknown and data.type == "object"
    assert at(definition(builtin.OBJECT_META), "creationTimestamp").format == "date-time"


def test_an_object_without_fields_is_no_object_of_anything() -> None:
    status = definition("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceSubresourceStatus")
    assert status.type == "object" and not status.properties and not status.preserve_unknown


def everywhere(document: Any) -> list[dict[str, Any]]:
    if isinstance(document, list):
        return [found for each in document for found in everywhere(each)]
    if not isinstance(document, dict):
        return []
    return [document, *(found for each in document.values() for found in everywhere(each))]


def test_the_openapi_definitions_are_upstreams_again() -> None:
    definitions = raw_definitions()
    assert len(definitions) == 862
    assert not any("oneOf" in node for node in definitions.values())
    text = json.dumps(definitions)
    assert "$defs" not in text and '["string", "null"]' not in text
    assert definitions["io.k8s.apimachinery.pkg.api.resource.Quantity"]["type"] == "string"
    port = definitions["io.k8s.apimachinery.pkg.util.intstr.IntOrString"]
    assert (port["type"], port["format"]) == ("string", "int-or-string")
    fields = definitions["io.k8s.api.apps.v1.Deployment"]["properties"]
    assert "enum" not in fields["kind"] and fields["kind"]["type"] == "string"
    assert fields["spec"]["$ref"] == "#/definitions/io.k8s.api.apps.v1.DeploymentSpec"
    assert fields["spec"]["description"]


def test_every_reference_of_the_definitions_leads_somewhere() -> None:
    definitions = raw_definitions()
    references = {node["$ref"] for node in everywhere(definitions) if isinstance(node.get("$ref"), str)}
    assert references <= {f"#/definitions/{name}" for name in definitions}
