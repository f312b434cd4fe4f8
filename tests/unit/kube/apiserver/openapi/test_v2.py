"""OpenAPI 2: complete in itself."""

from tests.unit.kube.apiserver.openapi.custom_kind import ALL
from tests.unit.kube.apiserver.openapi.looking import nodes, targets
from wherry.kube.apiserver.openapi import v2
from wherry.kube.kinds.every import builtin

DOCUMENT = v2.document(ALL, "v1.37.0")


def test_every_reference_leads_somewhere_and_nothing_is_there_for_nobody() -> None:
    assert targets(DOCUMENT) == {f"#/definitions/{name}" for name in DOCUMENT["definitions"]}


def test_operations_have_names_of_their_own() -> None:
    found = [node["operationId"] for node in nodes(DOCUMENT["paths"]) if "operationId" in node]
    assert len(set(found)) == len(found)


def test_a_patch_says_what_kubectl_looks_for() -> None:
    patch = DOCUMENT["paths"]["/api/v1/namespaces/{namespace}/pods/{name}"]["patch"]
    names = [each["name"] for each in patch["parameters"]]
    assert names == ["body", "dryRun", "fieldManager", "fieldValidation", "force"]
    assert patch["x-kubernetes-group-version-kind"] == {"group": "", "version": "v1", "kind": "Pod"}
    assert "application/strategic-merge-patch+json" in patch["consumes"]


def test_every_version_is_in_it() -> None:
    assert "/apis/autoscaling/v1/horizontalpodautoscalers" in DOCUMENT["paths"]
    assert "/apis/autoscaling/v2/horizontalpodautoscalers" in DOCUMENT["paths"]


def test_a_custom_kind_says_what_version_2_can() -> None:
    spec = DOCUMENT["definitions"]["com.example.shop.v1.Tool"]["properties"]["spec"]["properties"]
    assert spec["port"] == {"x-kubernetes-int-or-string": True}
    assert spec["note"] == {}
    assert spec["size"]["minimum"] == 0
    assert not any("oneOf" in node or "nullable" in node for node in nodes(DOCUMENT["definitions"]))


def test_every_builtin_kind_has_a_place_and_every_reference_leads_somewhere() -> None:
    document = v2.document(builtin(), "v1.37.0")
    assert targets(document) == {f"#/definitions/{name}" for name in document["definitions"]}
    assert all(document["definitions"].values()), "a reference to a definition that upstream has not"
    found = [node["operationId"] for node in nodes(document["paths"]) if "operationId" in node]
    assert len(set(found)) == len(found)
