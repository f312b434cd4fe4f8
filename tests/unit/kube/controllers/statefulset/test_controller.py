import pytest

from tests.unit.kube.controllers.harness import PODS, after, after_crashes, clock_of, running
from tests.unit.kube.controllers.statefulset.sets import stateful, with_claims
from tests.unit.kube.controllers.workloads import Kubelet, LateClient, pod, template
from wherry.kube.client.fake import FakeClient
from wherry.kube.controllers.frame import Controller, Needs, Runnable
from wherry.kube.controllers.history.control import REVISIONS
from wherry.kube.controllers.statefulset.control import CLAIMS, SETS
from wherry.kube.controllers.statefulset.controller import StatefulSetController
from wherry.kube.machinery.model import Object


def make(needs: Needs) -> list[Runnable]:
    return [Controller(StatefulSetController(needs), needs.clock), Kubelet(needs)]


def found(client: FakeClient) -> Object:
    mine = client.find(SETS, "db", "default")
    assert mine is not None
    return mine


def images(client: FakeClient) -> dict[str, str]:
    return {each["metadata"]["name"]: each["spec"]["containers"][0]["image"] for each in client.all(PODS)}


async def change(client: FakeClient, **spec: object) -> None:
    mine = found(client)
    await client.update(SETS, {**mine, "spec": {**mine["spec"], **spec}}, "default")


async def test_it_comes_up_in_order_with_its_claims() -> None:
    client = FakeClient(with_claims(stateful()))
    await after(client, make)
    assert sorted(images(client)) == ["db-0", "db-1", "db-2"]
    assert [each["metadata"]["name"] for each in client.all(CLAIMS)] == ["data-db-0", "data-db-1", "data-db-2"]
    made = [each.name for each in client.calls if each.verb == "create" and each.resource.resource == "pods"]
    assert made == ["db-0", "db-1", "db-2"]
    (revision,) = client.all(REVISIONS)
    name = revision["metadata"]["name"]
    assert found(client)["status"] == {
        "observedGeneration": 1, "replicas": 3, "readyReplicas": 3, "availableReplicas": 3, "currentReplicas": 3,
        "updatedReplicas": 3, "currentRevision": name, "updateRevision": name, "collisionCount": 0,
    }  # fmt: skip


@pytest.mark.parametrize("parallel", [False, True])
async def test_it_is_updated_and_rolled_back(parallel: bool) -> None:
    client = FakeClient(stateful(3, parallel=parallel, revisionHistoryLimit=1))
    async with running(client, make):
        await clock_of(client).advance(5)
        for image in ("demo:2", "demo:3", "demo:2"):
            await change(client, template=template(image))
            await clock_of(client).advance(20)
            assert set(images(client).values()) == {image} and len(images(client)) == 3
    numbers = sorted(each["revision"] for each in client.all(REVISIONS))
    assert numbers == [3, 4]
    status = found(client)["status"]
    assert status["currentRevision"] == status["updateRevision"] and status["updatedReplicas"] == 3


async def test_a_canary() -> None:
    client = FakeClient(stateful(3, rolling={"partition": 2}))
    async with running(client, make):
        await clock_of(client).advance(5)
        await change(client, template=template("demo:2"))
        await clock_of(client).advance(20)
        assert list(images(client).values()) == ["demo:1", "demo:1", "demo:2"]
        await client.delete(PODS, "db-0", "default")
        await clock_of(client).advance(20)
        assert list(images(client).values()) == ["demo:1", "demo:1", "demo:2"]
        status = found(client)["status"]
        assert (status["currentReplicas"], status["updatedReplicas"]) == (2, 1)
        assert status["currentRevision"] != status["updateRevision"]


async def test_it_is_scaled_and_keeps_its_claims() -> None:
    client = FakeClient(with_claims(stateful()))
    async with running(client, make):
        await clock_of(client).advance(5)
        await change(client, replicas=1)
        await clock_of(client).advance(10)
        assert sorted(images(client)) == ["db-0"] and len(client.all(CLAIMS)) == 3
        await change(client, replicas=2, ordinals={"start": 1})
        await clock_of(client).advance(10)
        assert sorted(images(client)) == ["db-1", "db-2"]


async def test_claims_go_with_pods_that_are_too_many_when_the_policy_says_so() -> None:
    client = FakeClient(with_claims(stateful(2), scaled="Delete"))
    async with running(client, make):
        await clock_of(client).advance(5)
        await change(client, replicas=1)
        await clock_of(client).advance(10)
        owners = {each["metadata"]["name"]: each["metadata"].get("ownerReferences") for each in client.all(CLAIMS)}
        assert not owners["data-db-0"] and owners["data-db-1"][0]["name"] == "db-1"
        await change(client, replicas=2)
        await clock_of(client).advance(10)
        assert sorted(images(client)) == ["db-0"], "its claim is about to go"
        await client.delete(CLAIMS, "data-db-1", "default")
        await clock_of(client).advance(10)
        assert sorted(images(client)) == ["db-0", "db-1"]


async def test_it_adopts_pods_of_its_names_alone() -> None:
    client = FakeClient(stateful(1), pod("db-0"), pod("web-0"))
    await after(client, make)
    owners = {each["metadata"]["name"]: each["metadata"].get("ownerReferences") for each in client.all(PODS)}
    assert owners["db-0"][0]["kind"] == "StatefulSet" and not owners["web-0"]


async def test_one_that_is_being_deleted_is_counted_and_left_alone() -> None:
    held = stateful(1)
    held["metadata"]["finalizers"] = ["foregroundDeletion"]
    client = FakeClient(held)
    await after(client, make)
    await client.delete(SETS, "db", "default")
    await client.delete(PODS, "db-0", "default", options={"gracePeriodSeconds": 0})
    await after(client, make)
    assert client.all(PODS) == [] and found(client)["status"]["replicas"] == 0
    mine = found(client)
    await client.update(SETS, {**mine, "metadata": {**mine["metadata"], "finalizers": []}}, "default")
    await after(client, make)


async def test_it_looks_again_when_a_pod_has_been_ready_for_long_enough() -> None:
    client = FakeClient(stateful(2, minReadySeconds=30))
    async with running(client, make):
        await clock_of(client).advance(29)
        assert len(images(client)) == 1
        await clock_of(client).advance(3)
        assert len(images(client)) == 2
        await clock_of(client).advance(31)
        assert found(client)["status"]["availableReplicas"] == 2


async def test_with_an_old_view_it_replaces_one_at_a_time() -> None:
    client = LateClient(stateful(3), seconds=0.2)
    async with running(client, make):
        await clock_of(client).advance(30)
        await change(client, template=template("demo:2"))
        for _ in range(200):
            await clock_of(client).advance(0.5)
            living = [each for each in client.all(PODS) if "deletionTimestamp" not in each["metadata"]]
            assert len(living) >= 2
        assert set(images(client).values()) == {"demo:2"}


@pytest.mark.parametrize("writes", [1, 2, 3, 5])
@pytest.mark.parametrize("parallel", [False, True])
async def test_it_may_end_after_any_write(parallel: bool, writes: int) -> None:
    client = FakeClient(with_claims(stateful(3, parallel=parallel, revisionHistoryLimit=0), deleted="Delete"))
    await after_crashes(client, make, writes)
    await change(client, template=template("demo:2"))
    assert await after_crashes(client, make, writes) > 1
    assert images(client) == {f"db-{n}": "demo:2" for n in range(3)} and len(client.all(CLAIMS)) == 3
    assert len(client.all(REVISIONS)) == 1 and found(client)["status"]["updatedReplicas"] == 3
