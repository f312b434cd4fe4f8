from tests.unit.kube.controllers.harness import EVENTS, MAPS, NODES, THINGS, obj, served
from wherry.kube.client.clock import settle
from wherry.kube.client.fake import FakeClient
from wherry.kube.client.informers import Informers
from wherry.kube.controllers.garbage.graph import Graph
from wherry.kube.controllers.garbage.monitors import Monitors
from wherry.kube.machinery.model import GroupKind

MAP, EVENT = served(MAPS, "ConfigMap"), served(EVENTS, "Event")
THING = served(THINGS, "Thing")
READ_ONLY = served(NODES, "Node", False, frozenset({"list", "watch"}))


async def test_what_can_be_deleted_is_watched_and_nothing_else() -> None:
    client = FakeClient(obj("ConfigMap", "a"), obj("Event", "e"), obj("Node", "n", ""))
    graph, suspects = Graph(), list[str]()
    async with Informers(client, client.clock) as informers:
        monitors = Monitors(informers, graph, suspects.append)
        monitors.update([MAP, EVENT, READ_ONLY])
        await settle()
        assert monitors.is_synced and len(graph) == 1 and suspects == []
        assert monitors.type_of(GroupKind("", "Node")) == READ_ONLY, "it may still own"
        monitors.close()


async def test_kinds_come_and_go() -> None:
    owner = {"apiVersion": "example.com/v1", "kind": "Thing", "name": "t", "uid": "uid-t"}
    thing = obj("Thing", "t", api="example.com/v1")
    client = FakeClient(thing, obj("ConfigMap", "a", metadata={"ownerReferences": [owner]}))
    graph, suspects = Graph(), list[str]()
    async with Informers(client, client.clock) as informers:
        monitors = Monitors(informers, graph, suspects.append)
        monitors.update([MAP])
        await settle()
        assert suspects == ["uid-a"]
        monitors.update([MAP, THING])
        assert not monitors.is_synced
        await settle()
        assert monitors.is_synced and len(graph) == 2
        monitors.update([MAP])
        client.put({**thing, "metadata": {**thing["metadata"], "labels": {"a": "b"}}})
        await settle()
        assert len(graph) == 1 and monitors.type_of(GroupKind("example.com", "Thing")) is None
