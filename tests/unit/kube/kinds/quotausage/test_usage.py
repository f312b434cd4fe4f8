from datetime import UTC, datetime, timedelta

import pytest

from wherry.kube.kinds.quotausage.usage import counted_resource, is_about, is_counted, is_extended, usage
from wherry.kube.machinery.model import GroupResource, Object
from wherry.kube.machinery.times import rfc3339

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PODS = GroupResource("", "pods")


def shown(resource: GroupResource, obj: Object) -> dict[str, str]:
    return {name: str(quantity) for name, quantity in usage(resource, obj, NOW).items()}


def pod(status: Object | None = None, **meta: object) -> Object:
    resources = {
        "requests": {"cpu": "100m", "memory": "1Gi", "example.com/gpu": "1", "hugepages-2Mi": "4Mi"},
        "limits": {"cpu": "1", "example.com/gpu": "1"},
    }
    spec = {"containers": [{"name": "c", "resources": resources}]}
    return {"metadata": {"name": "p", **meta}, "spec": spec, "status": status or {}}


ALL_OF_POD = {
    "count/pods": "1", "pods": "1", "cpu": "100m", "requests.cpu": "100m", "memory": "1Gi", "requests.memory": "1Gi",
    "requests.example.com/gpu": "1", "hugepages-2Mi": "4Mi", "requests.hugepages-2Mi": "4Mi", "limits.cpu": "1",
}  # fmt: skip


def test_a_pod_counts_under_all_its_names() -> None:
    assert shown(PODS, pod()) == ALL_OF_POD
    assert all(is_about(name, PODS) for name in ALL_OF_POD)


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_a_pod_that_ended_takes_its_place_only(phase: str) -> None:
    assert shown(PODS, pod({"phase": phase})) == {"count/pods": "1"}


def test_a_pod_whose_node_does_not_answer_counts_until_its_grace_is_over() -> None:
    for ago, counts in ((20, True), (40, False)):
        when = rfc3339(NOW - timedelta(seconds=ago))
        found = shown(PODS, pod(deletionTimestamp=when, deletionGracePeriodSeconds=30))
        assert ("pods" in found) == counts


def service(kind: str, **more: object) -> Object:
    return {"metadata": {"name": "s"}, "spec": {"type": kind, "ports": [{"nodePort": 30000}, {}], **more}}


@pytest.mark.parametrize(
    ("obj", "balancers", "ports"),
    [
        (service("ClusterIP"), "0", "0"),
        (service("NodePort"), "0", "2"),
        (service("LoadBalancer"), "1", "2"),
        (service("LoadBalancer", allocateLoadBalancerNodePorts=False), "1", "1"),
    ],
)
def test_a_service_takes_balancers_and_ports_of_nodes(obj: Object, balancers: str, ports: str) -> None:
    assert shown(GroupResource("", "services"), obj) == {
        "count/services": "1", "services": "1", "services.loadbalancers": balancers, "services.nodeports": ports,
    }  # fmt: skip


def test_a_claim_takes_storage_of_its_class() -> None:
    spec = {"storageClassName": "gold", "resources": {"requests": {"storage": "2Gi"}}}
    claims = GroupResource("", "persistentvolumeclaims")
    found = shown(claims, {"metadata": {"name": "c"}, "spec": spec})
    prefix = "gold.storageclass.storage.k8s.io"
    assert found == {
        "count/persistentvolumeclaims": "1", "persistentvolumeclaims": "1", "requests.storage": "2Gi",
        f"{prefix}/persistentvolumeclaims": "1", f"{prefix}/requests.storage": "2Gi",
    }  # fmt: skip
    assert all(is_about(name, claims) for name in found)
    grown = {"allocatedResources": {"storage": "5Gi"}}
    assert shown(claims, {"metadata": {}, "spec": spec, "status": grown})["requests.storage"] == "5Gi"


def test_a_device_claim_takes_the_most_that_it_may_be_given() -> None:
    requests = [
        {"name": "a", "exactly": {"deviceClassName": "gpu", "count": 2}},
        {"name": "b", "firstAvailable": [{"deviceClassName": "gpu", "count": 3}, {"deviceClassName": "tpu"}]},
        {"name": "c", "exactly": {"deviceClassName": "nic", "allocationMode": "All"}},
    ]
    found = shown(
        GroupResource("resource.k8s.io", "resourceclaims"),
        {"metadata": {}, "spec": {"devices": {"requests": requests}}},
    )
    suffix = ".deviceclass.resource.k8s.io/devices"
    assert found == {
        "count/resourceclaims.resource.k8s.io": "1", f"gpu{suffix}": "5", f"tpu{suffix}": "1", f"nic{suffix}": "32",
    }  # fmt: skip


def test_other_objects_are_counted() -> None:
    assert shown(GroupResource("apps", "deployments"), {}) == {"count/deployments.apps": "1"}
    assert shown(GroupResource("", "secrets"), {}) == {"count/secrets": "1", "secrets": "1"}
    assert not is_counted(GroupResource("", "events")) and is_counted(GroupResource("example.com", "things"))


@pytest.mark.parametrize(
    ("name", "resource"),
    [("count/deployments.apps", GroupResource("apps", "deployments")), ("secrets", GroupResource("", "secrets")),
     ("count/pods", PODS), ("pods", None), ("requests.cpu", None)],
)  # fmt: skip
def test_a_name_says_what_it_counts(name: str, resource: GroupResource | None) -> None:
    assert counted_resource(name) == resource


@pytest.mark.parametrize(
    ("name", "about"),
    [("limits.example.com/gpu", False), ("requests.storage", False), ("limits.hugepages-2Mi", False),
     ("requests.kubernetes.io/x", False), ("services", False), ("count/deployments.apps", False)],
)  # fmt: skip
def test_what_pods_have_no_amount_of(name: str, about: bool) -> None:
    assert is_about(name, PODS) == about


def test_extended_resources_have_a_foreign_domain() -> None:
    assert is_extended("example.com/gpu")
    assert not any(map(is_extended, ("cpu", "kubernetes.io/batch-cpu", "requests.example.com/gpu")))
