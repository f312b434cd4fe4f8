"""Slices follow Endpoints that somebody writes."""

from typing import Any

from tests.unit.kube.controllers.harness import EVENTS, after_crashes, clock_of, names, obj, running, state
from wherry.kube.client.fake import FakeClient
from wherry.kube.controllers.endpoints.controller import ENDPOINTS, SERVICES, SLICES
from wherry.kube.controllers.endpoints.mirroring import EndpointsMirroring
from wherry.kube.controllers.frame import Controller, Needs
from wherry.kube.machinery.model import Object


def make(needs: Needs) -> list[Controller]:
    return [Controller(EndpointsMirroring(needs), needs.clock)]


def service(**spec: Any) -> Object:
    return obj("Service", "db", spec={"ports": [{"port": 5432}], **spec})


def endpoints(*addresses: str) -> Object:
    subset = {"addresses": [{"ip": each} for each in addresses], "ports": [{"port": 5432, "protocol": "TCP"}]}
    return obj("Endpoints", "db", subsets=[subset] if addresses else [])


def told(client: FakeClient) -> list[str]:
    return sorted(each["addresses"][0] for found in client.all(SLICES) for each in found["endpoints"])


async def test_slices_follow_endpoints() -> None:
    client = FakeClient(service(), endpoints("10.9.0.1"))
    async with running(client, make):
        await clock_of(client).advance(1)
        assert told(client) == ["10.9.0.1"]
        changed = client.find(ENDPOINTS, "db", "default")
        assert changed
        changed["subsets"][0]["addresses"].append({"ip": "10.9.0.2"})
        await client.update(ENDPOINTS, changed, "default")
        await clock_of(client).advance(1)
        assert told(client) == ["10.9.0.1", "10.9.0.2"] and len(names(client, SLICES)) == 1
        await client.delete(ENDPOINTS, "db", "default")
        await clock_of(client).advance(1)
    assert names(client, SLICES) == []


async def test_they_may_be_written_before_the_service() -> None:
    client = FakeClient(endpoints("10.9.0.1"))
    async with running(client, make):
        await clock_of(client).advance(1)
        assert told(client) == []
        await client.create(SERVICES, service(), "default")
        await clock_of(client).advance(1)
        assert told(client) == ["10.9.0.1"]
        changed = client.find(SERVICES, "db", "default")
        assert changed
        changed["spec"]["selector"] = {"app": "db"}
        await client.update(SERVICES, changed, "default")
        await clock_of(client).advance(1)
    assert names(client, SLICES) == []


async def test_who_deletes_a_slice_gets_another() -> None:
    client = FakeClient(service(), endpoints("10.9.0.1"))
    async with running(client, make):
        await clock_of(client).advance(1)
        (name,) = names(client, SLICES)
        await client.delete(SLICES, name, "default")
        await clock_of(client).advance(1)
    assert told(client) == ["10.9.0.1"]


async def test_what_is_left_out_is_said_once() -> None:
    client = FakeClient(service(), endpoints("10.9.0.1", "nonsense"))
    async with running(client, make):
        await clock_of(client).advance(1)
        changed = client.find(ENDPOINTS, "db", "default")
        assert changed
        changed["subsets"][0]["addresses"].append({"ip": "10.9.0.2"})
        await client.update(ENDPOINTS, changed, "default")
        await clock_of(client).advance(1)
    (event,) = client.all(EVENTS)
    assert event["message"] == "Skipped 1 invalid IP addresses when mirroring to EndpointSlices"


async def test_a_crash_after_every_write_changes_nothing_in_the_end() -> None:
    calm = FakeClient(service(), endpoints("10.9.0.1", "fd00::1"))
    async with running(calm, make):
        await clock_of(calm).advance(10)
    crashing = FakeClient(service(), endpoints("10.9.0.1", "fd00::1"))
    assert await after_crashes(crashing, make, 1, 10) > 0
    assert told(crashing) == told(calm) and len(state(crashing)) == len(state(calm))
