"""Requests of thousands of agents, in their lanes."""

import asyncio

from tests.unit.node.pods.rig import pod
from wherry.kube.client.clock import FakeClock
from wherry.kube.client.fake import FakeClient
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.node.pods.machine.nodes import NODES
from wherry.node.pods.view import PODS
from wherry.node.simulation.lanes import Lanes


class Slow(FakeClient):
    """Answers when it is let; counts what is under way."""

    def __init__(self) -> None:
        super().__init__(clock=FakeClock())
        self.gate = asyncio.Event()
        self.under_way: dict[str, int] = {}
        self.most: dict[str, int] = {}

    async def get(
        self, resource: GroupVersionResource, name: str, namespace: str = "", subresource: str = ""
    ) -> Object:
        kind = resource.resource
        self.under_way[kind] = self.under_way.get(kind, 0) + 1
        self.most[kind] = max(self.most.get(kind, 0), self.under_way[kind])
        await self.gate.wait()
        self.under_way[kind] -= 1
        return await super().get(resource, name, namespace, subresource)


def node(name: str) -> Object:
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}}


async def test_no_more_than_so_many_and_pods_do_not_hold_up_nodes() -> None:
    client = Slow()
    client.put(pod("p"), node("n"))
    lanes = Lanes(client, pods=3, others=2)
    asked = [asyncio.ensure_future(lanes.get(PODS, "p", "default")) for _ in range(10)]
    asked += [asyncio.ensure_future(lanes.get(NODES, "n")) for _ in range(5)]
    for _ in range(20):
        await asyncio.sleep(0)
    assert client.under_way == {"pods": 3, "nodes": 2}
    client.gate.set()
    found = await asyncio.gather(*asked)
    assert len(found) == 15
    assert client.most == {"pods": 3, "nodes": 2}


async def test_what_is_asked_is_what_the_other_is_asked() -> None:
    client = FakeClient(clock=FakeClock())
    lanes = Lanes(client)
    made = await lanes.create(NODES, node("n"))
    assert (await lanes.get(NODES, "n")) == made
    await lanes.update(NODES, {**made, "spec": {"unschedulable": True}})
    await lanes.patch(NODES, "n", {"metadata": {"labels": {"a": "b"}}})
    (found,) = (await lanes.list(NODES, labels="a=b")).items
    assert found["spec"] == {"unschedulable": True}
    async with lanes.watch(NODES, resource_version=made["metadata"]["resourceVersion"]) as changes:
        await lanes.delete(NODES, "n")
        assert [(await anext(changes)).type for _ in range(3)] == ["MODIFIED", "MODIFIED", "DELETED"]
    assert not (await lanes.list(NODES)).items
