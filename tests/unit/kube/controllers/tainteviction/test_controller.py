"""Pods leave nodes whose taints they do not tolerate."""

from typing import Any

from tests.unit.kube.controllers.harness import clock_of, obj, running
from wherry.kube.client.fake import FakeClient
from wherry.kube.controllers.frame import Controller, Needs
from wherry.kube.controllers.tainteviction.controller import NODES, PODS, TaintEviction
from wherry.kube.machinery.model import Object

TAINT = {"key": "k", "effect": "NoExecute"}


def make(needs: Needs) -> list[Controller]:
    return [Controller(TaintEviction(needs), needs.clock)]


def pod(name: str, *tolerations: Any) -> Object:
    spec = {"nodeName": "n", "containers": [], "tolerations": list(tolerations)}
    found: Object = obj("Pod", name, "default", spec=spec, status={"phase": "Running"})
    return found


def staying(client: FakeClient) -> list[str]:
    """Those that are not being deleted."""
    return sorted(each["metadata"]["name"] for each in client.all(PODS) if "deletionTimestamp" not in each["metadata"])


async def test_pods_go_when_their_node_is_tainted() -> None:
    client = FakeClient(obj("Node", "n", "", spec={}), pod("goes"), pod("stays", {"operator": "Exists"}))
    async with running(client, make):
        await clock_of(client).advance(1)
        assert staying(client) == ["goes", "stays"]
        await client.patch(NODES, "n", {"spec": {"taints": [TAINT]}})
        await clock_of(client).advance(1)
    assert staying(client) == ["stays"]


async def test_a_toleration_runs_out() -> None:
    client = FakeClient(obj("Node", "n", "", spec={}), pod("p", {"operator": "Exists", "tolerationSeconds": 60}))
    async with running(client, make):
        added = clock_of(client).now().strftime("%Y-%m-%dT%H:%M:%SZ")
        await client.patch(NODES, "n", {"spec": {"taints": [{**TAINT, "timeAdded": added}]}})
        await clock_of(client).advance(50)
        assert staying(client) == ["p"]
        await clock_of(client).advance(20)
    assert staying(client) == []


async def test_a_toleration_of_a_taint_without_a_time_runs_out() -> None:
    """``kubectl taint`` says none."""
    tolerating = {"operator": "Exists", "tolerationSeconds": 60}
    client = FakeClient(obj("Node", "n", "", spec={}), pod("p", tolerating), pod("q", {**tolerating, "key": "k"}))
    async with running(client, make):
        await client.patch(NODES, "n", {"spec": {"taints": [TAINT]}})
        await clock_of(client).advance(30)
        await client.patch(NODES, "n", {"metadata": {"labels": {"some": "change"}}})
        await clock_of(client).advance(25)
        assert staying(client) == ["p", "q"]
        await clock_of(client).advance(10)
    assert staying(client) == []


async def test_a_taint_that_goes_in_time_ends_nobody() -> None:
    client = FakeClient(obj("Node", "n", "", spec={}), pod("p", {"operator": "Exists", "tolerationSeconds": 60}))
    async with running(client, make):
        added = clock_of(client).now().strftime("%Y-%m-%dT%H:%M:%SZ")
        await client.patch(NODES, "n", {"spec": {"taints": [{**TAINT, "timeAdded": added}]}})
        await clock_of(client).advance(30)
        await client.patch(NODES, "n", {"spec": {"taints": None}})
        await clock_of(client).advance(100)
    assert staying(client) == ["p"]
