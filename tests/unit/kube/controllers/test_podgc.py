"""Pods that nobody else will delete."""

from typing import Any

from tests.unit.kube.controllers.harness import clock_of, names, obj, running
from wherry.kube.client.fake import FakeClient
from wherry.kube.controllers.frame import Controller, Needs
from wherry.kube.controllers.podgc import NODES, PODS, PodGarbage


def make(needs: Needs) -> list[Controller]:
    return [Controller(PodGarbage(needs, most_ended=2), needs.clock)]


def pod(name: str, node: str = "", phase: str = "Running", **meta: Any) -> dict[str, Any]:
    spec = {"containers": [], **({"nodeName": node} if node else {})}
    found = obj("Pod", name, "default", spec=spec, status={"phase": phase})
    found["metadata"].update(meta)
    return found


async def test_pods_of_a_node_that_is_gone_go_after_a_while() -> None:
    client = FakeClient(obj("Node", "n", ""), obj("Node", "m", ""), pod("a", "n"), pod("b", "m"))
    async with running(client, make):
        await clock_of(client).advance(1)
        await client.delete(NODES, "n")
        await clock_of(client).advance(30)
        assert names(client, PODS) == ["a", "b"]
        await clock_of(client).advance(60)
    assert names(client, PODS) == ["b"]


async def test_of_too_many_that_have_ended_the_oldest_go() -> None:
    ended = [pod(f"p{age}", "n", "Succeeded", creationTimestamp=f"2026-01-0{age}T00:00:00Z") for age in range(1, 6)]
    client = FakeClient(obj("Node", "n", ""), *ended, pod("runs", "n", creationTimestamp="2025-01-01T00:00:00Z"))
    async with running(client, make):
        await clock_of(client).advance(1)
    assert names(client, PODS) == ["p4", "p5", "runs"]


async def test_a_pod_that_was_deleted_before_it_had_a_node_goes() -> None:
    client = FakeClient(pod("a", deletionTimestamp="2026-01-01T00:00:00Z", deletionGracePeriodSeconds=30), pod("b"))
    async with running(client, make):
        await clock_of(client).advance(1)
    assert names(client, PODS) == ["b"]
