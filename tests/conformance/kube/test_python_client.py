"""The official Python client: typed, dynamic, watches, leader election, files."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.kube import manifests
from tests.conformance.kube.process import Control, wait_until

kubernetes = pytest.importorskip("kubernetes")
from kubernetes import client, config, dynamic, utils, watch  # noqa: E402
from kubernetes.client.rest import ApiException  # noqa: E402


@pytest.fixture(scope="module")
def api(control: Control) -> Iterator[Any]:
    """A connection, as the administrator."""
    made = config.new_client_from_config(str(control.kubeconfig))
    yield made
    made.close()


@pytest.fixture
def core(api: Any) -> Any:
    return client.CoreV1Api(api)


def configmap(name: str, **data: str) -> Any:
    return client.V1ConfigMap(metadata=client.V1ObjectMeta(name=name), data=data)


def deployment(name: str) -> Any:
    labels = {"app": name}
    template = client.V1PodTemplateSpec(
        metadata=client.V1ObjectMeta(labels=labels),
        spec=client.V1PodSpec(containers=[client.V1Container(name="c", image="busybox")]),
    )
    selector = client.V1LabelSelector(match_labels=labels)
    spec = client.V1DeploymentSpec(replicas=0, paused=True, selector=selector, template=template)
    return client.V1Deployment(metadata=client.V1ObjectMeta(name=name), spec=spec)


def test_typed_objects_live_their_lives(core: Any, namespace: str) -> None:
    made = core.create_namespaced_config_map(namespace, configmap("a", x="1"))
    assert made.metadata.uid and made.metadata.creation_timestamp
    assert core.patch_namespaced_config_map("a", namespace, {"data": {"y": "2"}}).data == {"x": "1", "y": "2"}
    made = core.read_namespaced_config_map("a", namespace)
    made.data = {"z": "3"}
    assert core.replace_namespaced_config_map("a", namespace, made).data == {"z": "3"}
    with pytest.raises(ApiException) as stale:
        core.replace_namespaced_config_map("a", namespace, made)
    assert (stale.value.status, json.loads(stale.value.body)["reason"]) == (409, "Conflict")
    core.delete_namespaced_config_map("a", namespace)
    with pytest.raises(ApiException) as gone:
        core.read_namespaced_config_map("a", namespace)
    assert (gone.value.status, json.loads(gone.value.body)["message"]) == (404, 'configmaps "a" not found')


def test_pages_of_a_list(core: Any, namespace: str) -> None:
    for number in range(5):
        core.create_namespaced_config_map(namespace, configmap(f"page-{number}"))
    names, token = [], ""
    while True:
        page = core.list_namespaced_config_map(namespace, limit=2, _continue=token)
        assert len(page.items) <= 2
        names += [each.metadata.name for each in page.items]
        token = page.metadata._continue
        if not token:
            break
        assert page.metadata.remaining_item_count == 6 - len(names)
    assert names == ["kube-root-ca.crt", *[f"page-{number}" for number in range(5)]]


def test_status_and_scale_are_apart(api: Any, namespace: str) -> None:
    apps = client.AppsV1Api(api)
    made = apps.create_namespaced_deployment(namespace, deployment("d"))
    assert (made.spec.strategy.type, made.spec.progress_deadline_seconds) == ("RollingUpdate", 600)
    assert apps.read_namespaced_deployment_scale("d", namespace).status.selector == "app=d"
    scaled = apps.patch_namespaced_deployment_scale("d", namespace, {"spec": {"replicas": 3}})
    assert scaled.spec.replicas == 3
    status = {"status": {"collisionCount": 4}, "spec": {"replicas": 9}}
    assert apps.patch_namespaced_deployment_status("d", namespace, status).status.collision_count == 4
    found = apps.read_namespaced_deployment("d", namespace)
    assert found.spec.replicas == 3
    found.status.collision_count = 8
    assert apps.replace_namespaced_deployment("d", namespace, found).status.collision_count == 4


def test_watches_go_on_where_they_were(core: Any, namespace: str) -> None:
    listed = core.list_namespaced_config_map(namespace)
    stream = watch.Watch()
    seen = []
    core.create_namespaced_config_map(namespace, configmap("a"))
    version = listed.metadata.resource_version
    for event in stream.stream(
        core.list_namespaced_config_map, namespace, resource_version=version, timeout_seconds=120
    ):
        seen.append((event["type"], event["object"].metadata.name))
        if len(seen) == 1:
            core.patch_namespaced_config_map("a", namespace, {"data": {"x": "1"}})
        if len(seen) == 2:
            core.delete_namespaced_config_map("a", namespace)
        if len(seen) == 3:
            stream.stop()
    assert seen == [("ADDED", "a"), ("MODIFIED", "a"), ("DELETED", "a")]
    again = watch.Watch().stream(
        core.list_namespaced_config_map, namespace, resource_version=version, timeout_seconds=1
    )
    assert [(event["type"], event["object"].metadata.name) for event in again] == seen


def test_tokens_and_reviews(api: Any, core: Any, namespace: str) -> None:
    asked = client.AuthenticationV1TokenRequest(
        spec=client.V1TokenRequestSpec(audiences=["tests"], expiration_seconds=900)
    )
    token = core.create_namespaced_service_account_token("default", namespace, asked).status.token
    review = client.V1TokenReview(spec=client.V1TokenReviewSpec(token=token, audiences=["tests"]))
    assert client.AuthenticationV1Api(api).create_token_review(review).status.authenticated
    attributes = client.V1ResourceAttributes(verb="get", resource="pods", namespace=namespace)
    spec = client.V1SelfSubjectAccessReviewSpec(resource_attributes=attributes)
    answer = client.AuthorizationV1Api(api).create_self_subject_access_review(
        client.V1SelfSubjectAccessReview(spec=spec)
    )
    assert answer.status.allowed


@pytest.fixture
def widgets(api: Any, namespace: str) -> Iterator[Any]:
    """A kind of one's own, by the dynamic client."""
    dynamic_client = dynamic.DynamicClient(api)
    plural = f"p{namespace.replace('-', '')}s"
    definitions = dynamic_client.resources.get(api_version="apiextensions.k8s.io/v1", kind="CustomResourceDefinition")
    definitions.create(body=manifests.definition(plural, "PyWidget"))
    name = f"{plural}.tests.example"

    def established() -> bool:
        conditions = (definitions.get(name=name).status or {}).get("conditions") or []
        return any(each["type"] == "Established" and each["status"] == "True" for each in conditions)

    wait_until(established, "the kind is established")
    dynamic_client.resources.invalidate_cache()
    yield dynamic_client.resources.get(api_version="tests.example/v1", kind="PyWidget", name=plural)
    definitions.delete(name=name)


def widget(name: str, **spec: Any) -> dict[str, Any]:
    return {"apiVersion": "tests.example/v1", "kind": "PyWidget", "metadata": {"name": name}, "spec": spec}


def test_custom_resources_by_the_dynamic_client(widgets: Any, namespace: str) -> None:
    made = widgets.create(body=widget("a", colour="red", bogus=1), namespace=namespace)
    assert made.spec.to_dict() == {"colour": "red", "size": 1}
    patched = widgets.patch(
        body={"spec": {"size": 2}}, name="a", namespace=namespace, content_type="application/merge-patch+json"
    )
    assert patched.spec.size == 2 and patched.metadata.generation == 2
    applied = widgets.server_side_apply(body=widget("a", size=2), name="a", namespace=namespace, field_manager="mine")
    assert ("mine", "Apply") in [(each.manager, each.operation) for each in applied.metadata.managedFields]
    with pytest.raises(dynamic.exceptions.ConflictError):
        widgets.server_side_apply(body=widget("a", size=3), name="a", namespace=namespace, field_manager="mine")
    forced = widgets.server_side_apply(
        body=widget("a", size=3), name="a", namespace=namespace, field_manager="mine", force_conflicts=True
    )
    assert forced.spec.size == 3
    status = {"status": {"ready": "yes"}, "spec": {"size": 9}}
    seen = widgets.status.patch(body=status, name="a", namespace=namespace, content_type="application/merge-patch+json")
    assert (seen.status.ready, seen.spec.size) == ("yes", 3)
    assert [each.metadata.name for each in widgets.get(namespace=namespace).items] == ["a"]
    with pytest.raises(dynamic.exceptions.UnprocessibleEntityError) as wrong:
        widgets.create(body=widget("b", size=11), namespace=namespace)
    assert json.loads(wrong.value.body)["details"]["causes"] == [
        {"field": "spec.size", "message": "Invalid value: 11: spec.size in body should be less than or equal to 10",
         "reason": "FieldValueInvalid"},
    ]  # fmt: skip


def test_dynamic_watches(widgets: Any, namespace: str) -> None:
    widgets.create(body=widget("a"), namespace=namespace)
    seen = [(event["type"], event["object"].metadata.name) for event in widgets.watch(namespace=namespace, timeout=1)]
    assert seen == [("ADDED", "a")]


def test_custom_objects_without_a_type(api: Any, widgets: Any, namespace: str) -> None:
    objects, where = client.CustomObjectsApi(api), ("tests.example", "v1", namespace, widgets.name)
    objects.create_namespaced_custom_object(*where, widget("a", size=4))
    assert objects.get_namespaced_custom_object_scale(*where, "a")["spec"] == {"replicas": 4}
    objects.patch_namespaced_custom_object_scale(*where, "a", {"spec": {"replicas": 6}})
    assert objects.list_namespaced_custom_object(*where)["items"][0]["spec"]["size"] == 6
    objects.delete_collection_namespaced_custom_object(*where)
    assert objects.list_namespaced_custom_object(*where)["items"] == []


def test_files_of_objects(api: Any, core: Any, namespace: str, tmp_path: Path) -> None:
    path = tmp_path / "objects.yaml"
    path.write_text(
        "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {selector: {a: b}, ports: [{port: 80}]}\n---\n"
        "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: c}\nspec:\n  schedule: '0 0 1 1 *'\n  jobTemplate:\n"
        "    spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: b}]}}}\n"
    )
    utils.create_from_yaml(api, str(path), namespace=namespace)
    assert core.read_namespaced_service("s", namespace).spec.cluster_ip.startswith("10.")
    assert client.BatchV1Api(api).read_namespaced_cron_job("c", namespace).spec.concurrency_policy == "Allow"
    with pytest.raises(utils.FailToCreateError, match="AlreadyExists"):
        utils.create_from_yaml(api, str(path), namespace=namespace)


CANDIDATE = """
import sys
from kubernetes import config
from kubernetes.leaderelection import electionconfig, leaderelection
from kubernetes.leaderelection.resourcelock.leaselock import LeaseLock
kubeconfig, namespace, name = sys.argv[1:]
config.load_kube_config(kubeconfig)
leaderelection.LeaderElection(electionconfig.Config(
    LeaseLock("leader", namespace, name), lease_duration=4, renew_deadline=3, retry_period=1,
    onstarted_leading=lambda: print("leading", flush=True), onstopped_leading=None,
)).run()
"""


def test_leader_election(control: Control, core: Any, api: Any, namespace: str) -> None:
    """The first one leads; the second one follows when it has died."""

    def candidate(name: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", CANDIDATE, str(control.kubeconfig), namespace, name]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def holder() -> str:
        found = client.CoordinationV1Api(api).read_namespaced_lease("leader", namespace).spec.holder_identity
        assert isinstance(found, str)
        return found

    with candidate("one") as one:
        try:
            assert one.stdout is not None and any(line == "leading\n" for line in one.stdout)
            assert holder() == "one"
            with candidate("two") as two:
                try:
                    one.kill()
                    wait_until(lambda: holder() == "two", "the other one leads")
                finally:
                    two.kill()
        finally:
            one.kill()
