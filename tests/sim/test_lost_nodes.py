"""Nodes that vanish: what is said of them and their pods, who takes over, and what becomes of all when they are back.

On the real API server, with the scheduler, the controllers and whole agents of simulated nodes; time is made.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.sim.cluster import Cluster, cluster
from tests.sim.kubelet import PODS
from wherry.kube.controllers.endpoints.controller import EndpointsController
from wherry.kube.controllers.frame import Controller, Needs, Runnable
from wherry.kube.controllers.nodelifecycle.controller import NodeLifecycle
from wherry.kube.controllers.podgc import PodGarbage
from wherry.kube.controllers.tainteviction.controller import TaintEviction
from wherry.kube.controllers.workloads import workloads
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.scheduler.scheduler import Scheduler
from wherry.node.pods.options import Intervals
from wherry.node.pods.simulated import Shared, simulated
from wherry.node.pods.sources import Shares

NODES = GroupVersionResource("", "v1", "nodes")
EVENTS = GroupVersionResource("", "v1", "events")
DEPLOYMENTS = GroupVersionResource("apps", "v1", "deployments")
SETS = GroupVersionResource("apps", "v1", "statefulsets")
LOST = "node-0"
HASTY = [
    {"key": f"node.kubernetes.io/{kind}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5}
    for kind in ("not-ready", "unreachable")
]


class Machine:
    """A node that can be switched off, and on again."""

    def __init__(self, shared: Shared, number: int) -> None:
        self._shared = shared
        self._number = number
        self.is_on = asyncio.Event()
        self.is_on.set()
        self.is_off = asyncio.Event()

    async def run(self) -> None:
        while True:
            await self.is_on.wait()
            async with asyncio.TaskGroup() as group:
                task = group.create_task(simulated(self._shared, self._number).run())
                await self.is_off.wait()
                task.cancel()

    def switch_off(self) -> None:
        self.is_on.clear()
        self.is_off.set()

    def switch_on(self) -> None:
        self.is_off.clear()
        self.is_on.set()


@asynccontextmanager
async def machines(place: Path, number: int) -> AsyncIterator[tuple[Cluster, list[Machine]]]:
    """A cluster of so many nodes, all ready."""
    made: list[Machine] = []

    def make(needs: Needs) -> list[Runnable]:
        shares = Shares(needs.informers.of(PODS))
        shared = Shared(needs.client, needs.clock, needs.informers, shares, Intervals())  # as often as real ones
        made.extend(Machine(shared, each) for each in range(number))
        reconcilers = (NodeLifecycle(needs), TaintEviction(needs), PodGarbage(needs))
        scheduler = Scheduler(needs.client, needs.informers, needs.recorder.by("default-scheduler"), needs.clock)
        return [
            *made, scheduler, *workloads(needs), Controller(EndpointsController(needs), needs.clock),
            *(Controller(each, needs.clock) for each in reconcilers),
        ]  # fmt: skip

    async with cluster(place, make) as running:

        async def ready() -> bool:
            found = await running.all(NODES, "")
            return len(found) == number and all(not (each["spec"].get("taints")) for each in found)

        await running.until(ready)
        yield running, made


def workload(kind: str, replicas: int, **spec: Any) -> Object:
    name = kind.lower()
    whole: Object = {"containers": [{"name": "c", "image": "demo:1"}], **spec}
    template = {"metadata": {"labels": {"app": name}}, "spec": whole}
    own = {"serviceName": "s"} if kind == "StatefulSet" else {}
    body = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template, **own}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name}, "spec": body}


def condition(found: Object, kind: str) -> Object:
    return next((dict(each) for each in found["status"].get("conditions") or () if each["type"] == kind), {})


def is_ready(pod: Object) -> bool:
    return condition(pod, "Ready").get("status") == "True"


async def on(running: Cluster, node: str) -> list[Object]:
    return [each for each in await running.all(PODS) if each["spec"].get("nodeName") == node]


async def all_ready(running: Cluster, count: int) -> bool:
    found = [each for each in await running.all(PODS) if "deletionTimestamp" not in each["metadata"]]
    return len(found) == count and all(is_ready(each) for each in found)


async def test_m01_pods_of_a_node_that_vanishes_come_back_elsewhere(tmp_path: Path) -> None:
    async with machines(tmp_path, 2) as (running, (lost, _)):
        await running.client.create(DEPLOYMENTS, workload("Deployment", 4, tolerations=HASTY), "default")
        await running.until(lambda: all_ready(running, 4))
        gone = {each["metadata"]["name"] for each in await on(running, LOST)}
        assert len(gone) == 2
        lost.switch_off()
        await running.advance(100)
        await running.until(lambda: _is_lost(running))
        await running.until(lambda: all_ready(running, 4))
        assert len(await on(running, "node-1")) == 4
        for pod in await on(running, LOST):
            assert pod["metadata"]["name"] in gone and pod["metadata"]["deletionTimestamp"]
            assert not is_ready(pod)
            assert condition(pod, "DisruptionTarget")["reason"] == "DeletionByTaintManager"
        await _said(running)
        lost.switch_on()
        await running.until(lambda: _is_empty(running))
        await running.until(lambda: _untainted(running))


async def _is_lost(running: Cluster) -> bool:
    ready = condition(await running.client.get(NODES, LOST), "Ready")
    said = ready["status"], ready["reason"], ready["message"]
    return said == ("Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.")


async def _said(running: Cluster) -> None:
    events = {(each["reason"], each["message"]) for each in await running.all(EVENTS)}
    assert ("NodeNotReady", f"Node {LOST} status is now: NodeNotReady") in events
    assert ("NodeNotReady", "Node is not ready") in events
    assert any(reason == "TaintManagerEviction" for reason, _ in events)


async def _is_empty(running: Cluster) -> bool:
    return not await on(running, LOST)


async def _untainted(running: Cluster) -> bool:
    node = await running.client.get(NODES, LOST)
    return not node["spec"].get("taints") and condition(node, "Ready")["status"] == "True"


async def test_who_tolerates_it_stays_and_is_ready_again_when_the_node_is_back(tmp_path: Path) -> None:
    async with machines(tmp_path, 2) as (running, (lost, _)):
        await running.client.create(DEPLOYMENTS, workload("Deployment", 4), "default")  # tolerates it for 300 s
        await running.until(lambda: all_ready(running, 4))
        before = {each["metadata"]["uid"] for each in await running.all(PODS)}
        lost.switch_off()
        await running.advance(100)

        async def unready() -> bool:
            return [is_ready(each) for each in await on(running, LOST)] == [False, False]

        await running.until(unready)
        lost.switch_on()
        await running.until(lambda: all_ready(running, 4))
        assert {each["metadata"]["uid"] for each in await running.all(PODS)} == before


async def test_m02_there_are_never_two_of_a_member_of_a_stateful_set(tmp_path: Path) -> None:
    """Whether it still runs out there nobody knows: who knows that it does not says so by deleting it by force."""
    async with machines(tmp_path, 2) as (running, (lost, _)):
        await running.client.create(SETS, workload("StatefulSet", 2, tolerations=HASTY), "default")
        await running.until(lambda: all_ready(running, 2))
        (here,) = await on(running, LOST)
        lost.switch_off()
        await running.advance(600)

        async def still_there() -> bool:
            (still,) = await on(running, LOST)
            assert still["metadata"]["uid"] == here["metadata"]["uid"]
            return "deletionTimestamp" in still["metadata"]

        await running.until(still_there)
        assert len(await running.all(PODS)) == 2
        name = here["metadata"]["name"]
        await running.client.delete(PODS, name, "default", options={"gracePeriodSeconds": 0})
        await running.until(lambda: all_ready(running, 2))
        assert len(await on(running, "node-1")) == 2


async def test_where_all_nodes_vanish_no_pod_is_ended(tmp_path: Path) -> None:
    """Then it is we who are cut off (full disruption)."""
    async with machines(tmp_path, 2) as (running, both):
        await running.client.create(DEPLOYMENTS, workload("Deployment", 4, tolerations=HASTY), "default")
        await running.until(lambda: all_ready(running, 4))
        for each in both:
            each.switch_off()
        await running.advance(600)
        pods = await running.all(PODS)
        assert len(pods) == 4 and not any("deletionTimestamp" in each["metadata"] for each in pods)
