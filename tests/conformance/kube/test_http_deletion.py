"""Deletion: preconditions, finalizers, what becomes of dependents, collections, grace, namespaces."""

import pytest

from tests.conformance.kube import manifests
from tests.conformance.kube.conftest import new_namespace
from tests.conformance.kube.nodes import add_node, remove_node
from tests.conformance.kube.process import wait_until
from tests.conformance.kube.web import Web


@pytest.fixture
def path(web: Web, namespace: str) -> str:
    return f"/api/v1/namespaces/{namespace}/configmaps"


def test_what_is_gone_is_told_by_a_status_or_as_it_was(web: Web, path: str, namespace: str) -> None:
    made = web.post(path, manifests.configmap("a")).ok()
    assert web.delete(f"{path}/a").ok() == {
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
        "details": {"name": "a", "kind": "configmaps", "uid": made["metadata"]["uid"]},
    }  # fmt: skip
    web.delete(f"{path}/a").refused(404, "NotFound")
    service = f"/api/v1/namespaces/{namespace}/services"
    made = web.post(service, {"metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}]}}).ok()
    assert web.delete(f"{service}/s").ok()["spec"] == made["spec"]


def test_preconditions(web: Web, path: str) -> None:
    made = web.post(path, manifests.configmap("a")).ok()["metadata"]
    for wanted, said in (
        ({"uid": "other"}, f"Precondition failed: UID in precondition: other, UID in object meta: {made['uid']}"),
        (
            {"resourceVersion": "1"},
            "Precondition failed: ResourceVersion in precondition: 1, ResourceVersion in object meta: "
            + made["resourceVersion"],
        ),
    ):  # fmt: skip
        refused = web.delete(f"{path}/a", {"preconditions": wanted}).refused(409, "Conflict")
        assert refused["message"] == f'Operation cannot be fulfilled on configmaps "a": {said}'
    right = {"uid": made["uid"], "resourceVersion": made["resourceVersion"]}
    assert web.delete(f"{path}/a", {"preconditions": right}).ok()["status"] == "Success"


def test_options_of_another_kind_are_none(web: Web, path: str) -> None:
    web.post(path, manifests.configmap("a")).ok()
    web.delete(f"{path}/a", {"kind": "Foo", "apiVersion": "v1"}).refused(400, "BadRequest")
    web.delete(f"{path}/a", {"gracePeriodSeconds": "x"}).refused(400, "BadRequest")
    web.delete(f"{path}/a?gracePeriodSeconds=x").refused(400, "BadRequest")
    assert web.get(f"{path}/a").code == 200
    assert web.delete(f"{path}/a", {"kind": "DeleteOptions", "apiVersion": "v1"}).ok()["status"] == "Success"


def test_finalizers_hold_up_deletion(web: Web, path: str) -> None:
    web.post(path, {"metadata": {"name": "a", "finalizers": ["tests.example/one", "tests.example/two"]}}).ok()
    marked = web.delete(f"{path}/a").ok()
    assert (marked["kind"], marked["metadata"]["deletionGracePeriodSeconds"]) == ("ConfigMap", 0)
    assert marked["metadata"]["deletionTimestamp"]
    again = web.delete(f"{path}/a").ok()
    assert again["metadata"]["deletionTimestamp"] == marked["metadata"]["deletionTimestamp"]
    # It may be changed, but nothing may be added that holds it up.
    assert web.patch(f"{path}/a", {"data": {"x": "1"}}).ok()["data"] == {"x": "1"}
    more = {"metadata": {"finalizers": ["tests.example/one", "tests.example/two", "tests.example/three"]}}
    refused = web.patch(f"{path}/a", more).refused(422, "Invalid")
    assert "no new finalizers can be added if the object is being deleted" in refused["message"]
    web.post(path, manifests.configmap("a")).refused(409, "AlreadyExists")
    web.patch(f"{path}/a", {"metadata": {"finalizers": ["tests.example/two"]}}).ok()
    assert web.get(f"{path}/a").code == 200
    last = web.patch(f"{path}/a", {"metadata": {"finalizers": None}}).ok()
    assert last["metadata"]["deletionTimestamp"] == marked["metadata"]["deletionTimestamp"]
    assert web.get(f"{path}/a").code == 404


def test_finalizers_have_names(web: Web, path: str) -> None:
    refused = web.post(path, {"metadata": {"name": "a", "finalizers": ["no good"]}}).refused(422, "Invalid")
    assert refused["details"]["causes"][0]["field"].startswith("metadata.finalizers")


@pytest.mark.parametrize(
    ("options", "finalizers"),
    (
        ({"propagationPolicy": "Foreground"}, ["foregroundDeletion"]),
        ({"propagationPolicy": "Orphan"}, ["orphan"]),
        ({"orphanDependents": True}, ["orphan"]),
        ({"propagationPolicy": "Background"}, []),
        ({"orphanDependents": False}, []),
    ),
)
def test_what_is_to_become_of_dependents_is_marked(web: Web, path: str, options: dict, finalizers: list) -> None:
    """By finalizers of the garbage collector, which it takes away when it is done."""
    held = ["tests.example/held"]
    owner = web.post(path, {"metadata": {"name": "owner", "finalizers": held}}).ok()["metadata"]
    reference = {
        "apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["uid"], "blockOwnerDeletion": True,
    }  # fmt: skip
    web.post(path, {"metadata": {"name": "dependent", "ownerReferences": [reference], "finalizers": held}}).ok()

    def dependent() -> dict:
        return web.get(f"{path}/dependent").ok()["metadata"]

    answer = web.delete(f"{path}/owner", options)
    assert answer.code == (202 if options.get("orphanDependents") is False else 200)
    assert answer.json["metadata"]["finalizers"] == [*held, *finalizers]
    if finalizers == ["orphan"]:
        wait_until(lambda: "ownerReferences" not in dependent(), "it has no owner any more")
        web.patch(f"{path}/owner", {"metadata": {"finalizers": None}}).ok()
        wait_until(lambda: web.get(f"{path}/owner").code == 404, "the owner goes")
        assert "deletionTimestamp" not in dependent()
        return
    if finalizers == ["foregroundDeletion"]:
        wait_until(lambda: "deletionTimestamp" in dependent(), "it goes first")
        web.patch(f"{path}/owner", {"metadata": {"finalizers": finalizers}}).ok()
        assert web.get(f"{path}/owner").code == 200
    else:
        web.patch(f"{path}/owner", {"metadata": {"finalizers": None}}).ok()
        assert web.get(f"{path}/owner").code == 404
        wait_until(lambda: "deletionTimestamp" in dependent(), "it goes, too")
    web.patch(f"{path}/dependent", {"metadata": {"finalizers": None}}).ok()
    wait_until(lambda: web.get(f"{path}/owner").code == 404, "the owner goes")


def test_collections_are_deleted_by_selectors(web: Web, path: str) -> None:
    for name in "abcd":
        web.post(path, {"metadata": {"name": name, "labels": {"letter": name}}}).ok()
    deleted = web.delete(f"{path}?labelSelector=letter+in+(a,b)").ok()
    assert deleted["kind"] == "ConfigMapList" and deleted["metadata"]["resourceVersion"]
    assert [each["metadata"]["name"] for each in deleted["items"]] == ["a", "b"]
    assert web.delete(f"{path}?fieldSelector=metadata.name%3Dc").ok()["items"][0]["metadata"]["name"] == "c"
    left = [each["metadata"]["name"] for each in web.get(f"{path}?labelSelector=letter").ok()["items"]]
    assert left == ["d"]
    web.delete("/api/v1/namespaces").refused(405, "MethodNotAllowed")


def test_pods_that_run_are_given_time(web: Web, namespace: str) -> None:
    path, node = f"/api/v1/namespaces/{namespace}/pods", f"n-{namespace}"
    add_node(web, node)
    try:
        web.post(path, manifests.pod("p", node=node)).ok()
        web.patch(f"{path}/p/status", {"status": manifests.running()}).ok()
        first = web.delete(f"{path}/p").ok()["metadata"]
        assert first["deletionGracePeriodSeconds"] == 30 and first["deletionTimestamp"]
        # The time may be made shorter, not longer.
        assert web.delete(f"{path}/p?gracePeriodSeconds=60").ok()["metadata"]["deletionGracePeriodSeconds"] == 30
        assert web.delete(f"{path}/p", {"gracePeriodSeconds": 5}).ok()["metadata"]["deletionGracePeriodSeconds"] == 5
        assert web.get(f"{path}/p").code == 200
        web.delete(f"{path}/p", {"gracePeriodSeconds": 0}).ok()
        assert web.get(f"{path}/p").code == 404
    finally:
        remove_node(web, node)


def test_pods_that_never_ran_go_at_once(web: Web, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/pods"
    pod = manifests.pod("p")
    pod["spec"]["schedulingGates"] = [{"name": "tests.example/never"}]
    web.post(path, pod).ok()
    assert web.delete(f"{path}/p").ok()["kind"] == "Pod"
    assert web.get(f"{path}/p").code == 404


def test_a_namespace_is_emptied_before_it_goes(web: Web) -> None:
    name = new_namespace(web)
    here = f"/api/v1/namespaces/{name}"
    web.post(f"{here}/configmaps", {"metadata": {"name": "held", "finalizers": ["tests.example/held"]}}).ok()
    ending = web.delete(here).ok()
    assert ending["status"]["phase"] == "Terminating" and ending["spec"]["finalizers"] == ["kubernetes"]
    refused = web.post(f"{here}/configmaps", manifests.configmap("new")).refused(403, "Forbidden")
    assert refused["message"] == (
        f'configmaps "new" is forbidden: unable to create new content in namespace {name} because it is being '
        "terminated"
    )
    said = f"namespace {name} is being terminated"
    assert refused["details"]["causes"] == [
        {"reason": "NamespaceTerminating", "message": said, "field": "metadata.namespace"}
    ]

    def remaining() -> bool:
        conditions = web.get(here).ok()["status"].get("conditions") or []
        return any(each["type"] == "NamespaceFinalizersRemaining" and each["status"] == "True" for each in conditions)

    wait_until(remaining, "its controller says what holds it up")
    web.patch(f"{here}/configmaps/held", {"metadata": {"finalizers": None}}).ok()
    wait_until(lambda: web.get(here).code == 404, "the namespace goes")


def test_some_namespaces_stay(web: Web) -> None:
    for name in ("default", "kube-system", "kube-public"):
        refused = web.delete(f"/api/v1/namespaces/{name}").refused(403, "Forbidden")
        assert refused["message"] == f'namespaces "{name}" is forbidden: this namespace may not be deleted'
    web.delete("/api/v1/namespaces/nope").refused(404, "NotFound")


def test_nothing_is_made_in_a_namespace_that_is_not_there(web: Web) -> None:
    refused = web.post("/api/v1/namespaces/nope/configmaps", manifests.configmap("a")).refused(404, "NotFound")
    assert refused["message"] == 'namespaces "nope" not found'
