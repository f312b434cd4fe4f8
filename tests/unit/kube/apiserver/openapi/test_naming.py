"""What documents call things."""

from tests.unit.kube.apiserver.openapi.custom_kind import TOOLS
from tests.unit.kube.apiserver.served import DEPLOYMENTS, PODS
from wherry.kube.apiserver.openapi import definitions, operations
from wherry.kube.apiserver.openapi.naming import Namer, describe, successes, tag, tag_of
from wherry.kube.kinds.model import Kind
from wherry.kube.machinery.model import GroupVersion, GroupVersionKind


def operation(kind: Kind, name: str) -> operations.Operation:
    return next(each for each in operations.of(kind, kind.versions[0]) if each.id == name)


def test_references_are_remembered() -> None:
    namer = Namer(definitions.custom(TOOLS, TOOLS.versions[0]), "#/x/")
    assert namer.schema(GroupVersionKind("apps", "v1", "Deployment")) == {"$ref": "#/x/io.k8s.api.apps.v1.Deployment"}
    assert namer.schema(TOOLS.gvk()) == {"$ref": "#/x/com.example.shop.v1.Tool"}
    assert namer.schema(GroupVersionKind("", "v1", "PodExecOptions")) == {"type": "object"}
    assert namer.used == {"io.k8s.api.apps.v1.Deployment", "com.example.shop.v1.Tool"}


def test_tags() -> None:
    assert tag(GroupVersion("", "v1")) == "core_v1"
    assert tag(GroupVersion("rbac.authorization.k8s.io", "v1")) == "rbac_authorization_v1"
    assert tag_of(operation(DEPLOYMENTS, "patchAppsV1NamespacedDeploymentScale")) == "apps_v1"


def test_descriptions() -> None:
    assert describe(operation(PODS, "listCoreV1NamespacedPod")) == "list or watch objects of kind Pod"
    assert describe(operation(PODS, "patchCoreV1NamespacedPod")) == "partially update the specified Pod"
    assert describe(operation(PODS, "readCoreV1NamespacedPodLog")) == "read log of the specified Pod"
    assert describe(operation(PODS, "connectGetCoreV1NamespacedPodExec")) == "connect GET requests to exec"


def test_codes_of_success() -> None:
    assert successes(operation(PODS, "createCoreV1NamespacedPod")) == ("200", "201", "202")
    assert successes(operation(PODS, "connectPostCoreV1NamespacedPodExec")) == ("200",)
