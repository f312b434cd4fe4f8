"""Further networks of services."""

from typing import Any

from tests.unit.kube.controllers.harness import clock_of, obj, running
from wherry.kube.client.fake import FakeClient
from wherry.kube.controllers.frame import Controller, Needs
from wherry.kube.controllers.servicecidrs import ADDRESSES, FINALIZER, NETWORKS, ServiceCidrs
from wherry.kube.machinery.model import Object

API = "networking.k8s.io/v1"


def make(needs: Needs) -> list[Controller]:
    return [Controller(ServiceCidrs(needs), needs.clock)]


def network(name: str, *cidrs: str) -> Object:
    found: Object = obj("ServiceCIDR", name, "", API, spec={"cidrs": list(cidrs)})
    return found


def address(ip: str) -> Object:
    found: Object = obj("IPAddress", ip, "", API, spec={})
    return found


def ready(client: FakeClient, name: str) -> tuple[str, str]:
    found: dict[str, Any] = client.find(NETWORKS, name, "") or {}
    (condition,) = found["status"]["conditions"]
    return condition["status"], condition["reason"]


async def test_one_is_ready_once_it_was_looked_at() -> None:
    client = FakeClient(network("more", "10.9.0.0/28"))
    async with running(client, make):
        await clock_of(client).advance(1)
        found = client.find(NETWORKS, "more", "")
    assert found and found["metadata"]["finalizers"] == [FINALIZER]
    assert ready(client, "more") == ("True", "")


async def test_one_stays_while_a_service_has_an_address_of_it_alone() -> None:
    client = FakeClient(network("more", "10.9.0.0/28", "fd00::/120"), address("fd00::5"), address("10.96.0.1"))
    async with running(client, make):
        await clock_of(client).advance(1)
        await client.delete(NETWORKS, "more")
        await clock_of(client).advance(60)
        assert ready(client, "more") == ("False", "Terminating")
        await client.delete(ADDRESSES, "fd00::5")
        await clock_of(client).advance(1)
        assert client.find(NETWORKS, "more", "") is not None  # somebody may be about to give another
        await clock_of(client).advance(60)
        assert client.find(NETWORKS, "more", "") is None


async def test_one_may_go_when_another_has_its_addresses() -> None:
    client = FakeClient(network("more", "10.9.0.0/28"), address("10.9.0.5"))
    async with running(client, make):
        await clock_of(client).advance(1)
        await client.delete(NETWORKS, "more")
        await clock_of(client).advance(20)
        assert client.find(NETWORKS, "more", "") is not None
        await client.create(NETWORKS, network("wider", "10.9.0.0/16"))
        await clock_of(client).advance(60)
    assert client.find(NETWORKS, "more", "") is None
    assert ready(client, "wider") == ("True", "")
