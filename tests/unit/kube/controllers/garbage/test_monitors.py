import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from tests.unit.kube.controllers.harness import EVENTS, MAPS, NODES, THINGS, obj, served
from wherry.kube.client.clock import settle
from wherry.kube.client.fake import FakeClient
from wherry.kube.controllers.garbage.graph import Graph
from wherry.kube.controllers.garbage.monitors import Monitors
from wherry.kube.machinery.model import GroupKind, Object

MAP, EVENT = served(MAPS, "ConfigMap"), served(EVENTS, "Event")
THING = served(THINGS, "Thing")
READ_ONLY = served(NODES, "Node", False, frozenset({"list", "watch"}))
OWNER = {"apiVersion": "example.com/v1", "kind": "Thing", "name": "t", "uid": "uid-t"}


def owned(kind: str, name: str, namespace: str = "default") -> Object:
    return obj(kind, name, namespace, metadata={"ownerReferences": [OWNER]})


@contextlib.asynccontextmanager
async def monitoring(client: FakeClient) -> AsyncIterator[tuple[Monitors, Graph, list[str]]]:
    graph, suspects = Graph(), list[str]()
    async with asyncio.TaskGroup() as group:
        monitors = Monitors(client, client.clock, group, graph, suspects.append)
        yield monitors, graph, suspects
        monitors.update([])


async def test_what_can_be_deleted_is_watched_and_nothing_else() -> None:
    client = FakeClient(owned("ConfigMap", "a"), obj("ConfigMap", "b"), owned("Event", "e"), owned("Node", "n", ""))
    async with monitoring(client) as (monitors, graph, suspects):
        monitors.update([MAP, EVENT, READ_ONLY])
        await settle()
        assert monitors.is_synced and len(graph) == 1 and suspects == ["uid-a"]
        assert monitors.type_of(GroupKind("", "Node")) == READ_ONLY, "it may still own"
        assert monitors.hears_of(MAP) and not monitors.hears_of(READ_ONLY)


async def test_kinds_come_and_go() -> None:
    thing = obj("Thing", "t", api="example.com/v1", metadata={"finalizers": ["x"]})
    client = FakeClient(thing, owned("ConfigMap", "a"))
    async with monitoring(client) as (monitors, graph, suspects):
        monitors.update([MAP])
        await settle()
        assert suspects == ["uid-a"]
        monitors.update([MAP, THING])
        assert not monitors.is_synced
        await client.delete(THINGS, "t", "default")
        await settle()
        assert monitors.is_synced and len(graph) == 2
        monitors.update([MAP])
        assert suspects == ["uid-a", "uid-a"], "its owner is known no longer"
        client.put({**thing, "metadata": {**thing["metadata"], "labels": {"a": "b"}}})
        await settle()
        assert len(graph) == 1 and monitors.type_of(GroupKind("example.com", "Thing")) is None


async def test_what_cannot_be_taken_in_harms_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    client = FakeClient()
    async with monitoring(client) as (monitors, graph, _):
        monitors.update([MAP])
        await settle()
        client.put(obj("ConfigMap", "odd", metadata={"ownerReferences": ["odd"]}), owned("ConfigMap", "a"))
        await settle()
        assert len(graph) == 1 and "cannot take in configmaps" in caplog.text
