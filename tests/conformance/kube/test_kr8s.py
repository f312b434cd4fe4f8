"""kr8s: objects that know how to change themselves."""

from typing import Any

import pytest

from tests.conformance.kube import manifests
from tests.conformance.kube.process import Control
from tests.conformance.kube.web import Web

kr8s = pytest.importorskip("kr8s")
from kr8s.objects import ConfigMap, Deployment, Pod, new_class  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:Kubernetes version .* is not supported")


@pytest.fixture
def api(control: Control, namespace: str) -> Any:
    return kr8s.api(kubeconfig=str(control.kubeconfig), namespace=namespace)


def test_who_and_what(api: Any) -> None:
    assert api.whoami() == "kubernetes-admin"
    assert api.version()["minor"] == "37"
    assert {"pods", "deployments", "leases"} <= {each["name"] for each in api.api_resources()}


def test_an_object_lives_its_life(api: Any, namespace: str) -> None:
    made = ConfigMap(manifests.configmap("a", x="1"), namespace=namespace, api=api)
    assert not made.exists()
    made.create()
    made.patch({"data": {"y": "2"}})
    made.label({"set": "one"})
    made.annotate({"note": "two"})
    again = ConfigMap.get("a", namespace=namespace, api=api)
    assert again.data == {"x": "1", "y": "2"}
    assert (again.labels, again.annotations) == ({"set": "one"}, {"note": "two"})
    assert [each.name for each in api.get("configmaps", label_selector={"set": "one"})] == ["a"]
    made.delete()
    made.wait("delete", timeout=120)
    with pytest.raises(kr8s.NotFoundError):
        ConfigMap.get("a", namespace=namespace, api=api)


def test_workloads_scale_and_become_ready(api: Any, namespace: str) -> None:
    deployment = Deployment(manifests.deployment("web"), namespace=namespace, api=api)
    deployment.create()
    deployment.wait("condition=Available", timeout=120)
    assert deployment.ready()
    deployment.patch({"spec": {"paused": True}})
    deployment.scale(0)
    assert deployment.replicas == 0


def test_pods_are_selected_and_have_no_log_yet(api: Any, namespace: str, web: Web) -> None:
    pod = Pod(manifests.pod("p", labels={"app": "p"}), namespace=namespace, api=api)
    pod.create()
    assert pod.status.phase == "Pending" and not pod.ready()
    found = list(api.get("pods", field_selector="status.phase=Pending", label_selector={"app": "p"}))
    assert [each.name for each in found] == ["p"]
    assert list(pod.logs()) == []
    pod.delete()
    pod.wait("delete", timeout=120)


def test_watches(api: Any, namespace: str) -> None:
    made = ConfigMap(manifests.configmap("a"), namespace=namespace, api=api)
    seen = []
    for event, found in api.watch("configmaps"):
        seen.append((event, found.name))
        if seen == [("ADDED", "kube-root-ca.crt")]:
            made.create()
        elif seen[-1] == ("ADDED", "a"):
            made.delete()
        elif seen[-1][0] == "DELETED":
            break
    assert seen == [("ADDED", "kube-root-ca.crt"), ("ADDED", "a"), ("DELETED", "a")]


def test_kinds_that_it_does_not_know(api: Any, namespace: str) -> None:
    lease_class = new_class(kind="Lease", version="coordination.k8s.io/v1", namespaced=True)
    lease = lease_class({"metadata": {"name": "l", "namespace": namespace}, "spec": {"holderIdentity": "me"}}, api=api)
    lease.create()
    lease.patch([{"op": "replace", "path": "/spec/holderIdentity", "value": "you"}], type="json")
    lease.refresh()
    assert lease.spec.holderIdentity == "you"
