import pytest

from tests.unit.kube.controllers.harness import (
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
from tests.unit.kube.controllers.workloads import Kubelet, LateClient, pod, reference, until, workload
from wherry.kube.client.clock import settle
from wherry.kube.client.fake import Call, FakeClient
from wherry.kube.controllers.frame import Controller, Needs, Runnable
from wherry.kube.controllers.replicaset.controller import ReplicaSetController
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.status import StatusError, forbidden


def make(needs: Needs) -> list[Runnable]:
    return [Controller(ReplicaSetController(needs), needs.clock), Kubelet(needs)]


def alone(needs: Needs) -> list[Runnable]:
    return [Controller(ReplicaSetController(needs), needs.clock)]


def live(client: FakeClient) -> list[Object]:
    return [each for each in client.all(PODS) if "deletionTimestamp" not in each["metadata"]]


def status(client: FakeClient, name: str = "web") -> Object:
    found = client.find(SETS, name, "default")
    assert found is not None
    return found["status"]  # type: ignore[no-any-return]


def changed(client: FakeClient, **spec: object) -> Object:
    found = client.find(SETS, "web", "default")
    assert found is not None
    return {**found, "spec": {**found["spec"], **spec}}


async def test_it_makes_its_pods_and_says_how_they_are() -> None:
    client = FakeClient(workload("ReplicaSet"))
    await after(client, make)
    pods = client.all(PODS)
    assert len(pods) == 3 and all(each["metadata"]["name"].startswith("web-") for each in pods)
    assert pods[0]["metadata"]["ownerReferences"] == [reference(workload("ReplicaSet"))]
    assert status(client) == {
        "replicas": 3, "fullyLabeledReplicas": 3, "readyReplicas": 3, "availableReplicas": 3, "observedGeneration": 1,
        "terminatingReplicas": 0,
    }  # fmt: skip
    assert sorted(each["reason"] for each in client.all(EVENTS)) == ["SuccessfulCreate"] * 3


async def test_a_pod_that_is_lost_is_replaced_and_one_that_failed_as_well() -> None:
    client = FakeClient(workload("ReplicaSet"))
    async with running(client, make):
        first, second, _ = client.all(PODS)
        await client.delete(PODS, first["metadata"]["name"], "default", options={"gracePeriodSeconds": 0})
        await until(lambda: len(live(client)) == 3)
        failed = client.find(PODS, second["metadata"]["name"], "default") or {}
        client.put({**failed, "status": {"phase": "Failed"}})
        await until(lambda: len(live(client)) == 4)
        await settle()
        assert status(client)["replicas"] == 3


async def test_it_is_scaled_down_by_rank_and_counts_those_that_end() -> None:
    client = FakeClient(workload("ReplicaSet"))
    await after(client, make)
    unready = client.all(PODS)[1]
    client.put({**unready, "status": {"phase": "Running"}})
    async with running(client, alone):
        await client.update(SETS, changed(client, replicas=2), "default")
        await settle()
        gone = [each for each in client.all(PODS) if "deletionTimestamp" in each["metadata"]]
        assert [each["metadata"]["name"] for each in gone] == [unready["metadata"]["name"]]
        assert (status(client)["replicas"], status(client)["terminatingReplicas"]) == (2, 1)


async def test_pods_on_crowded_nodes_of_the_same_deployment_go_first() -> None:
    deployment = workload("Deployment", "d")
    sets = [workload("ReplicaSet", name, replicas=count) for name, count in (("web", 1), ("old", 1))]
    for each in sets:
        each["metadata"]["ownerReferences"] = [reference(deployment)]
    pods = [pod("a", sets[0], node="n1"), pod("b", sets[0], node="n2"), pod("c", sets[1], node="n2")]
    client = FakeClient(*sets, *pods)
    await after(client, alone)
    assert ["deletionTimestamp" in each["metadata"] for each in client.all(PODS)] == [False, True, False]


async def test_it_never_makes_too_many_though_its_view_is_old() -> None:
    """It is poked again and again before its informers have told it of the pods that it made."""
    client = LateClient(workload("ReplicaSet", replicas=20), seconds=0.3)
    async with running(client, alone):
        for number in range(40):
            found = client.find(SETS, "web", "default") or {}
            meta = {**found["metadata"], "labels": {"turn": str(number)}}
            await client.update(SETS, {**found, "metadata": meta}, "default")
            await clock_of(client).advance(0.5)
            assert len(client.all(PODS)) <= 20
        assert len(client.all(PODS)) == 20
        await client.update(SETS, changed(client, replicas=5), "default")
        await clock_of(client).advance(20)
        assert len(live(client)) == 5


async def test_it_is_available_after_min_ready_seconds_though_nothing_happens() -> None:
    client = FakeClient(workload("ReplicaSet", minReadySeconds=30))
    async with running(client, make):
        await clock_of(client).advance(29)
        assert (status(client)["readyReplicas"], status(client).get("availableReplicas")) == (3, None)
        await clock_of(client).advance(2)
        assert status(client)["availableReplicas"] == 3


async def test_a_large_set_is_not_looked_at_for_each_of_its_pods() -> None:
    client = FakeClient(workload("ReplicaSet", replicas=200))
    async with running(client, make):
        await clock_of(client).advance(5)
        assert status(client)["readyReplicas"] == 200
        told = sum(call.subresource == "status" and call.resource.resource == "replicasets" for call in client.calls)
        assert told < 20
        await client.update(SETS, changed(client, replicas=60), "default")  # what is wanted of it is looked at at once
        await settle()
        assert len(live(client)) == 60
        await clock_of(client).advance(5)
        assert status(client)["replicas"] == 60


async def test_it_adopts_and_releases() -> None:
    mine = workload("ReplicaSet", replicas=2)
    client = FakeClient(mine, pod("stray"), pod("lost", mine, labels={"app": "other"}))
    await after(client, make)
    owners = {each["metadata"]["name"]: each["metadata"].get("ownerReferences") for each in client.all(PODS)}
    assert not owners.pop("lost") and owners["stray"] == [reference(mine)] and len(owners) == 2


async def test_what_stands_in_the_way_is_in_the_status_until_it_is_gone() -> None:
    client = FakeClient(workload("ReplicaSet"))

    def quota(call: Call) -> StatusError | None:
        is_pod = call.verb == "create" and call.resource.resource == "pods"
        return forbidden(call.resource, "web-1", "exceeded quota: small") if is_pod else None

    client.fault = quota
    async with running(client, make):
        await clock_of(client).advance(1)
        (condition,) = status(client)["conditions"]
        assert (condition["type"], condition["status"], condition["reason"]) == (
            "ReplicaFailure", "True", "FailedCreate",
        )  # fmt: skip
        assert condition["message"] == 'pods "web-1" is forbidden: exceeded quota: small'
        client.fault = lambda call: None
        await clock_of(client).advance(60)
        assert "conditions" not in status(client) and status(client)["readyReplicas"] == 3


async def test_what_cannot_be_deleted_is_in_the_status() -> None:
    mine = workload("ReplicaSet", replicas=0)
    client = FakeClient(mine, pod("a", mine))
    client.fault = lambda call: forbidden(call.resource, "a", "no") if call.verb == "delete" else None
    await after(client, alone, 2)
    (condition,) = status(client)["conditions"]
    assert condition["reason"] == "FailedDelete"
    assert condition["message"] == 'unable to delete pods: pods "a" is forbidden: no'


async def test_a_set_that_is_being_deleted_makes_nothing() -> None:
    held = workload("ReplicaSet")
    held["metadata"]["finalizers"] = ["foregroundDeletion"]
    client = FakeClient(held)
    await client.delete(SETS, "web", "default")
    await after(client, make)
    assert client.all(PODS) == []
    meta = {**changed(client)["metadata"], "finalizers": []}
    await client.update(SETS, {**changed(client), "metadata": meta}, "default")
    await after(client, make)
    assert client.all(SETS) == []


async def test_in_a_namespace_that_ends_it_makes_nothing_and_complains_of_nothing() -> None:
    client = FakeClient(workload("ReplicaSet"), obj("Namespace", "default", "", spec={"finalizers": ["kubernetes"]}))
    await client.delete(SPACES, "default")
    await after(client, make, 5)
    assert client.all(PODS) == client.all(EVENTS) == [] and "conditions" not in status(client)


@pytest.mark.parametrize("writes", [1, 2, 3])
async def test_it_may_end_after_any_write(writes: int) -> None:
    mine = workload("ReplicaSet", replicas=4)
    client = FakeClient(
        mine, pod("stray"), pod("lost", mine, labels={"app": "other"}), pod("failed", mine, phase="Failed")
    )
    assert await after_crashes(client, make, writes) > 0
    assert status(client)["availableReplicas"] == 4
    owned = [each for each in live(client) if each["metadata"].get("ownerReferences")]
    assert len(owned) == 5
