"""Who belongs together."""

import pytest

from tests.unit.kube.scheduler.objects import WEB, pod, read
from wherry.kube.machinery.model import Object
from wherry.kube.scheduler.owners import Owners

SET = {"spec": {"selector": {"matchLabels": {"hash": "1"}}}}


def owned(kind: str, api: str = "apps/v1", name: str = "x") -> Object:
    reference = {"apiVersion": api, "kind": kind, "name": name, "uid": "u", "controller": True}
    return pod(labels=WEB | {"hash": "1"}, meta={"ownerReferences": [reference]})


def selected(owners: Owners, obj: Object) -> str:
    return str(owners.selector(read(obj)))


@pytest.mark.parametrize(
    ("kind", "api", "obj"),
    [
        ("ReplicaSet", "apps/v1", SET),
        ("StatefulSet", "apps/v1", SET),
        ("ReplicationController", "v1", {"spec": {"selector": {"hash": "1"}}}),
    ],
)
def test_pods_of_a_workload_belong_together(kind: str, api: str, obj: Object) -> None:
    owners = Owners()
    assert owners.selector(read(owned(kind, api))).nothing
    owners.set(kind, "default", "x", obj)
    assert selected(owners, owned(kind, api)) == "hash=1"
    assert owners.selector(read(owned(kind, api, "y"))).nothing
    assert owners.selector(read(owned(kind, "example.com/v1"))).nothing
    owners.set(kind, "default", "x", None)
    assert owners.selector(read(owned(kind, api))).nothing


def test_pods_of_services_belong_together_too() -> None:
    owners = Owners()
    owners.set("Service", "default", "a", {"spec": {"selector": WEB}})
    owners.set("Service", "default", "b", {"spec": {"selector": {"app": "db"}}})
    owners.set("Service", "default", "headless", {"spec": {}})
    owners.set("Service", "other", "c", {"spec": {"selector": {"hash": "1"}}})
    owners.set("ReplicaSet", "default", "x", SET)
    assert selected(owners, owned("ReplicaSet")) == "app=web,hash=1"
    assert selected(owners, pod(labels=WEB)) == "app=web"
    assert owners.selector(read(pod())).nothing
    owners.set("Service", "default", "a", {"spec": {}})
    assert selected(owners, owned("ReplicaSet")) == "hash=1"
