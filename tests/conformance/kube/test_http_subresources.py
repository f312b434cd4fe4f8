"""Subresources: status, scale, eviction, binding, token, ephemeral containers, resize."""

import base64
import json
import re

import pytest

from tests.conformance.kube import manifests
from tests.conformance.kube.nodes import REFUSED, add_node, remove_node
from tests.conformance.kube.process import wait_until
from tests.conformance.kube.web import MERGE, STRATEGIC, TABLE, Web


@pytest.fixture
def deployments(web: Web, namespace: str) -> str:
    """The path of a namespace's deployments, of which there is ``d``, which rests."""
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    web.post(path, manifests.deployment("d", paused=True)).ok()
    return path


def test_the_status_is_written_apart(web: Web, deployments: str) -> None:
    path = f"{deployments}/d"
    web.patch(path, {"status": {"collisionCount": 5}, "metadata": {"labels": {"x": "y"}}}).ok()
    assert "collisionCount" not in web.get(path).ok()["status"]
    changed = web.patch(
        f"{path}/status", {"status": {"collisionCount": 5}, "spec": {"replicas": 9}, "metadata": {"labels": {"z": "z"}}}
    ).ok()
    assert (changed["status"]["collisionCount"], changed["spec"]["replicas"]) == (5, 0)
    assert changed["metadata"]["labels"] == {"app": "d", "x": "y"}
    found = web.get(f"{path}/status").ok()
    assert found["status"]["collisionCount"] == 5
    found["status"]["collisionCount"] = 6
    del found["metadata"]["resourceVersion"]
    assert web.put(f"{path}/status", found).ok()["status"]["collisionCount"] == 6
    made = manifests.deployment("e", paused=True)
    made["status"] = {"collisionCount": 3}
    assert "collisionCount" not in web.post(deployments, made).ok()["status"]
    web.post(f"{path}/status", {}).refused(405, "MethodNotAllowed")


def test_who_wrote_the_status_is_kept_apart(web: Web, deployments: str) -> None:
    changed = web.patch(f"{deployments}/d/status?fieldManager=controller", {"status": {"collisionCount": 5}}).ok()
    owned = {each["manager"]: each for each in changed["metadata"]["managedFields"]}
    assert owned["controller"]["subresource"] == "status"
    assert owned["controller"]["fieldsV1"] == {"f:status": {"f:collisionCount": {}}}


def test_scales(web: Web, deployments: str) -> None:
    path = f"{deployments}/d/scale"
    scale = web.get(path).ok()
    assert (scale["kind"], scale["apiVersion"]) == ("Scale", "autoscaling/v1")
    assert scale["status"] == {"replicas": 0, "selector": "app=d"}
    assert web.patch(path, {"spec": {"replicas": 2}}, MERGE).ok()["spec"] == {"replicas": 2}
    assert web.patch(path, {"spec": {"replicas": 3}}, STRATEGIC).ok()["spec"] == {"replicas": 3}
    body = {"metadata": {"name": "d"}, "spec": {"replicas": 4}}
    assert web.put(path, body).ok()["spec"] == {"replicas": 4}
    assert web.get(f"{deployments}/d").ok()["spec"]["replicas"] == 4
    body["metadata"]["resourceVersion"] = "1"
    web.put(path, body).refused(409, "Conflict")
    refused = web.patch(path, {"spec": {"replicas": -1}}).refused(422, "Invalid")
    assert refused["message"] == (
        'Scale.autoscaling "d" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0'
    )
    web.get(f"{deployments}/nope/scale").refused(404, "NotFound")
    assert [each["name"] for each in web.get(path, TABLE).ok()["columnDefinitions"]] == [
        "Name", "Desired", "Available", "Age",
    ]  # fmt: skip
    changed = web.get(f"{deployments}/d").ok()["metadata"]["managedFields"]
    assert [each["fieldsV1"] for each in changed if each.get("subresource") == "scale"] == [
        {"f:spec": {"f:replicas": {}}}
    ]


@pytest.fixture
def pods(web: Web, namespace: str) -> str:
    """The path of a namespace's pods; on a node run ``one`` and ``two``, which is not ready."""
    path, node = f"/api/v1/namespaces/{namespace}/pods", f"n-{namespace}"
    add_node(web, node)
    for name in ("one", "two"):
        pod = manifests.pod(name, labels={"app": "web", "name": name}, node=node)
        pod["spec"]["terminationGracePeriodSeconds"] = 0
        web.post(path, pod).ok()
        web.patch(f"{path}/{name}/status", {"status": manifests.running(ready=name == "one")}).ok()
    yield path
    remove_node(web, node)


def budget(web: Web, namespace: str, **spec: object) -> str:
    """A disruption budget of those pods, when its controller has counted them."""
    path = f"/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets"
    body = {"metadata": {"name": "b"}, "spec": {"selector": {"matchLabels": {"app": "web"}}, **spec}}
    web.post(path, body).ok()

    def counted() -> tuple[object, ...]:
        status = web.get(f"{path}/b").ok().get("status", {})
        return tuple(status.get(name) for name in ("observedGeneration", "expectedPods", "currentHealthy"))

    wait_until(lambda: counted() == (1, 2, 1), "it is counted")
    return f"{path}/b"


def eviction(name: str) -> dict:
    return {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}}


def test_evictions(web: Web, pods: str) -> None:
    answer = web.post(f"{pods}/one/eviction", eviction("one"))
    assert answer.code == 201 and answer.json["status"] == "Success"
    assert web.get(f"{pods}/one").code == 404
    web.post(f"{pods}/nope/eviction", eviction("nope")).refused(404, "NotFound")
    for body in (eviction("other"), {**eviction("two"), "metadata": {}}):
        refused = web.post(f"{pods}/two/eviction", body).refused(400, "BadRequest")
        assert refused["message"] == "name in URL does not match name in Eviction object"
    assert web.post(f"{pods}/two/eviction?dryRun=All", eviction("two")).code == 201
    assert web.get(f"{pods}/two").code == 200


def test_who_is_evicted_says_so_as_long_as_it_is_there(web: Web, pods: str) -> None:
    """Failure policies of Jobs ask for it (addConditionAndDeletePod in pkg/registry/core/pod/storage/eviction.go)."""
    web.patch(f"{pods}/one", {"metadata": {"finalizers": ["example.com/stay"]}}).ok()
    before = web.get(f"{pods}/one").ok()
    stale = {**eviction("one"), "deleteOptions": {"preconditions": {"resourceVersion": "1"}}}
    web.post(f"{pods}/one/eviction", stale).refused(409, "Conflict")
    assert web.post(f"{pods}/one/eviction?dryRun=All", eviction("one")).code == 201
    assert web.get(f"{pods}/one").ok() == before
    exact = {"resourceVersion": before["metadata"]["resourceVersion"], "uid": before["metadata"]["uid"]}
    body = {**eviction("one"), "deleteOptions": {"preconditions": exact}}
    assert web.post(f"{pods}/one/eviction", body).code == 201
    after = web.get(f"{pods}/one").ok()
    (told,) = [each for each in after["status"]["conditions"] if each["type"] == "DisruptionTarget"]
    assert (told["status"], told["reason"]) == ("True", "EvictionByEvictionAPI")
    assert (told["message"], told["observedGeneration"]) == ("Eviction API: evicting", 1)
    assert "deletionTimestamp" in after["metadata"]
    assert after["metadata"]["managedFields"] == before["metadata"]["managedFields"]
    assert web.post(f"{pods}/one/eviction", eviction("one")).code == 201
    again = [each for each in web.get(f"{pods}/one").ok()["status"]["conditions"] if each["type"] == told["type"]]
    assert [each["lastTransitionTime"] for each in again] == [told["lastTransitionTime"]]
    web.patch(f"{pods}/one", {"metadata": {"finalizers": None}}).ok()


def test_a_budget_refuses_an_eviction(web: Web, pods: str, namespace: str) -> None:
    budget(web, namespace, minAvailable=1)
    answer = web.post(f"{pods}/one/eviction", eviction("one"))
    refused = answer.refused(429, "TooManyRequests")
    assert refused["message"] == "Cannot evict pod as it would violate the pod's disruption budget."
    assert refused["details"]["causes"] == [
        {"reason": "DisruptionBudget", "message": "The disruption budget b needs 1 healthy pods and has 1 currently"}
    ]
    assert "retryAfterSeconds" not in refused["details"] and "Retry-After" not in answer.headers
    assert web.get(f"{pods}/one").code == 200


def test_a_dry_run_of_an_eviction_asks_the_budget_and_takes_nothing(web: Web, pods: str, namespace: str) -> None:
    path = budget(web, namespace, minAvailable=1)
    tries = (("?dryRun=All", eviction("one")), ("", {**eviction("one"), "deleteOptions": {"dryRun": ["All"]}}))
    for query, body in tries:
        web.post(f"{pods}/one/eviction{query}", body).refused(429, "TooManyRequests")
    web.patch(path, {"spec": {"minAvailable": 0}}).ok()
    wait_until(lambda: web.get(path).ok()["status"]["disruptionsAllowed"] == 1, "one may go")
    for query, body in tries:
        assert web.post(f"{pods}/one/eviction{query}", body).code == 201
    state = web.get(path).ok()["status"]
    assert state["disruptionsAllowed"] == 1 and "disruptedPods" not in state
    assert web.get(f"{pods}/one").code == 200


def test_two_budgets_for_a_pod_are_one_too_many(web: Web, pods: str, namespace: str) -> None:
    path = budget(web, namespace, minAvailable=0)
    second = {"metadata": {"name": "c"}, "spec": {"selector": {"matchLabels": {"app": "web"}}, "minAvailable": 0}}
    web.post(path.rpartition("/")[0], second).ok()
    answer = web.post(f"{pods}/one/eviction", eviction("one"))
    assert (answer.code, answer.json["code"]) == (500, 500) and "reason" not in answer.json
    assert answer.json["message"] == (
        "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
    )


def test_a_budget_lets_as_many_go_as_it_allows(web: Web, pods: str, namespace: str) -> None:
    path = budget(web, namespace, minAvailable=0)
    wait_until(lambda: web.get(path).ok()["status"]["disruptionsAllowed"] == 1, "one may go")
    assert web.post(f"{pods}/one/eviction", eviction("one")).code == 201
    assert web.get(f"{pods}/one").code == 404


def test_what_is_not_ready_may_always_go_if_the_budget_says_so(web: Web, pods: str, namespace: str) -> None:
    budget(web, namespace, minAvailable=2, unhealthyPodEvictionPolicy="AlwaysAllow")
    assert web.post(f"{pods}/two/eviction", eviction("two")).code == 201
    web.post(f"{pods}/one/eviction", eviction("one")).refused(429, "TooManyRequests")


def test_pods_are_bound_once(web: Web, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/pods"
    for name in ("a", "b"):
        pod = manifests.pod(name)
        pod["spec"]["schedulerName"] = "the-test"
        web.post(path, pod).ok()
    nominated = {"status": {"nominatedNodeName": "elsewhere"}}
    assert web.patch(f"{path}/a/status", nominated).ok()["status"]["nominatedNodeName"] == "elsewhere"
    target = {"target": {"kind": "Node", "name": "somewhere"}}
    answer = web.post(f"{path}/a/binding", {"metadata": {"name": "a", "annotations": {"x": "y"}}, **target})
    assert answer.code == 201 and answer.json["status"] == "Success"
    bound = web.get(f"{path}/a").ok()
    assert (bound["spec"]["nodeName"], bound["metadata"]["annotations"]) == ("somewhere", {"x": "y"})
    assert {each["type"]: each["status"] for each in bound["status"]["conditions"]}["PodScheduled"] == "True"
    assert "nominatedNodeName" not in bound["status"]
    refused = web.post(f"{path}/a/binding", {"metadata": {"name": "a"}, **target}).refused(409, "Conflict")
    assert refused["message"] == (
        'Operation cannot be fulfilled on pods/binding "a": pod a is already assigned to node "somewhere"'
    )
    # The same by the collection of bindings.
    answer = web.post(f"/api/v1/namespaces/{namespace}/bindings", {"metadata": {"name": "b"}, **target})
    assert answer.code == 201 and web.get(f"{path}/b").ok()["spec"]["nodeName"] == "somewhere"
    web.post(f"{path}/b/binding", {"metadata": {"name": "b"}, "target": {"name": ""}}).refused(422, "Invalid")


def test_tokens_are_for_a_time_and_an_audience(web: Web, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/default/token"
    made = web.post(path, {"spec": {"audiences": ["tests"], "expirationSeconds": 600}})
    assert made.code == 201 and made.json["kind"] == "TokenRequest"
    payload = made.json["status"]["token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert claims["aud"] == ["tests"] and claims["exp"] - claims["iat"] == 600
    assert claims["sub"] == f"system:serviceaccount:{namespace}:default"
    refused = web.post(path, {"spec": {"expirationSeconds": 5}}).refused(422, "Invalid")
    assert "may not specify a duration less than 10 minutes" in refused["message"]
    web.get(path).refused(405, "MethodNotAllowed")


def test_ephemeral_containers_are_added_only(web: Web, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/pods"
    web.post(path, manifests.pod("p")).ok()
    added = {"spec": {"ephemeralContainers": [{"name": "e", "image": "i"}], "nodeName": "x"}}
    changed = web.patch(f"{path}/p/ephemeralcontainers", added, STRATEGIC).ok()
    assert [each["name"] for each in changed["spec"]["ephemeralContainers"]] == ["e"] and "nodeName" not in changed[
        "spec"
    ]
    gone = {"spec": {"ephemeralContainers": None}}
    refused = web.patch(f"{path}/p/ephemeralcontainers", gone, MERGE).refused(422, "Invalid")
    assert "existing ephemeral containers" in refused["message"]
    refused = web.patch(f"{path}/p", added, STRATEGIC).refused(422, "Invalid")
    assert "pod updates may not change fields other than" in refused["message"]


def test_pods_are_resized_apart(web: Web, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/pods"
    web.post(path, manifests.pod("p")).ok()
    bigger = {"spec": {"containers": [{"name": "c", "resources": {"requests": {"cpu": "100m"}}}]}}
    refused = web.patch(f"{path}/p", bigger, STRATEGIC).refused(422, "Invalid")
    assert "pod updates may not change fields other than" in refused["message"]
    answer = web.patch(f"{path}/p/resize", bigger, STRATEGIC)
    assert answer.code in (200, 422)  # only some changes are: this one makes another QoS class
    assert answer.code == 200 or "Pod QOS Class may not change as a result of resizing" in answer.text


def test_subresources_that_are_not(web: Web, namespace: str) -> None:
    said = "the server could not find the requested resource"
    for path in ("services/kubernetes/scale", "configmaps/kube-root-ca.crt/status", "pods/p/nope", "secrets/s/log"):
        space = "default" if path.startswith("services") else namespace
        assert web.get(f"/api/v1/namespaces/{space}/{path}").refused(404, "NotFound")["message"] == said


def test_what_a_node_would_answer(web: Web, pods: str) -> None:
    answer = web.get(f"{pods}/one/log")
    assert answer.code >= 400 and re.search(REFUSED, answer.json["message"]), answer.text
    for name in ("exec?command=ls", "attach", "portforward"):
        assert web.get(f"{pods}/one/{name}").refused(400, "BadRequest")["message"] == "Upgrade request required"
    web.get(f"{pods}/nope/log").refused(404, "NotFound")
