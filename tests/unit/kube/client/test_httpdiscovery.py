import asyncio
from pathlib import Path

from tests.unit.kube.client.serving import serving
from wherry.kube.client.clock import FakeClock, SystemClock
from wherry.kube.client.httpdiscovery import EVERY_SECONDS, HttpDiscovery, types_of
from wherry.kube.machinery.model import GroupResource, GroupVersionResource


async def test_the_real_server_says_what_it_serves(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        found = {
            each.resource.group_resource: each for each in await HttpDiscovery(served.client, SystemClock()).resources()
        }
    pods, nodes = found[GroupResource("", "pods")], found[GroupResource("", "nodes")]
    assert pods.namespaced and pods.kind == "Pod" and {"list", "watch", "delete"} <= pods.verbs
    assert not nodes.namespaced and found[GroupResource("apps", "deployments")].resource.version == "v1"
    assert GroupResource("events.k8s.io", "events") not in found


DOCUMENT = {
    "items": [
        {
            "metadata": {"name": "example.com"},
            "versions": [
                {"version": "v2", "resources": [
                    {"resource": "things", "scope": "Namespaced", "verbs": ["list"], "responseKind": {"kind": "Thing"}},
                ]},
                {"version": "v1", "resources": [
                    {"resource": "things", "scope": "Namespaced", "verbs": ["list"], "responseKind": {"kind": "Thing"}},
                    {"resource": "olds", "scope": "Cluster", "verbs": [], "responseKind": {"kind": "Old"}},
                ]},
            ],
        }
    ]
}  # fmt: skip


def test_each_resource_comes_once_in_the_version_its_group_prefers() -> None:
    found = list(types_of(DOCUMENT))
    assert [each.resource for each in found] == [
        GroupVersionResource("example.com", "v2", "things"), GroupVersionResource("example.com", "v1", "olds"),
    ]  # fmt: skip
    assert not found[1].namespaced and list(types_of({})) == []


async def test_a_change_is_told_when_it_is_seen() -> None:
    clock, answers, told = FakeClock(), [DOCUMENT], list[int]()

    class Client:
        async def ask(self, asked: object) -> object:
            await asyncio.sleep(0)
            return answers[-1] if "apis" in asked.path else {}  # type: ignore[attr-defined]

    discovery = HttpDiscovery(Client(), clock)  # type: ignore[arg-type]
    discovery.subscribe(lambda: told.append(1))
    task = asyncio.ensure_future(discovery.run())
    await clock.advance(3 * EVERY_SECONDS)
    assert told == []
    answers.append({"items": []})
    await clock.advance(3 * EVERY_SECONDS)
    assert told == [1]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
