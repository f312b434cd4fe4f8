"""What the official Python client's documentation shows of its dynamic half (``examples/dynamic-client``)."""

from collections.abc import Iterator
from typing import Any

import pytest

import wherry
from tests.conformance.kube.process import wait_until
from tests.conformance.kube.whole import IMAGE, Commands

kubernetes = pytest.importorskip("kubernetes")
from kubernetes import client, config, dynamic  # noqa: E402
from kubernetes.dynamic.exceptions import NotFoundError, ResourceNotFoundError  # noqa: E402


@pytest.fixture
def cluster(whole: wherry.Cluster) -> Iterator[Any]:
    made = config.new_client_from_config(str(whole.kubeconfig))
    yield dynamic.DynamicClient(made)
    made.close()


def template(name: str) -> dict[str, Any]:
    container = {"name": "c", "image": IMAGE, "command": ["sleep", "1000"]}
    spec = {"terminationGracePeriodSeconds": 1, "containers": [container]}
    return {"metadata": {"labels": {"app": name}}, "spec": spec}


def test_a_configmap_is_made_patched_watched_and_deleted(cluster: Any, inside: Commands) -> None:
    maps, here = cluster.resources.get(api_version="v1", kind="ConfigMap"), inside.namespace
    body = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "a", "labels": {"set": "x"}}}
    maps.create(body={**body, "data": {"one": "1"}}, namespace=here)
    assert maps.get(name="a", namespace=here, label_selector="set=x").data.one == "1"
    maps.patch(body={**body, "data": {"two": "2"}}, namespace=here)
    seen = []
    for event in maps.watch(namespace=here, label_selector="set=x", timeout=120):
        seen.append(event["type"])
        if len(seen) == 1:
            assert event["object"].data.to_dict() == {"one": "1", "two": "2"}
            maps.delete(name="a", body={}, namespace=here)
        else:
            break
    assert seen == ["ADDED", "DELETED"]
    with pytest.raises(NotFoundError):
        maps.get(name="a", namespace=here)


def test_a_service_gets_an_address(cluster: Any, inside: Commands) -> None:
    services, here = cluster.resources.get(api_version="v1", kind="Service"), inside.namespace
    body = {
        "kind": "Service", "apiVersion": "v1", "metadata": {"name": "web", "labels": {"set": "y"}},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080, "name": "old"}]},
    }  # fmt: skip
    made = services.create(body=body, namespace=here)
    assert made.spec.clusterIP.startswith("10.") and made.spec.internalTrafficPolicy == "Cluster"
    body["spec"] = {"ports": [{"port": 81, "targetPort": 8080, "name": "new"}]}
    patched = services.patch(body=body, name="web", namespace=here)
    assert [each.port for each in patched.spec.ports] == [81, 80]
    assert services.delete(name="web", body={}, namespace=here).kind == "Service"


def test_a_replication_controller_makes_pods(cluster: Any, inside: Commands) -> None:
    controllers, here = cluster.resources.get(api_version="v1", kind="ReplicationController"), inside.namespace
    pods = cluster.resources.get(api_version="v1", kind="Pod")
    body = {
        "kind": "ReplicationController", "apiVersion": "v1", "metadata": {"name": "old"},
        "spec": {"replicas": 2, "selector": {"app": "old"}, "template": template("old")},
    }  # fmt: skip
    controllers.create(body=body, namespace=here)
    wait_until(lambda: controllers.get(name="old", namespace=here).status.readyReplicas == 2, "two are ready")
    options = {"propagationPolicy": "Background"}  # of this kind alone the default is Orphan
    controllers.delete(name="old", body=options, namespace=here)
    wait_until(lambda: not pods.get(namespace=here).items, "their pods go with them")


def test_nodes_are_listed_cordoned_and_shown_as_a_table(cluster: Any) -> None:
    nodes = cluster.resources.get(api_version="v1", kind="Node")
    [node] = nodes.get().items
    assert {"cpu", "memory", "pods"} <= set(node.status.capacity.to_dict())
    body = {"kind": "Node", "apiVersion": "v1", "metadata": {"name": node.metadata.name}}
    assert nodes.patch(body={**body, "spec": {"unschedulable": True}}).spec.unschedulable
    assert not nodes.patch(body={**body, "spec": {"unschedulable": None}}).spec.unschedulable
    shown = nodes.get(header_params={"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"})
    names = [each.name for each in shown.columnDefinitions if each.priority == 0]
    assert names == ["Name", "Status", "Roles", "Age", "Version"]
    assert shown.rows[0].cells[:2] == [node.metadata.name, "Ready"]
    partial = {"Accept": "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"}
    assert nodes.get(header_params=partial).kind == "PartialObjectMetadataList"


def test_deployments_restart_and_time_out(cluster: Any, inside: Commands) -> None:
    deployments, here = cluster.resources.get(api_version="apps/v1", kind="Deployment"), inside.namespace
    body = {
        "kind": "Deployment", "apiVersion": "apps/v1", "metadata": {"name": "web"},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}, "template": template("web")},
    }  # fmt: skip
    deployments.create(body=body, namespace=here, _request_timeout=(20, 20))

    def revision() -> str:
        found = deployments.get(name="web", namespace=here)
        status = found.status.to_dict()
        done = status.get("observedGeneration") == found.metadata.generation and status.get("availableReplicas") == 1
        whole = done and status.get("replicas") == 1 and status.get("updatedReplicas") == 1
        return str(found.metadata.annotations["deployment.kubernetes.io/revision"]) if whole else ""

    wait_until(lambda: revision() == "1", "the first")
    annotated = {"spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "now"}}}}}
    deployments.patch(body={**body, **annotated}, name="web", namespace=here)
    wait_until(lambda: revision() == "2", "the second")


def definition(plural: str, kind: str, scope: str) -> dict[str, Any]:
    """One that keeps whatever a spec says."""
    spec = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    schema = {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.users.example"},
        "spec": {
            "group": "users.example", "scope": scope,
            "names": {"plural": plural, "singular": kind.lower(), "kind": kind},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
        },
    }  # fmt: skip


@pytest.mark.parametrize("scope", ["Namespaced", "Cluster"])
def test_a_kind_of_one_s_own(cluster: Any, inside: Commands, scope: str) -> None:
    plural, kind = f"boats{scope.lower()}", f"Boat{scope}"
    definitions = cluster.resources.get(api_version="apiextensions.k8s.io/v1", kind="CustomResourceDefinition")
    definitions.create(body=definition(plural, kind, scope))
    where = {"namespace": inside.namespace} if scope == "Namespaced" else {}

    def served() -> Any:
        cluster.resources.invalidate_cache()
        try:
            return cluster.resources.get(api_version="users.example/v1", kind=kind)
        except ResourceNotFoundError:
            return None

    boats = wait_until(served, "the kind is served")
    body = {"apiVersion": "users.example/v1", "kind": kind, "metadata": {"name": "w"}, "spec": {"crew": 2}}
    assert boats.create(body=body, **where).spec.crew == 2
    merge = {"content_type": "application/merge-patch+json"}
    assert boats.patch(body={**body, "spec": {"sails": [1]}}, name="w", **where, **merge).spec.to_dict() == {
        "crew": 2, "sails": [1],
    }  # fmt: skip
    assert [each.metadata.name for each in boats.get(**where).items] == ["w"]
    boats.delete(name="w", **where)
    definitions.delete(name=f"{plural}.users.example")
    wait_until(lambda: served() is None, "it is not served any more")


def test_kinds_without_a_type_by_the_typed_client(cluster: Any, whole: wherry.Cluster, inside: Commands) -> None:
    made = client.CustomObjectsApi(cluster.client)
    deployments = made.list_namespaced_custom_object("apps", "v1", inside.namespace, "deployments")
    assert deployments["kind"] == "DeploymentList" and deployments["items"] == []
