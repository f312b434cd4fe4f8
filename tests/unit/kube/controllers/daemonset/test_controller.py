from collections.abc import Callable

import pytest

from tests.unit.kube.controllers.daemonset.daemons import daemon, node, taint
from tests.unit.kube.controllers.harness import EVENTS, NODES, PODS, Make, after, after_crashes, clock_of, running
from tests.unit.kube.controllers.workloads import Kubelet, LateClient, pod, template
from wherry.kube.client.clock import settle
from wherry.kube.client.fake import Call, FakeClient
from wherry.kube.controllers.daemonset.controller import DAEMON_SETS, DaemonSetController
from wherry.kube.controllers.daemonset.making import node_of
from wherry.kube.controllers.frame import Controller, Needs, Runnable
from wherry.kube.controllers.history.control import REVISIONS
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.status import StatusError, forbidden

ABC = [node(name) for name in ("a", "b", "c")]


class Agents(Kubelet):
    """Runs pods where they are meant to run."""

    async def _look(self, found: Object) -> None:
        if not found["spec"].get("nodeName") and "deletionTimestamp" not in found["metadata"]:
            bound = {**found, "spec": {**found["spec"], "nodeName": node_of(found)}}
            await self._client.update(PODS, bound, found["metadata"]["namespace"])
        else:
            await super()._look(found)


def making(fate: Callable[[Object], str] = lambda pod: "Running") -> Make:
    def make(needs: Needs) -> list[Runnable]:
        return [Controller(DaemonSetController(needs), needs.clock), Agents(needs, fate)]

    return make


MAKE = making()


def found(client: FakeClient) -> Object:
    mine = client.find(DAEMON_SETS, "agent", "default")
    assert mine is not None
    return mine


def where(client: FakeClient) -> list[str]:
    return sorted(node_of(each) for each in client.all(PODS))


def images(client: FakeClient) -> set[str]:
    return {each["spec"]["containers"][0]["image"] for each in client.all(PODS)}


async def change(client: FakeClient, **spec: object) -> None:
    mine = found(client)
    await client.update(DAEMON_SETS, {**mine, "spec": {**mine["spec"], **spec}}, "default")


async def test_each_node_has_one() -> None:
    client = FakeClient(daemon(), *ABC)
    await after(client, MAKE)
    assert where(client) == ["a", "b", "c"]
    assert found(client)["status"] == {
        "currentNumberScheduled": 3, "numberMisscheduled": 0, "desiredNumberScheduled": 3, "numberReady": 3,
        "updatedNumberScheduled": 3, "numberAvailable": 3, "observedGeneration": 1,
    }  # fmt: skip


async def test_nodes_come_go_and_change() -> None:
    client = FakeClient(daemon(), *ABC)
    async with running(client, MAKE):
        await client.create(NODES, node("d"))
        await settle(300)
        assert where(client) == ["a", "b", "c", "d"]
        client.put(node("d", taint("x", "NoExecute")), node("c", taint("x")))
        await settle(300)
        assert where(client) == ["a", "b", "c"] and found(client)["status"]["desiredNumberScheduled"] == 2
        assert found(client)["status"]["numberMisscheduled"] == 1
        await client.delete(NODES, "b")
        await settle(300)
        assert found(client)["status"]["desiredNumberScheduled"] == 1
        writes = len(client.calls)
        client.put({**node("a"), "status": {"heartbeat": 1}})
        await settle(300)
        assert len(client.calls) == writes


async def test_a_node_without_an_agent_keeps_nothing_that_was_meant_for_it() -> None:
    client = FakeClient(daemon(), *ABC)
    async with running(client, making(lambda pod: "Pending")):
        pass
    async with running(client, lambda needs: [Controller(DaemonSetController(needs), needs.clock)]):
        await clock_of(client).advance(5)
        for each in client.all(PODS):
            client.put({**each, "spec": {**each["spec"], "nodeName": ""}})
        await client.delete(NODES, "b")
        await clock_of(client).advance(5)
        assert where(client) == ["a", "c"]


@pytest.mark.parametrize(("surge", "unavailable"), [(0, 1), (1, 0), (0, "100%")])
async def test_it_is_updated_and_back(surge: int, unavailable: int | str) -> None:
    client = FakeClient(daemon(surge=surge, unavailable=unavailable), *ABC)
    async with running(client, MAKE):
        await clock_of(client).advance(5)
        for image in ("demo:2", "demo:1"):
            await change(client, template=template(image))
            await clock_of(client).advance(20)
            assert images(client) == {image} and where(client) == ["a", "b", "c"]
    assert sorted(each["revision"] for each in client.all(REVISIONS)) == [2, 3]
    assert found(client)["status"]["updatedNumberScheduled"] == 3


async def test_on_delete_waits_for_somebody_to_delete() -> None:
    client = FakeClient(daemon(updateStrategy={"type": "OnDelete"}), *ABC)
    async with running(client, MAKE):
        await change(client, template=template("demo:2"))
        await clock_of(client).advance(20)
        assert images(client) == {"demo:1"}
        await client.delete(PODS, client.all(PODS)[0]["metadata"]["name"], "default")
        await clock_of(client).advance(20)
        assert images(client) == {"demo:1", "demo:2"} and found(client)["status"]["updatedNumberScheduled"] == 1


async def test_pods_that_keep_failing_are_made_ever_less_often() -> None:
    client = FakeClient(daemon(), node("a"))
    async with running(client, making(lambda pod: "Failed")):
        await clock_of(client).advance(60)
    made = [each for each in client.calls if each.verb == "create" and each.resource.resource == "pods"]
    assert 5 <= len(made) <= 8
    messages = [each["message"] for each in client.all(EVENTS) if each["reason"] == "FailedDaemonPod"]
    assert messages[0].startswith("Found failed daemon pod default/agent-")
    assert messages[0].endswith(" on node a, will try to kill it")


async def test_pods_that_have_succeeded_are_made_anew() -> None:
    client = FakeClient(daemon(), node("a"))
    async with running(client, making()):
        first = client.all(PODS)[0]
        client.put({**first, "status": {"phase": "Succeeded"}})
        await clock_of(client).advance(5)
        assert client.all(PODS)[0]["metadata"]["uid"] != first["metadata"]["uid"]
        assert "SucceededDaemonPod" in [each["reason"] for each in client.all(EVENTS)]


async def test_it_adopts_pods_and_history_has_an_end() -> None:
    client = FakeClient(daemon(revisionHistoryLimit=1), node("a"), pod("stray", node="a", labels={"app": "web"}))
    async with running(client, MAKE):
        for image in ("demo:2", "demo:3", "demo:4"):
            await change(client, template=template(image))
            await clock_of(client).advance(10)
        assert images(client) == {"demo:4"} and len(client.all(REVISIONS)) == 2


async def test_what_cannot_be_made_is_tried_again() -> None:
    client = FakeClient(daemon(), *ABC)

    def quota(call: Call) -> StatusError | None:
        refused = call.verb == "create" and call.resource.resource == "pods"
        return forbidden(call.resource, "x", "quota") if refused else None

    client.fault = quota
    async with running(client, MAKE):
        await clock_of(client).advance(2)
        assert found(client)["status"]["numberUnavailable"] == 3
        client.fault = lambda call: None
        await clock_of(client).advance(60)
        assert where(client) == ["a", "b", "c"]


async def test_one_that_is_being_deleted_is_left_alone() -> None:
    held = daemon()
    held["metadata"]["finalizers"] = ["foregroundDeletion"]
    client = FakeClient(held, *ABC)
    await client.delete(DAEMON_SETS, "agent", "default")
    await after(client, MAKE)
    assert client.all(PODS) == []
    await client.update(DAEMON_SETS, {**held, "metadata": {**held["metadata"], "finalizers": []}}, "default")
    await after(client, MAKE)


async def test_it_looks_again_when_a_pod_has_been_ready_for_long_enough() -> None:
    client = FakeClient(daemon(minReadySeconds=20), *ABC)
    async with running(client, MAKE):
        await clock_of(client).advance(10)
        assert "numberAvailable" not in found(client)["status"]
        await clock_of(client).advance(11)
        assert found(client)["status"]["numberAvailable"] == 3


async def test_with_an_old_view_no_node_has_two() -> None:
    client = LateClient(daemon(), *ABC, seconds=0.2)
    async with running(client, MAKE):
        await clock_of(client).advance(20)
        await change(client, template=template("demo:2"))
        for _ in range(100):
            await clock_of(client).advance(0.5)
            assert len(set(where(client))) == len(where(client)) >= 2
        assert images(client) == {"demo:2"}


@pytest.mark.parametrize("writes", [1, 2, 3, 5])
@pytest.mark.parametrize("surge", [0, 1])
async def test_it_may_end_after_any_write(surge: int, writes: int) -> None:
    client = FakeClient(daemon(surge=surge, unavailable=1 - surge, revisionHistoryLimit=0), *ABC)
    await after_crashes(client, MAKE, writes)
    await change(client, template=template("demo:2"))
    assert await after_crashes(client, MAKE, writes) > 1
    assert images(client) == {"demo:2"} and where(client) == ["a", "b", "c"] and len(client.all(REVISIONS)) == 1
