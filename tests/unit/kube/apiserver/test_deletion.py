"""What a DELETE does to an object."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from wherry.kube.apiserver.deletion import Deletion, check_options, is_finished, plan
from wherry.kube.kinds.model import Kind
from wherry.kube.machinery.status import StatusError

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PODS = Kind("", "Pod", "pods", (), "v1", grace_seconds=30)
MAPS = Kind("", "ConfigMap", "configmaps", (), "v1", has_status=False)
SPACES = Kind("", "Namespace", "namespaces", (), "v1", namespaced=False)


def obj(spec: dict[str, Any] | None = None, **metadata: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "X", "metadata": {"name": "a", **metadata}, "spec": spec or {}}


def marked(found: Deletion) -> dict[str, Any]:
    assert found.marked is not None
    metadata: dict[str, Any] = found.marked["metadata"]
    return metadata


def test_what_nobody_waits_for_goes_at_once() -> None:
    assert plan(MAPS, obj(), {}, NOW) == Deletion(remove=True)


def test_what_has_finalizers_is_marked() -> None:
    metadata = marked(plan(MAPS, obj(finalizers=["example.com/x"]), {}, NOW))
    assert metadata["deletionTimestamp"] == "2026-01-02T03:04:05Z"
    assert metadata["deletionGracePeriodSeconds"] == 0
    assert metadata["finalizers"] == ["example.com/x"]


@pytest.mark.parametrize(
    ("options", "finalizers"),
    [
        ({"propagationPolicy": "Foreground"}, ["foregroundDeletion"]),
        ({"propagationPolicy": "Orphan"}, ["orphan"]),
        ({"orphanDependents": True}, ["orphan"]),
    ],
)
def test_dependents_are_treated_as_the_client_wants(options: dict[str, Any], finalizers: list[str]) -> None:
    assert marked(plan(MAPS, obj(), options, NOW))["finalizers"] == finalizers


@pytest.mark.parametrize("options", [{"propagationPolicy": "Background"}, {"orphanDependents": False}])
def test_another_policy_takes_back_an_earlier_one(options: dict[str, Any]) -> None:
    before = obj(finalizers=["orphan"])
    assert plan(MAPS, before, options, NOW) == Deletion(remove=True)


def test_a_running_pod_gets_its_time() -> None:
    pod = obj({"nodeName": "n1", "terminationGracePeriodSeconds": 40})
    metadata = marked(plan(PODS, pod, {}, NOW))
    assert metadata["deletionTimestamp"] == "2026-01-02T03:04:45Z"
    assert metadata["deletionGracePeriodSeconds"] == 40
    assert marked(plan(PODS, pod, {"gracePeriodSeconds": 5}, NOW))["deletionGracePeriodSeconds"] == 5
    assert marked(plan(PODS, pod, {"gracePeriodSeconds": -5}, NOW))["deletionGracePeriodSeconds"] == 1


@pytest.mark.parametrize("pod", [obj(), {**obj({"nodeName": "n1"}), "status": {"phase": "Succeeded"}}])
def test_a_pod_that_runs_nowhere_goes_at_once(pod: dict[str, Any]) -> None:
    assert plan(PODS, pod, {}, NOW) == Deletion(remove=True)


def test_time_is_only_ever_made_shorter() -> None:
    pod = marked_pod(30)
    assert plan(PODS, pod, {}, NOW) == Deletion()
    assert plan(PODS, pod, {"gracePeriodSeconds": 60}, NOW) == Deletion()
    metadata = marked(plan(PODS, pod, {"gracePeriodSeconds": 10}, NOW))
    assert (metadata["deletionTimestamp"], metadata["deletionGracePeriodSeconds"]) == ("2026-01-02T03:04:15Z", 10)
    assert plan(PODS, pod, {"gracePeriodSeconds": 0}, NOW) == Deletion(remove=True)


def marked_pod(seconds: int) -> dict[str, Any]:
    found = plan(PODS, obj({"nodeName": "n1", "terminationGracePeriodSeconds": seconds}), {}, NOW)
    assert found.marked is not None
    return found.marked


def test_a_marked_pod_is_finished_when_its_time_is_nought() -> None:
    pod = marked_pod(30)
    assert not is_finished(PODS, pod)
    pod["metadata"]["deletionGracePeriodSeconds"] = 0
    assert is_finished(PODS, pod)
    pod["metadata"]["finalizers"] = ["x"]
    assert not is_finished(PODS, pod)


def test_a_namespace_is_emptied_first() -> None:
    space = obj({"finalizers": ["kubernetes"]})
    found = plan(SPACES, space, {}, NOW)
    assert found.marked is not None and found.marked["status"]["phase"] == "Terminating"
    assert plan(SPACES, found.marked, {}, NOW) == Deletion()
    assert not is_finished(SPACES, found.marked)
    found.marked["spec"]["finalizers"] = []
    assert is_finished(SPACES, found.marked)


def test_the_object_is_left_alone() -> None:
    pod = obj({"nodeName": "n1"}, generation=3)
    found = plan(PODS, pod, {}, NOW + timedelta(days=1))
    assert pod == obj({"nodeName": "n1"}, generation=3)
    assert marked(found)["generation"] == 4
    sooner = plan(PODS, {**pod, "metadata": marked(found)}, {"gracePeriodSeconds": 1}, NOW)
    assert marked(found)["deletionGracePeriodSeconds"] == 30 != marked(sooner)["deletionGracePeriodSeconds"]
    space = {**obj({"finalizers": ["kubernetes"]}), "status": {"phase": "Active"}}
    ending = plan(SPACES, space, {}, NOW).marked
    assert ending is not None and ending["status"] == {"phase": "Terminating"}
    assert space == {**obj({"finalizers": ["kubernetes"]}), "status": {"phase": "Active"}}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"propagationPolicy": "Later"}, "Unsupported value"),
        ({"propagationPolicy": "Orphan", "orphanDependents": True}, "cannot be both set"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(StatusError, match=message) as caught:
        check_options(options)
    assert caught.value.code == 422
