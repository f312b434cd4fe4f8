"""Services of type LoadBalancer have the addresses of nodes that can serve them."""

from typing import Any

from tests.unit.kube.controllers.harness import EVENTS, clock_of, obj, running
from wherry.kube.client.fake import FakeClient
from wherry.kube.controllers.frame import Controller, Key, Needs
from wherry.kube.controllers.loadbalancer import EXCLUDED, NODES, SERVICES, SLICES, LoadBalancers, waiting


def make(needs: Needs) -> list[Controller]:
    return [Controller(LoadBalancers(needs), needs.clock)]


def node(name: str, address: str, is_ready: bool = True, **meta: Any) -> dict[str, Any]:
    conditions = [{"type": "Ready", "status": str(is_ready)}]
    addresses = [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": name}]
    found = obj("Node", name, "", status={"conditions": conditions, "addresses": addresses})
    found["metadata"].update(meta)
    return found


def service(name: str = "web", **spec: Any) -> dict[str, Any]:
    return obj("Service", name, "default", spec={"type": "LoadBalancer", "ports": [{"port": 80}], **spec})


async def addresses(client: FakeClient, name: str = "web") -> list[str]:
    found = await client.get(SERVICES, name, "default")
    ingress = ((found.get("status") or {}).get("loadBalancer") or {}).get("ingress") or []
    return [each["ip"] for each in ingress]


async def test_it_has_those_of_ready_nodes_that_are_not_left_out() -> None:
    left_out = node("c", "10.0.0.3", labels={EXCLUDED: ""})
    client = FakeClient(node("b", "10.0.0.2"), node("a", "10.0.0.1"), node("d", "10.0.0.4", False), left_out, service())
    async with running(client, make):
        await clock_of(client).advance(1)
        assert await addresses(client) == ["10.0.0.1", "10.0.0.2"]
        await client.delete(NODES, "a")
        await clock_of(client).advance(1)
        assert await addresses(client) == ["10.0.0.2"]


async def test_local_traffic_goes_to_nodes_with_an_endpoint() -> None:
    client = FakeClient(
        node("a", "10.0.0.1"), node("b", "10.0.0.2"), service(externalTrafficPolicy="Local"),
    )  # fmt: skip
    async with running(client, make):
        await clock_of(client).advance(1)
        assert await addresses(client) == []
        endpoints = [{"nodeName": "b", "addresses": ["172.18.0.2"], "conditions": {"ready": True}}]
        endpoints += [{"nodeName": "a", "addresses": ["172.18.0.3"], "conditions": {"ready": False}}]
        slice_ = obj("EndpointSlice", "web-1", "default", endpoints=endpoints, addressType="IPv4")
        slice_["metadata"]["labels"] = {"kubernetes.io/service-name": "web"}
        await client.create(SLICES, slice_, "default")
        await clock_of(client).advance(1)
        assert await addresses(client) == ["10.0.0.2"]


async def test_what_is_of_another_class_or_type_is_left_alone_and_what_was_ours_is_taken_back() -> None:
    client = FakeClient(node("a", "10.0.0.1"), service("other", loadBalancerClass="example.com/lb"), service())
    async with running(client, make):
        await clock_of(client).advance(1)
        assert await addresses(client, "other") == []
        assert await addresses(client) == ["10.0.0.1"]
        await client.patch(SERVICES, "web", {"spec": {"type": "ClusterIP"}}, "default")
        await clock_of(client).advance(1)
        assert await addresses(client) == []


def _made(name: str, at: str, **spec: Any) -> dict[str, Any]:
    found = service(name, **spec)
    found["metadata"]["creationTimestamp"] = f"2026-01-01T00:00:{at}Z"
    return found


def test_the_older_has_the_port_and_who_waits_is_in_nobodys_way() -> None:
    both = [{"port": 80}, {"port": 443}]
    names = [Key("default", name) for name in ("old", "both", "late")]
    services = [_made("late", "03", ports=[{"port": 443}]), _made("both", "02", ports=both), _made("old", "01")]
    assert waiting(services) == {names[1]: names[0]}
    assert waiting(services[:2]) == {names[2]: names[1]}
    services[0]["status"] = {"loadBalancer": {"ingress": [{"ip": "10.0.0.1"}]}}
    assert waiting(services[:2]) == {names[1]: names[2]}, "who has it keeps it"
    assert waiting([_made("udp", "01", ports=[{"port": 80, "protocol": "UDP"}]), _made("tcp", "02")]) == {}


async def test_who_wants_a_port_that_another_has_waits_for_it_and_is_told() -> None:
    old, new = _made("old", "01"), _made("new", "02")
    client = FakeClient(node("a", "10.0.0.1"), old, new)
    async with running(client, make):
        await clock_of(client).advance(1)
        assert (await addresses(client, "old"), await addresses(client, "new")) == (["10.0.0.1"], [])
        await client.patch(SERVICES, "new", {"metadata": {"labels": {"looked": "again"}}}, "default")
        await clock_of(client).advance(1)
        [event] = (await client.list(EVENTS, "default")).items
        assert event["count"] == 1
        assert (event["reason"], event["involvedObject"]["name"]) == ("SyncLoadBalancerFailed", "new")
        assert "default/old has a port" in event["message"]
        await client.delete(SERVICES, "old", "default")
        await clock_of(client).advance(1)
        assert await addresses(client, "new") == ["10.0.0.1"]
