"""The operations of kinds."""

import pytest

from tests.unit.kube.apiserver.openapi.custom_kind import ALL, TOOLS
from tests.unit.kube.apiserver.served import CONFIGS, DEPLOYMENTS, NAMESPACES, REVIEWS, ROLES
from wherry.kube.apiserver.openapi import operations
from wherry.kube.kinds.model import Kind
from wherry.kube.machinery.model import GroupVersion


def names(kind: Kind) -> dict[str, str]:
    """Operation → method and path."""
    return {each.id: f"{each.method} {each.path}" for each in operations.of(kind, kind.versions[0])}


def test_a_kind_has_upstreams_operations() -> None:
    assert names(CONFIGS) == {
        "listCoreV1NamespacedConfigMap": "get /api/v1/namespaces/{namespace}/configmaps",
        "createCoreV1NamespacedConfigMap": "post /api/v1/namespaces/{namespace}/configmaps",
        "deleteCollectionCoreV1NamespacedConfigMap": "delete /api/v1/namespaces/{namespace}/configmaps",
        "listCoreV1ConfigMapForAllNamespaces": "get /api/v1/configmaps",
        "readCoreV1NamespacedConfigMap": "get /api/v1/namespaces/{namespace}/configmaps/{name}",
        "replaceCoreV1NamespacedConfigMap": "put /api/v1/namespaces/{namespace}/configmaps/{name}",
        "patchCoreV1NamespacedConfigMap": "patch /api/v1/namespaces/{namespace}/configmaps/{name}",
        "deleteCoreV1NamespacedConfigMap": "delete /api/v1/namespaces/{namespace}/configmaps/{name}",
    }


def test_a_kind_has_no_operations_that_it_has_no_verbs_for() -> None:
    assert names(REVIEWS) == {
        "createAuthorizationV1SelfSubjectAccessReview": "post /apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    }


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (DEPLOYMENTS, "patchAppsV1NamespacedDeploymentScale"),
        (NAMESPACES, "replaceCoreV1NamespaceFinalize"),
        (ROLES, "listRbacAuthorizationV1RoleForAllNamespaces"),
        (TOOLS, "readComExampleShopV1NamespacedToolStatus"),
    ],
)
def test_names_are_made_of_group_version_and_kind(kind: Kind, name: str) -> None:
    assert name in names(kind)


def test_no_two_operations_are_the_same() -> None:
    found = [each for kind in ALL for version in kind.versions for each in operations.of(kind, version)]
    assert len({each.id for each in found}) == len({(each.method, each.path) for each in found}) == len(found)


def test_paths_say_their_parameters() -> None:
    found = {each.id: each.path_parameters for each in operations.of(CONFIGS, CONFIGS.versions[0])}
    assert found["readCoreV1NamespacedConfigMap"] == ("name", "namespace")
    assert found["listCoreV1ConfigMapForAllNamespaces"] == ()


def test_the_core_group_has_a_root_of_its_own() -> None:
    assert operations.root(GroupVersion("", "v1")) == "/api/v1"
    assert operations.root(GroupVersion("apps", "v1")) == "/apis/apps/v1"
