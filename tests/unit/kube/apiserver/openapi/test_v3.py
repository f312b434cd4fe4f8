"""OpenAPI 3: complete in itself, with the operations that clients look for."""

from typing import Any

import pytest

from tests.unit.kube.apiserver.openapi.custom_kind import ALL
from tests.unit.kube.apiserver.openapi.looking import nodes, targets
from wherry.kube.apiserver import discovery
from wherry.kube.apiserver.openapi import v3
from wherry.kube.machinery.model import GroupVersion


def document(group_version: str) -> Any:
    parsed = GroupVersion.parse(group_version)
    return v3.document(discovery.served(ALL, parsed), parsed, "v1.37.0")


def test_the_index_is_sorted() -> None:
    assert list(v3.index({"b": "/2", "a": "/1"})["paths"].items()) == [
        ("a", {"serverRelativeURL": "/1"}),
        ("b", {"serverRelativeURL": "/2"}),
    ]


@pytest.mark.parametrize("group_version", ["v1", "apps/v1", "rbac.authorization.k8s.io/v1", "shop.example.com/v1"])
def test_every_reference_leads_somewhere(group_version: str) -> None:
    found = document(group_version)
    schemas = found["components"]["schemas"]
    assert targets(found) == {f"#/components/schemas/{name}" for name in schemas}
    alone = [node for node in nodes(found) if isinstance(node.get("$ref"), str)]
    assert all(len(node) == 1 for node in alone), "what stands beside a $ref nobody sees"


def test_a_patch_says_what_kubectl_looks_for() -> None:
    patch = document("apps/v1")["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]["patch"]
    assert patch["operationId"] == "patchAppsV1NamespacedDeployment"
    assert patch["x-kubernetes-action"] == "patch"
    assert patch["x-kubernetes-group-version-kind"] == {"group": "apps", "version": "v1", "kind": "Deployment"}
    assert [each["name"] for each in patch["parameters"]] == ["dryRun", "fieldManager", "fieldValidation", "force"]
    assert "application/apply-patch+yaml" in patch["requestBody"]["content"]
    assert patch["requestBody"]["required"] is True


def test_a_delete_may_have_a_body() -> None:
    item = document("v1")["paths"]["/api/v1/namespaces/{namespace}/configmaps/{name}"]
    assert "required" not in item["delete"]["requestBody"]
    assert [each["name"] for each in item["parameters"]] == ["name", "namespace", "pretty"]


def test_subresources_have_operations() -> None:
    paths = document("v1")["paths"]
    pod = "/api/v1/namespaces/{namespace}/pods/{name}"
    assert paths[f"{pod}/eviction"]["post"]["x-kubernetes-group-version-kind"]["kind"] == "Eviction"
    assert paths[f"{pod}/exec"]["get"]["x-kubernetes-action"] == "connect"
    assert "tailLines" in [each["name"] for each in paths[f"{pod}/log"]["get"]["parameters"]]
    assert "/api/v1/namespaces/{name}/finalize" in paths


def test_a_custom_kind_keeps_its_own_schema() -> None:
    schema = document("shop.example.com/v1")["components"]["schemas"]["com.example.shop.v1.Tool"]
    assert schema["properties"]["spec"]["properties"]["port"] == {
        "x-kubernetes-int-or-string": True,
        "anyOf": [{"type": "integer"}, {"type": "string"}],
    }
    assert schema["properties"]["metadata"]["allOf"][0]["$ref"].endswith("v1.ObjectMeta")
    assert schema["x-kubernetes-group-version-kind"] == [{"group": "shop.example.com", "version": "v1", "kind": "Tool"}]
