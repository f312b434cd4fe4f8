"""Nodes are looked at when they change, and when their time is up."""

from tests.unit.kube.controllers.harness import EVENTS, clock_of, obj, running
from wherry.kube.client.fake import FakeClient
from wherry.kube.controllers.frame import Controller, Needs
from wherry.kube.controllers.nodelifecycle.controller import LEASE_NAMESPACE, LEASES, NODES, PODS, NodeLifecycle
from wherry.kube.machinery.model import Object


def make(needs: Needs) -> list[Controller]:
    return [Controller(NodeLifecycle(needs), needs.clock)]


def node(name: str, ready: str = "True", **spec: object) -> Object:
    condition = {"type": "Ready", "status": ready, "lastHeartbeatTime": "2026-01-01T00:00:00Z"}
    found: Object = obj("Node", name, "", spec=spec, status={"conditions": [condition]})
    return found


def lease(name: str, at: str) -> Object:
    found: Object = obj("Lease", name, LEASE_NAMESPACE, spec={"renewTime": at})
    found["apiVersion"] = "coordination.k8s.io/v1"
    return found


def pod(node_name: str) -> Object:
    status = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    found: Object = obj("Pod", "p", "default", spec={"nodeName": node_name, "containers": []}, status=status)
    return found


def taints(client: FakeClient, name: str) -> set[str]:
    found = client.find(NODES, name, "")
    assert found
    return {f"{each['key']}:{each['effect']}" for each in found["spec"].get("taints") or ()}


async def test_a_node_that_becomes_ready_may_be_given_pods() -> None:
    taint = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}
    client = FakeClient(node("a", taints=[taint]), lease("a", "1"))
    async with running(client, make):
        await clock_of(client).advance(1)
    assert taints(client, "a") == set()


async def test_a_silent_node_is_unreachable_and_its_pods_are_not_ready() -> None:
    client = FakeClient(node("a"), lease("a", "1"), node("b"), lease("b", "1"), pod("a"))
    async with running(client, make):
        for second in range(12):
            await clock_of(client).advance(10)
            renewed = client.find(LEASES, "b", LEASE_NAMESPACE)
            assert renewed
            renewed["spec"]["renewTime"] = str(second)
            await client.update(LEASES, renewed, LEASE_NAMESPACE)
        await clock_of(client).advance(1)
    assert taints(client, "a") == {
        "node.kubernetes.io/unreachable:NoSchedule",
        "node.kubernetes.io/unreachable:NoExecute",
    }
    assert taints(client, "b") == set()
    found = client.find(PODS, "p", "default")
    assert found and found["status"]["conditions"][0]["status"] == "False"


async def test_a_new_node_is_greeted_once_and_an_old_one_not_at_all() -> None:
    old = node("old")
    old["metadata"]["creationTimestamp"] = "2025-12-31T23:00:00Z"
    client = FakeClient(old, node("a"), lease("a", "1"))
    async with running(client, make):
        await clock_of(client).advance(1)
        await client.create(NODES, node("b"))
        await clock_of(client).advance(5)
        greeted = [each for each in client.all(EVENTS) if each["reason"] == "RegisteredNode"]
    assert sorted(each["message"] for each in greeted) == [
        f"Node {name} event: Registered Node {name} in Controller" for name in "ab"
    ]
    about = greeted[0]["involvedObject"]
    assert about["kind"] == "Node"
    assert about["uid"] != about["name"]
    assert {each["source"]["component"] for each in greeted} == {"node-controller"}


async def _after(seconds: float, *objects: Object) -> FakeClient:
    """With a node ``b`` that is well, so that others may lose their pods."""
    client = FakeClient(*objects, node("b"), lease("b", "0"))
    async with running(client, make):
        for second in range(int(seconds / 10)):
            await clock_of(client).advance(10)
            renewed = client.find(LEASES, "b", LEASE_NAMESPACE)
            assert renewed
            renewed["spec"]["renewTime"] = str(second)
            await client.update(LEASES, renewed, LEASE_NAMESPACE)
        await clock_of(client).advance(1)
    return client


def _ready(client: FakeClient) -> str:
    found = client.find(PODS, "p", "default")
    assert found
    return str(found["status"]["conditions"][0]["status"])


async def test_a_node_that_says_it_is_not_ready_speaks_for_its_pods() -> None:
    """A kubelet that is not ready goes on telling of its pods: two who write against each other help nobody."""
    client = await _after(30, node("a", "False"), lease("a", "1"), pod("a"))
    assert "node.kubernetes.io/not-ready:NoExecute" in taints(client, "a")
    assert _ready(client) == "True"


async def test_a_node_that_never_spoke_has_longer_and_its_pods_are_left_alone() -> None:
    never = obj("Node", "a", "", spec={}, status={})
    assert taints(await _after(50, never, pod("a")), "a") == {"node.kubernetes.io/not-ready:NoSchedule"}
    client = await _after(120, never, pod("a"))
    assert taints(client, "a") == {
        "node.kubernetes.io/unreachable:NoSchedule",
        "node.kubernetes.io/unreachable:NoExecute",
    }
    found = client.find(NODES, "a", "")
    assert found and {each["reason"] for each in found["status"]["conditions"]} == {"NodeStatusNeverUpdated"}
    assert _ready(client) == "True"


async def test_a_node_may_be_silent_for_as_long_as_its_lease_is_good() -> None:
    long = lease("a", "1")
    long["spec"]["leaseDurationSeconds"] = 200
    assert taints(await _after(190, node("a"), long, pod("a")), "a") == set()
    assert "node.kubernetes.io/unreachable:NoExecute" in taints(await _after(220, node("a"), long, pod("a")), "a")


async def test_when_all_are_silent_nobody_loses_pods() -> None:
    client = FakeClient(node("a"), lease("a", "1"), node("b"), lease("b", "1"))
    async with running(client, make):
        await clock_of(client).advance(120)
        await clock_of(client).advance(1)
    for name in "ab":
        assert taints(client, name) == {"node.kubernetes.io/unreachable:NoSchedule"}


def _in_zone(name: str, zone: str) -> Object:
    found = node(name)
    found["metadata"]["labels"] = {"topology.kubernetes.io/zone": zone}
    return found


async def test_a_zone_that_is_gone_as_a_whole_is_left_node_by_node() -> None:
    lost = "node.kubernetes.io/unreachable:NoExecute"
    client = await _after(50, *(_in_zone(name, "z") for name in "acd"))
    assert sum(lost in taints(client, name) for name in "acd") == 1
    client = await _after(90, *(_in_zone(name, "z") for name in "acd"))
    assert sum(lost in taints(client, name) for name in "acd") == 3


async def test_of_a_small_zone_that_is_mostly_ill_nobody_is_left_and_who_was_stays_so() -> None:
    lost = "node.kubernetes.io/unreachable:NoExecute"
    was = {"key": "node.kubernetes.io/unreachable", "effect": "NoExecute", "timeAdded": "2026-01-01T00:00:00Z"}
    client = await _after(120, *(node(name) for name in "acd"), node("e", "Unknown", taints=[was]))
    assert [name for name in "acde" if lost in taints(client, name)] == ["e"]


async def test_who_renews_is_never_silent() -> None:
    client = FakeClient(node("a"), lease("a", "0"))
    async with running(client, make):
        for second in range(30):
            await clock_of(client).advance(10)
            renewed = client.find(LEASES, "a", LEASE_NAMESPACE)
            assert renewed
            renewed["spec"]["renewTime"] = str(second)
            await client.update(LEASES, renewed, LEASE_NAMESPACE)
    assert taints(client, "a") == set()
