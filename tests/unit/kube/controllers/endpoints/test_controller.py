"""Slices and Endpoints follow pods and services."""

from typing import Any

from tests.unit.kube.controllers.harness import clock_of, names, obj, running
from wherry.kube.client.fake import FakeClient
from wherry.kube.controllers.endpoints.controller import ENDPOINTS, PODS, SERVICES, SLICES, EndpointsController
from wherry.kube.controllers.frame import Controller, Needs
from wherry.kube.machinery.model import Object


def make(needs: Needs) -> list[Controller]:
    return [Controller(EndpointsController(needs), needs.clock)]


def service(**spec: Any) -> Object:
    found: Object = obj("Service", "web", "default", spec={"selector": {"app": "web"}, "ports": [{"port": 80}], **spec})
    return found


def pod(name: str, address: str, label: str = "web") -> Object:
    conditions = [{"type": "Ready", "status": "True"}]
    status = {"phase": "Running", "podIP": address, "conditions": conditions}
    found: Object = obj("Pod", name, "default", spec={"containers": [{"name": "c"}]}, status=status)
    found["metadata"]["labels"] = {"app": label}
    return found


def told(client: FakeClient) -> list[str]:
    return sorted(each["addresses"][0] for found in client.all(SLICES) for each in found["endpoints"])


async def test_pods_that_come_and_go_are_told() -> None:
    client = FakeClient(service(), pod("a", "10.0.0.1"), pod("other", "10.0.0.9", "db"))
    async with running(client, make):
        await clock_of(client).advance(1)
        assert told(client) == ["10.0.0.1"]
        await client.create(PODS, pod("b", "10.0.0.2"), "default")
        await clock_of(client).advance(1)
        assert told(client) == ["10.0.0.1", "10.0.0.2"]
        await client.delete(PODS, "a", "default")
        await clock_of(client).advance(1)
    assert told(client) == ["10.0.0.2"]
    assert len(names(client, SLICES)) == 1
    found = client.find(ENDPOINTS, "web", "default")
    assert found and [each["ip"] for each in found["subsets"][0]["addresses"]] == ["10.0.0.2"]


async def test_many_pods_at_one_moment_make_no_slice_too_many() -> None:
    client = FakeClient(service())
    async with running(client, make):
        for number in range(30):
            await client.create(PODS, pod(f"p{number}", f"10.0.0.{number + 1}"), "default")
        await clock_of(client).advance(2)
    assert len(told(client)) == 30 and len(names(client, SLICES)) == 1


async def test_among_many_pods_not_each_is_looked_at_by_itself() -> None:
    client = FakeClient(service(), *(pod(f"db{number}", "10.1.0.1", "db") for number in range(2000)))
    async with running(client, make):
        await clock_of(client).advance(1)
        for number in range(40):
            await client.create(PODS, pod(f"p{number}", f"10.0.0.{number + 1}"), "default")
            await clock_of(client).advance(0.01)
        await clock_of(client).advance(1)
    assert len(told(client)) == 40
    writes = [call for call in client.calls if call.resource == SLICES.group_resource]
    assert len(writes) <= 10  # one each tenth of a second


async def test_what_is_left_of_a_service_that_came_and_went_is_cleared_away() -> None:
    ours, theirs = (obj("Endpoints", name, "default", subsets=[]) for name in ("web", "db"))
    ours["metadata"]["labels"] = {"endpoints.kubernetes.io/managed-by": "endpoint-controller"}
    client = FakeClient(theirs, service())
    async with running(client, make):
        await clock_of(client).advance(1)
        await client.delete(SERVICES, "web", "default")
        if client.find(ENDPOINTS, "web", "default"):
            await client.delete(ENDPOINTS, "web", "default")  # as the server does
        await client.create(ENDPOINTS, ours, "default")
        await clock_of(client).advance(1)
    assert [each["metadata"]["name"] for each in client.all(ENDPOINTS)] == ["db"]


async def test_a_service_without_a_selector_is_its_author_s() -> None:
    client = FakeClient(service(selector=None), pod("a", "10.0.0.1"))
    async with running(client, make):
        await clock_of(client).advance(1)
    assert names(client, SLICES) == [] and names(client, ENDPOINTS) == []


async def test_another_selector_chooses_others() -> None:
    client = FakeClient(service(), pod("a", "10.0.0.1"), pod("d", "10.0.0.9", "db"))
    async with running(client, make):
        await clock_of(client).advance(1)
        changed = client.find(SERVICES, "web", "default")
        assert changed
        changed["spec"]["selector"] = {"app": "db"}
        await client.update(SERVICES, changed, "default")
        await clock_of(client).advance(1)
    assert told(client) == ["10.0.0.9"]


async def test_who_wants_to_stay_near_has_hints() -> None:
    client = FakeClient(service(trafficDistribution="PreferSameNode"), pod("a", "10.0.0.1"))
    node = obj("Node", "n", "", metadata={"labels": {"topology.kubernetes.io/zone": "z"}})
    placed = pod("b", "10.0.0.2")
    placed["spec"]["nodeName"] = "n"
    client.put(node, placed)
    async with running(client, make):
        await clock_of(client).advance(1)
        (found,) = client.all(SLICES)
    assert [each.get("hints") for each in found["endpoints"]] == [
        None, {"forZones": [{"name": "z"}], "forNodes": [{"name": "n"}]},
    ]  # fmt: skip
