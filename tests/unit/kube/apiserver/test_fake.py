"""The fake caches."""

import pytest

from wherry.kube.apiserver.fake import FakeListers, resource_of
from wherry.kube.machinery.model import GroupResource, Object

PODS = GroupResource("", "pods")


def pod(name: str, namespace: str = "default") -> Object:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace}}


def test_an_object_is_found_under_its_resource_name_and_namespace() -> None:
    listers = FakeListers(pod("a"), pod("b", "other"))

    assert listers.of(PODS).get("a", "default") == pod("a")
    assert listers.of(PODS).get("a", "other") is None
    assert list(listers.of(PODS).list("other")) == [pod("b", "other")]
    assert list(listers.of(PODS).list()) == [pod("a"), pod("b", "other")]


def test_a_resource_nobody_has_put_in_is_empty() -> None:
    assert list(FakeListers().of(PODS).list()) == []


def test_only_a_change_of_its_own_objects_moves_the_revision() -> None:
    listers = FakeListers(pod("a"))
    before = listers.of(PODS).revision

    listers.put({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}})
    assert listers.of(PODS).revision == before

    listers.remove(pod("a"))
    assert listers.of(PODS).revision > before
    assert listers.of(PODS).get("a", "default") is None


@pytest.mark.parametrize(
    ("kind", "plural"),
    [
        ("Pod", "pods"),
        ("Ingress", "ingresses"),
        ("NetworkPolicy", "networkpolicies"),
        ("Endpoints", "endpoints"),
        ("StorageClass", "storageclasses"),
    ],
)
def test_plurals(kind: str, plural: str) -> None:
    assert resource_of({"apiVersion": "g/v1", "kind": kind}) == GroupResource("g", plural)
