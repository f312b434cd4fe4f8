"""What is said of workloads and services."""

from typing import Any

import pytest

from tests.unit.app.why.objects import BEFORE, NOW, known, node, pod, state
from wherry.app.why.groups import Group, explain_group, gather_group, kind_of
from wherry.kube.client.clock import FakeClock
from wherry.kube.client.events import EVENTS
from wherry.kube.client.fake import FakeClient
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.status import StatusError

READY = {"conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": BEFORE}]}
LABELS = {"app": "web"}
NOTHING = "It waits for nothing."


def member(name: str = "p", *, ready: bool = True, **more: Any) -> Object:
    meta = {"name": name, "labels": LABELS, "uid": f"u-{name}", **more.pop("meta", {})}
    waiting = {"containerStatuses": [state(waiting={"reason": "ErrImageNeverPull", "message": "no image"})]}
    return pod(meta=meta, phase="Running" if ready else "Pending", status=READY if ready else waiting, **more)


def workload(kind: str = "Deployment", status: Object | None = None, **spec: Any) -> Object:
    meta = {"name": "web", "namespace": "default", "uid": "u-web"}
    selector: Object = LABELS if kind == "Service" else {"matchLabels": LABELS}
    return {
        "apiVersion": {"Job": "batch/v1", "Service": "v1"}.get(kind, "apps/v1"), "kind": kind, "metadata": meta,
        "spec": {"selector": selector, **spec}, "status": status or {},
    }  # fmt: skip


def condition(kind: str, reason: str = "", message: str = "", status: str = "True") -> Object:
    return {"conditions": [{"type": kind, "status": status, "reason": reason, "message": message}]}


def said(obj: Object, *pods: Object, events: tuple[Object, ...] = ()) -> list[str]:
    return explain_group(Group(obj["kind"], obj, events, pods), NOW)


def failed_create(message: str) -> Object:
    return {"reason": "FailedCreate", "message": message}


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("deploy", "Deployment"), ("deployment.apps", "Deployment"), ("Deployments", "Deployment"),
        ("rs", "ReplicaSet"), ("sts", "StatefulSet"), ("daemonsets.apps", "DaemonSet"), ("job.batch", "Job"),
        ("rc", "ReplicationController"), ("svc", "Service"), ("pod", ""), ("configmap", ""), ("", ""), ("apps", ""),
    ],
)  # fmt: skip
def test_types_are_known_as_kubectl_writes_them(word: str, kind: str) -> None:
    assert kind_of(word) == kind


def test_who_has_all_it_wants_waits_for_nothing() -> None:
    assert said(workload(replicas=1), member()) == [
        "Deployment default/web has 1 ready of 1 pod that it wants.",
        NOTHING,
    ]
    assert said(workload("Service"), member()) == ["Service default/web leads to 1 ready of 1 pod.", NOTHING]
    wants = workload("DaemonSet", {"desiredNumberScheduled": 2})
    assert said(wants, member("a"), member("b"))[0] == "DaemonSet default/web has 2 ready of 2 pods that it wants."


@pytest.mark.parametrize(
    ("obj", "line"),
    [
        (workload(replicas=0), "It wants no pods: spec.replicas is 0."),
        (workload("DaemonSet"), "It wants no pods: no node is one that it wants a pod on."),
        (workload(paused=True), "It is paused: what was changed in its template waits for kubectl rollout resume."),
        (
            workload(status=condition("ReplicaFailure", message="exceeded quota: q")),
            "Pods of it cannot be made: exceeded quota: q.",
        ),
        (
            workload(status=condition("Progressing", "ProgressDeadlineExceeded", status="False")),
            "Its rollout has come no further for 600 seconds.",
        ),
        (workload("Job", suspend=True), "It is suspended: it has no pods until spec.suspend is false."),
        (
            workload("Job", condition("Failed", "BackoffLimitExceeded", "has reached the limit")),
            "It has failed: has reached the limit.",
        ),
        (workload("Job", condition("Complete", message="Reached it")), "It is complete: Reached it."),
    ],
)
def test_what_is_about_no_pod(obj: Object, line: str) -> None:
    assert line in said(obj)


def test_who_has_no_condition_for_it_says_by_events_that_pods_cannot_be_made() -> None:
    event = failed_create("(combined from similar events): Error creating: pods is forbidden")
    line = "Pods of it cannot be made: pods is forbidden."
    assert line in said(workload("StatefulSet", replicas=1), events=(event,))
    assert line in said(workload("Job"), events=(event,))
    assert line not in said(workload("StatefulSet", replicas=1), member(), events=(event,))


@pytest.mark.parametrize(("policy", "ready", "told"), [(None, False, 1), (None, True, 0), ("Parallel", False, 0)])
def test_a_pod_of_a_template_that_was_mended_is_in_the_way(policy: str | None, ready: bool, told: int) -> None:
    group = workload("StatefulSet", {"updateRevision": "web-2"}, replicas=2, podManagementPolicy=policy)
    old = member("web-1", ready=ready)
    old["metadata"]["labels"] = {**LABELS, "controller-revision-hash": "web-1"}
    new = member("web-0", ready=False)
    new["metadata"]["labels"] = {**LABELS, "controller-revision-hash": "web-2"}
    line = "Its pod web-1 has another template than is wanted, and is in the way until it is ready, or deleted."
    assert [each for each in said(group, new, old) if "template" in each] == [line] * told


def test_a_service_that_leads_nowhere() -> None:
    service = workload("Service")
    assert said(service) == ["Service default/web:", "No pod of namespace default has the labels app=web."]
    service["spec"]["selector"] = None
    assert said(service)[1].startswith("It has no selector: ")
    service["spec"] |= {"type": "ExternalName", "externalName": "x.example"}
    assert said(service)[1].startswith("It is another name of x.example, ")


def test_a_service_whose_port_has_a_name_that_no_container_knows() -> None:
    service = workload("Service", ports=[{"port": 80, "targetPort": "http"}, {"port": 81, "targetPort": 8080}])
    line = "Its port 80 leads to a port called http, which none of its pods has."
    assert said(service, member()) == ["Service default/web leads to 1 ready of 1 pod.", line]
    named = member(containers=[{"name": "app", "ports": [{"name": "http", "containerPort": 80}]}])
    assert said(service, named)[1] == NOTHING


def test_pods_that_wait_for_the_same_are_told_of_once() -> None:
    waiting = [member(f"p{number}", ready=False) for number in range(5)]
    group = Group(
        "Deployment", workload(replicas=6), (), [member("good"), *waiting], [known(each) for each in waiting[:3]]
    )
    lines = explain_group(group, NOW)
    assert lines[:3] == [
        "Deployment default/web has 1 ready of 6 pods that it wants.", "", "Pod default/p0 is pending on n.",
    ]  # fmt: skip
    assert lines[-3:] == ["2 other pods of it: the same.", "", "2 more pods of it are not ready."]


def client(*objects: Object) -> FakeClient:
    found = FakeClient(*objects, clock=FakeClock())
    found.fields[EVENTS.group_resource] = lambda obj: {"involvedObject.uid": obj["involvedObject"]["uid"]}
    return found


async def test_its_pods_are_those_of_its_selector_that_stay() -> None:
    gone = member("gone", meta={"deletionTimestamp": BEFORE, "finalizers": ["x/y"]})
    other = pod(meta={"name": "other", "labels": {"app": "db"}})
    event = {
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": "e", "namespace": "default"},
        "reason": "FailedCreate", "involvedObject": {"uid": "u-web"},
    }  # fmt: skip
    waiting = [member(f"w{number}", ready=False) for number in range(4)]
    done = member("done", ready=False)
    done["status"] = {"phase": "Succeeded"}
    for kind in ("Deployment", "Service"):
        api = client(workload(kind), member(), gone, other, event, node(), *waiting, done)
        found = await gather_group(api, kind, "default", "web")
        assert [each["metadata"]["name"] for each in found.pods] == ["done", "p", "w0", "w1", "w2", "w3"]
        assert [each.pod["metadata"]["name"] for each in found.told] == ["w0", "w1", "w2"]
        assert [each["reason"] for each in found.events] == ["FailedCreate"]


async def test_a_service_without_a_selector_has_no_pods() -> None:
    service = workload("Service")
    del service["spec"]["selector"]
    assert (await gather_group(client(service, member()), "Service", "default", "web")).pods == []


async def test_there_must_be_such_an_object() -> None:
    with pytest.raises(StatusError, match='"web" not found'):
        await gather_group(client(), "Deployment", "default", "web")
