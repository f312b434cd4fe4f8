"""Requests of thousands of agents, in their lanes."""

from tests.unit.node.pods.rig import pod
from wherry.kube.client.clock import FakeClock
from wherry.kube.client.fake import FakeClient
from wherry.kube.machinery.model import Object
from wherry.node.pods.machine.nodes import NODES
from wherry.node.pods.view import PODS
from wherry.node.simulation.lanes import Lanes


def node(name: str) -> Object:
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}}


async def test_what_is_about_pods_goes_another_way_than_the_rest() -> None:
    ours, pods = FakeClient(clock=FakeClock()), FakeClient(clock=FakeClock())
    lanes = Lanes(ours, pods)
    await lanes.create(NODES, node("n"))
    await lanes.create(PODS, pod("p"), "default")
    assert [call.resource for call in ours.calls] == [NODES.group_resource]
    assert [call.resource for call in pods.calls] == [PODS.group_resource]
    assert (await lanes.get(PODS, "p", "default"))["metadata"]["name"] == "p"
    assert len((await lanes.list(PODS)).items) == len((await lanes.list(NODES)).items) == 1


async def test_what_is_asked_is_what_the_other_is_asked() -> None:
    client = FakeClient(clock=FakeClock())
    lanes = Lanes(client, FakeClient(clock=FakeClock()))
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
