"""lightkube: typed resources, server-side apply, generic resources."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.conformance.kube import manifests
from tests.conformance.kube.process import Control, wait_until
from tests.conformance.kube.web import Web

lightkube = pytest.importorskip("lightkube")
import httpx2  # noqa: E402
from lightkube import ApiError, Client, KubeConfig, codecs  # noqa: E402
from lightkube.generic_resource import get_generic_resource, load_in_cluster_generic_resources  # noqa: E402
from lightkube.models.meta_v1 import ObjectMeta  # noqa: E402
from lightkube.resources.apps_v1 import Deployment  # noqa: E402
from lightkube.resources.core_v1 import ConfigMap, Pod  # noqa: E402
from lightkube.types import CascadeType, PatchType  # noqa: E402


@pytest.fixture
def client(control: Control, namespace: str) -> Any:
    config = KubeConfig.from_file(control.kubeconfig).get()
    timeout = httpx2.Timeout(120)  # its own are ten seconds
    return Client(config, namespace=namespace, field_manager="lightkube", timeout=timeout)


def configmap(name: str, **data: str) -> Any:
    return ConfigMap(metadata=ObjectMeta(name=name), data=data)


def test_objects_live_their_lives(client: Any) -> None:
    made = client.create(configmap("a", x="1"))
    assert client.patch(ConfigMap, "a", {"data": {"y": "2"}}).data == {"x": "1", "y": "2"}
    assert client.patch(ConfigMap, "a", {"data": {"x": None}}, patch_type=PatchType.MERGE).data == {"y": "2"}
    operations = [{"op": "add", "path": "/data/z", "value": "3"}]
    assert client.patch(ConfigMap, "a", operations, patch_type=PatchType.JSON).data == {"y": "2", "z": "3"}
    made.data = {"old": "1"}
    with pytest.raises(ApiError, match="the object has been modified") as stale:
        client.replace(made)
    assert (stale.value.status.code, stale.value.status.reason) == (409, "Conflict")
    assert [each.metadata.name for each in client.list(ConfigMap, chunk_size=1)] == ["a", "kube-root-ca.crt"]
    client.delete(ConfigMap, "a")
    with pytest.raises(ApiError) as gone:
        client.get(ConfigMap, "a")
    assert gone.value.status.code == 404


def test_server_side_apply(client: Any) -> None:
    client.apply(configmap("a", x="1"))
    assert client.apply(configmap("a", x="2")).data == {"x": "2"}
    with pytest.raises(ApiError) as conflict:
        client.apply(configmap("a", x="3"), field_manager="other")
    assert conflict.value.status.details.causes[0].field == ".data.x"
    assert client.apply(configmap("a", x="3"), field_manager="other", force=True).data == {"x": "3"}


def test_subresources(client: Any) -> None:
    [deployment] = codecs.load_all_yaml(str(manifests.deployment("web", paused=True)))
    client.create(deployment)
    assert client.get(Deployment.Scale, "web").spec.replicas == 0
    assert (
        client.patch(Deployment.Scale, "web", {"spec": {"replicas": 2}}, patch_type=PatchType.MERGE).spec.replicas == 2
    )
    assert client.patch(Deployment.Status, "web", {"status": {"collisionCount": 3}}).status.collisionCount == 3
    client.delete(Deployment, "web", cascade=CascadeType.FOREGROUND)

    def is_gone() -> bool:
        return not [each for each in client.list(Deployment) if each.metadata.name == "web"]

    wait_until(is_gone, "it goes when its dependents have gone")


def test_watches(client: Any) -> None:
    seen = []
    for operation, found in client.watch(ConfigMap, server_timeout=120):
        seen.append((operation, found.metadata.name))
        if len(seen) == 1:
            client.create(configmap("a"))
        elif len(seen) == 2:
            client.delete(ConfigMap, "a")
        else:
            break
    assert seen == [("ADDED", "kube-root-ca.crt"), ("ADDED", "a"), ("DELETED", "a")]


def test_the_log_of_a_pod_that_is_not_there(client: Any) -> None:
    with pytest.raises(ApiError, match='pods "nope" not found'):
        list(client.log("nope"))
    with pytest.raises(ApiError, match='pods "nope" not found'):
        client.get(Pod, "nope")


@pytest.fixture
def widgets(client: Any, web: Web, namespace: str) -> Iterator[Any]:
    """A kind of one's own."""
    plural = f"l{namespace.replace('-', '')}s"
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    web.post(path, manifests.definition(plural, "LightWidget")).ok()
    wait_until(lambda: web.get(f"/apis/tests.example/v1/namespaces/{namespace}/{plural}").code == 200, "it is served")
    load_in_cluster_generic_resources(client)
    yield get_generic_resource("tests.example/v1", "LightWidget")
    web.delete(f"{path}/{plural}.tests.example")


def test_custom_resources(client: Any, widgets: Any) -> None:
    made = client.create(widgets(metadata=ObjectMeta(name="w"), spec={"colour": "red"}))
    assert made.spec == {"colour": "red", "size": 1}
    assert client.patch(widgets.Status, "w", {"status": {"ready": "yes"}}, patch_type=PatchType.MERGE).status == {
        "ready": "yes"
    }
    assert [each.metadata.name for each in client.list(widgets, fields={"spec.colour": "red"})] == ["w"]
    client.deletecollection(widgets)
    assert list(client.list(widgets)) == []
