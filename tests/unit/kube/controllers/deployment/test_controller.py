import pytest

from tests.unit.kube.controllers.deployment.deployments import deployment, recreating
from tests.unit.kube.controllers.harness import (
    DEPLOYMENTS,
    EVENTS,
    PODS,
    SETS,
    SPACES,
    after,
    after_crashes,
    clock_of,
    obj,
    running,
)
from tests.unit.kube.controllers.workloads import LABELS, Kubelet, LateClient, template, workload
from wherry.kube.client.clock import settle
from wherry.kube.client.fake import Call, FakeClient
from wherry.kube.controllers.deployment import view
from wherry.kube.controllers.deployment.controller import DeploymentController
from wherry.kube.controllers.frame import Controller, Needs, Runnable
from wherry.kube.controllers.podcontrol.templates import template_hash
from wherry.kube.controllers.replicaset.controller import ReplicaSetController
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.status import StatusError, forbidden


def controllers(needs: Needs) -> list[Runnable]:
    return [
        Controller(DeploymentController(needs), needs.clock), Controller(ReplicaSetController(needs), needs.clock),
    ]  # fmt: skip


def make(needs: Needs) -> list[Runnable]:
    return [*controllers(needs), Kubelet(needs)]


def stuck(needs: Needs) -> list[Runnable]:
    return [*controllers(needs), Kubelet(needs, lambda pod: "Unready" if image_of(pod) == "demo:2" else "Running")]


def image_of(obj: Object) -> str:
    spec = obj["spec"].get("template", obj)["spec"]
    return str(spec["containers"][0]["image"])


def found(client: FakeClient) -> Object:
    mine = client.find(DEPLOYMENTS, "web", "default")
    assert mine is not None
    return mine


def condition(client: FakeClient, kind: str = "Progressing") -> tuple[str, str]:
    each = next(each for each in found(client)["status"]["conditions"] if each["type"] == kind)
    return each["reason"], each["message"]


async def change(client: FakeClient, **spec: object) -> None:
    mine = found(client)
    await client.update(DEPLOYMENTS, {**mine, "spec": {**mine["spec"], **spec}}, "default")


def sizes(client: FakeClient) -> dict[str, int]:
    return {image_of(each): each["spec"]["replicas"] for each in client.all(SETS)}


def messages(client: FakeClient, reason: str = "ScalingReplicaSet") -> list[str]:
    return [each["message"] for each in client.all(EVENTS) if each["reason"] == reason]


async def test_it_comes_up() -> None:
    client = FakeClient(deployment(3))
    await after(client, make)
    name = f"web-{template_hash(template())}"
    status = found(client)["status"]
    conditions = status.pop("conditions")
    assert status == {
        "observedGeneration": 1, "replicas": 3, "updatedReplicas": 3, "readyReplicas": 3, "availableReplicas": 3,
        "terminatingReplicas": 0,
    }  # fmt: skip
    assert [(each["type"], each["status"], each["reason"]) for each in conditions] == [
        ("Available", "True", "MinimumReplicasAvailable"), ("Progressing", "True", "NewReplicaSetAvailable"),
    ]  # fmt: skip
    assert condition(client)[1] == f'ReplicaSet "{name}" has successfully progressed.'
    assert found(client)["metadata"]["annotations"] == {view.REVISION: "1"}
    assert messages(client) == [f"Scaled up replica set {name} from 0 to 3"]


async def test_it_is_rolled_out_and_back() -> None:
    client = FakeClient(deployment(3))
    async with running(client, make):
        await clock_of(client).advance(5)
        for image, revision in (("demo:2", "2"), ("demo:1", "3")):
            await change(client, template=template(image))
            await clock_of(client).advance(10)
            assert {each: size for each, size in sizes(client).items() if size} == {image: 3}
            assert found(client)["metadata"]["annotations"][view.REVISION] == revision
            assert {image_of(each) for each in client.all(PODS)} == {image} and len(client.all(PODS)) == 3
    first = next(each for each in client.all(SETS) if image_of(each) == "demo:1")
    assert first["metadata"]["annotations"][view.REVISION_HISTORY] == "1" and len(client.all(SETS)) == 2
    assert any(each.startswith("Scaled down replica set") and each.endswith("from 1 to 0") for each in messages(client))


async def test_a_rollout_that_does_not_get_on_keeps_the_old_pods_and_says_so_in_time() -> None:
    client = FakeClient(deployment(4, progressDeadlineSeconds=60))
    async with running(client, stuck):
        await clock_of(client).advance(5)
        await change(client, template=template("demo:2"))
        await clock_of(client).advance(50)
        assert sizes(client) == {"demo:1": 3, "demo:2": 2} and condition(client)[0] == "ReplicaSetUpdated"
        await clock_of(client).advance(20)
        assert condition(client)[0] == "ProgressDeadlineExceeded" and condition(client, "Available")[0] == (
            "MinimumReplicasAvailable"
        )
        await change(client, template=template("demo:1"))
        await clock_of(client).advance(20)
        assert sizes(client) == {"demo:1": 4, "demo:2": 0} and condition(client)[0] == "NewReplicaSetAvailable"


async def test_a_pause_holds_the_rollout_but_not_the_size() -> None:
    client = FakeClient(deployment(3))
    async with running(client, make):
        await clock_of(client).advance(5)
        await change(client, template=template("demo:2"), paused=True)
        await clock_of(client).advance(5)
        assert sizes(client) == {"demo:1": 3} and condition(client) == ("DeploymentPaused", "Deployment is paused")
        await change(client, replicas=5)
        await clock_of(client).advance(5)
        assert sizes(client) == {"demo:1": 5} and len(client.all(PODS)) == 5
        await change(client, paused=False)
        await clock_of(client).advance(20)
        assert sizes(client) == {"demo:1": 0, "demo:2": 5} and condition(client)[0] == "NewReplicaSetAvailable"


async def test_a_recreation_begins_when_the_last_old_pod_has_gone() -> None:
    client = FakeClient(recreating(3))
    await after(client, make)
    held = client.all(PODS)[0]
    client.put({**held, "metadata": {**held["metadata"], "finalizers": ["example.com/hold"]}})
    async with running(client, make):
        await change(client, template=template("demo:2"))
        await clock_of(client).advance(30)
        assert sizes(client) == {"demo:1": 0} and len(client.all(PODS)) == 1
        last = client.all(PODS)[0]
        await client.update(PODS, {**last, "metadata": {**last["metadata"], "finalizers": []}}, "default")
        await settle()
        await clock_of(client).advance(30)
        assert sizes(client) == {"demo:1": 0, "demo:2": 3} and len(client.all(PODS)) == 3


async def test_a_name_that_is_taken_is_passed_over() -> None:
    taken = workload("ReplicaSet", f"web-{template_hash(template())}", replicas=0, template=template("other:1"))
    taken["spec"]["selector"] = {"matchLabels": {"app": "other"}}
    client = FakeClient(deployment(2), taken)
    await after(client, make)
    assert sizes(client) == {"other:1": 0, "demo:1": 2} and found(client)["status"]["collisionCount"] == 1
    assert f"web-{template_hash(template(), 1)}" in [each["metadata"]["name"] for each in client.all(SETS)]


async def test_a_set_that_cannot_be_made_is_said_until_it_can() -> None:
    client = FakeClient(deployment(2))

    def refused(call: Call) -> StatusError | None:
        is_set = call.verb == "create" and call.resource.resource == "replicasets"
        return forbidden(call.resource, call.name, "exceeded quota: sets") if is_set else None

    client.fault = refused
    async with running(client, make):
        await clock_of(client).advance(2)
        reason, message = condition(client)
        assert reason == "ReplicaSetCreateError" and message.endswith("is forbidden: exceeded quota: sets")
        assert set(messages(client, "ReplicaSetCreateError")) == {message}
        client.fault = lambda call: None
        await clock_of(client).advance(60)
        assert condition(client)[0] == "NewReplicaSetAvailable"


async def test_in_a_namespace_that_ends_it_says_nothing() -> None:
    client = FakeClient(deployment(2), obj("Namespace", "default", "", spec={"finalizers": ["kubernetes"]}))
    await client.delete(SPACES, "default")
    await after(client, make, 5)
    assert client.all(SETS) == client.all(EVENTS) == []


async def test_one_that_is_being_deleted_is_left_alone() -> None:
    held = deployment(2)
    held["metadata"]["finalizers"] = ["foregroundDeletion"]
    client = FakeClient(held)
    await after(client, make)
    await change(client, template=template("demo:2"))
    await client.delete(DEPLOYMENTS, "web", "default")
    await after(client, make)
    assert sizes(client) == {"demo:1": 2} and found(client)["status"]["observedGeneration"] == 3
    mine = found(client)
    await client.update(DEPLOYMENTS, {**mine, "metadata": {**mine["metadata"], "finalizers": []}}, "default")
    await after(client, make)
    assert client.all(DEPLOYMENTS) == []


async def test_it_adopts_a_set_of_its_template() -> None:
    stray = workload("ReplicaSet", "stray", replicas=2)
    stray["metadata"]["labels"] = LABELS
    client = FakeClient(deployment(2), stray)
    await after(client, make)
    (only,) = client.all(SETS)
    assert only["metadata"]["ownerReferences"][0]["uid"] == "uid-web"


async def test_with_an_old_view_it_never_has_more_pods_than_it_may() -> None:
    client = LateClient(deployment(4, surge=1, unavailable=0), seconds=0.2)
    async with running(client, make):
        await clock_of(client).advance(30)
        await change(client, template=template("demo:2"))
        for _ in range(300):
            await clock_of(client).advance(0.5)
            assert sum(sizes(client).values()) <= 5
        assert sizes(client) == {"demo:1": 0, "demo:2": 4}


@pytest.mark.parametrize("writes", [1, 2, 3, 5])
async def test_it_may_end_after_any_write(writes: int) -> None:
    client = FakeClient(deployment(3, revisionHistoryLimit=0))
    await after_crashes(client, make, writes)
    await change(client, template=template("demo:2"))
    assert await after_crashes(client, make, writes) > 1
    assert sizes(client) == {"demo:2": 3} and len(client.all(PODS)) == 3
    assert condition(client)[0] == "NewReplicaSetAvailable"
    assert found(client)["metadata"]["annotations"][view.REVISION] == "2"
