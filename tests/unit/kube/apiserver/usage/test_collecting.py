"""Nodes are asked, and what they say can be read."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from tests.unit.kube.apiserver.connecting.test_forwarding import fake_node
from tests.unit.node.api.clients import get
from tests.unit.node.api.rig import NODE, NODES, Rig, node_object
from wherry.kube.apiserver.usage import collecting
from wherry.kube.client.model import PatchType
from wherry.kube.machinery.model import GroupVersionResource

GROUP = "/apis/metrics.k8s.io/v1beta1"
METRICS = GroupVersionResource("metrics.k8s.io", "v1beta1", "pods")


async def listed(rig: Rig, path: str) -> list[Any]:
    code, said = await get(rig, GROUP + path, api=True)
    assert code == 200
    found: list[Any] = json.loads(said)["items"]
    return found


def said_by_a_node(second: int, cpu: int, *pods: tuple[str, str]) -> bytes:
    when, start = f"2026-01-02T03:04:{second:02}Z", "2026-01-02T01:00:00Z"

    def used(amount: int) -> dict[str, Any]:
        return {"cpu": {"time": when, "usageCoreNanoSeconds": amount}, "memory": {"workingSetBytes": 1 << 20}}

    shown = [
        {"podRef": {"name": name, "namespace": "default", "uid": uid},
         "containers": [{"name": "c", "startTime": start, **used(cpu)}]}
        for name, uid in pods
    ]  # fmt: skip
    body = json.dumps({"node": {"nodeName": NODE, **used(cpu)}, "pods": shown}).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


async def test_after_two_rounds_there_are_figures(joined: Rig) -> None:
    uid = joined.pods.all["default", "p"].uid
    async with fake_node(joined) as node:
        node.says = said_by_a_node(10, 0, ("p", uid))
        await joined.collector.round()
        assert await listed(joined, "/nodes") == [] == await listed(joined, "/pods")
        node.says = said_by_a_node(20, 5 * 10**9, ("p", uid))
        await joined.collector.round()
        (shown,) = await listed(joined, "/nodes")
        assert (shown["metadata"]["name"], shown["usage"]) == (NODE, {"cpu": "500m", "memory": "1Mi"})
        (shown,) = await listed(joined, "/namespaces/default/pods")
        assert shown["containers"] == [{"name": "c", "usage": {"cpu": "500m", "memory": "1Mi"}}]
        assert shown["window"] == "10s"
        code, said = await get(joined, f"{GROUP}/namespaces/default/pods/p", api=True)
        assert code == 200 and json.loads(said)["metadata"]["name"] == "p"
        assert (await get(joined, f"{GROUP}/namespaces/default/pods/q", api=True))[0] == 404
        assert node.asked[0].startswith(b"GET /stats/summary?only_cpu_and_memory=true HTTP/1.1\r\n")


async def test_selectors_choose_by_the_pods_labels(joined: Rig) -> None:
    client = joined.server.client()
    pods = GroupVersionResource("", "v1", "pods")
    await client.patch(pods, "p", {"metadata": {"labels": {"app": "web"}}}, "default", type=PatchType.MERGE)
    await joined.pod("q")
    for _ in range(2):
        await joined.collector.round()
        await asyncio.sleep(1.05)
    assert len(await listed(joined, "/pods")) == 2
    (only,) = await listed(joined, "/pods?labelSelector=app%3Dweb")
    assert only["metadata"]["labels"] == {"app": "web"}
    found = await client.list(METRICS, "default", labels="app=web")
    assert [each["metadata"]["name"] for each in found.items] == ["p"]


async def test_a_node_speaks_for_its_own_pods_only(joined: Rig) -> None:
    await joined.pod("elsewhere", node="n2")
    other = joined.pods.all["default", "elsewhere"].uid
    async with fake_node(joined) as node:
        for second in (10, 20):
            node.says = said_by_a_node(second, second, ("p", "another uid"), ("elsewhere", other), ("ghost", "x"))
            await joined.collector.round()
        assert await listed(joined, "/pods") == [] and len(await listed(joined, "/nodes")) == 1


async def test_what_is_gone_is_not_shown_any_more(joined: Rig) -> None:
    uid = joined.pods.all["default", "p"].uid
    async with fake_node(joined) as node:
        for second in (10, 20):
            node.says = said_by_a_node(second, second, ("p", uid))
            await joined.collector.round()
        assert len(await listed(joined, "/pods")) == 1
        node.says = said_by_a_node(30, 30)
        await joined.collector.round()
        assert await listed(joined, "/pods") == []
        await joined.server.client().delete(NODES, NODE)
        await joined.collector.round()
        assert await listed(joined, "/nodes") == []


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 302 x\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nnot json!",
        b'HTTP/1.1 200 OK\r\n\r\n{"node":{"cpu":{"time":"yesterday"},"memory":{}}}',
        b"nonsense\r\n\r\n",
    ],
)
async def test_a_node_that_makes_no_sense_is_left_alone_for_a_while(joined: Rig, answer: bytes) -> None:
    async with fake_node(joined) as node:
        for second in (10, 20):
            node.says = said_by_a_node(second, second)
            await joined.collector.round()
        node.says = answer
        if b"yesterday" in answer:

            async def leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                return

            node.talk = leave
        await joined.collector.round()
        assert await listed(joined, "/nodes") == []
        asked = len(node.asked)
        await joined.collector.round()
        assert len(node.asked) == asked
        node.talk, node.says = None, said_by_a_node(30, 30)
        await joined.collector.round()
        assert len(node.asked) == asked + 1 and len(await listed(joined, "/nodes")) == 1


async def test_a_node_without_an_api_is_not_asked(joined: Rig) -> None:
    await joined.server.client().create(NODES, node_object("simulated", "192.0.2.1", 0))
    await joined.collector.round()
    assert set(joined.collector._known) == {NODE}


async def test_a_node_is_looked_at_when_it_has_changed(joined: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []

    def look(node: dict[str, Any], has_api: Callable[[dict[str, Any]], bool] = collecting._has_api) -> bool:
        looked.append(node["metadata"]["name"])
        return has_api(node)

    monkeypatch.setattr(collecting, "_has_api", look)
    client = joined.server.client()
    await client.create(NODES, node_object("simulated", "192.0.2.1", 0))
    for _ in range(3):
        await joined.collector.round()
    assert sorted(looked) == sorted([NODE, "simulated"])
    await client.patch(NODES, "simulated", {"metadata": {"labels": {"x": "y"}}}, type=PatchType.MERGE)
    await joined.collector.round()
    assert looked[2:] == ["simulated"]
    assert set(joined.collector._known) == {NODE}
    for name in ("simulated", NODE):
        await client.delete(NODES, name)
    await joined.collector.round()
    assert not joined.collector._known and not joined.collector._looked_at


async def test_a_node_that_is_silent_does_not_hold_up_the_others(joined: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "_ANSWER_SECONDS", 0.2)

    async def sit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    silent = await asyncio.start_server(sit, "127.0.0.1", 0)
    own = joined.connector._nodes._own
    known = {**own.nodes, "silent": ("127.0.0.1", silent.sockets[0].getsockname()[1])}
    joined.connector._nodes._own = replace(own, nodes=known)
    await joined.server.client().create(NODES, node_object("silent", "192.0.2.1", 10250))
    await joined.collector.round()
    assert (joined.collector._known["silent"].missed, joined.collector._known[NODE].missed) == (1, 0)
    silent.close()


async def test_it_goes_on_by_itself(joined: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "_SOON_SECONDS", 1.1)
    running = asyncio.create_task(joined.collector.run())
    for _ in range(3000):
        if await listed(joined, "/nodes"):
            break
        await asyncio.sleep(0.02)
    running.cancel()
    assert len(await listed(joined, "/nodes")) == 1
