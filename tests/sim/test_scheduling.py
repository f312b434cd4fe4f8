"""The scheduler on the real API server, with the controllers that make and bind what it places."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from random import Random

import pytest

from tests.sim.cluster import Cluster, cluster
from tests.sim.kubelet import PODS, Kubelet
from wherry.kube.client.events import EVENTS
from wherry.kube.controllers.daemonset.controller import DAEMON_SETS, DaemonSetController
from wherry.kube.controllers.deployment.controller import DEPLOYMENTS, DeploymentController
from wherry.kube.controllers.disruption.controller import DisruptionController
from wherry.kube.controllers.frame import Controller, Needs, Runnable
from wherry.kube.controllers.replicaset.controller import ReplicaSetController
from wherry.kube.controllers.volumebinding.controller import VolumeBinder
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.scheduler.model import HOSTNAME, ZONE
from wherry.kube.scheduler.options import Options
from wherry.kube.scheduler.scheduler import Scheduler
from wherry.kube.scheduler.watching import BUDGETS, CLAIMS, CLASSES, NODES, VOLUMES

PRIORITIES = GroupVersionResource("scheduling.k8s.io", "v1", "priorityclasses")
SEEDED = Options(random_seed=7)


def scheduler(needs: Needs) -> Scheduler:
    return Scheduler(needs.client, needs.informers, needs.recorder, needs.clock, SEEDED)


def make(needs: Needs) -> list[Runnable]:
    """Pods run once they have a node."""
    agents = Kubelet(needs, lambda pod: "Running" if pod["spec"].get("nodeName") else "Pending")
    reconcilers = (DeploymentController(needs), ReplicaSetController(needs), DisruptionController(needs))
    daemons = Controller(DaemonSetController(needs), needs.clock)
    volumes = Controller(VolumeBinder(needs), needs.clock, 1)
    return [agents, scheduler(needs), daemons, volumes, *(Controller(each, needs.clock) for each in reconcilers)]


async def add_node(running: Cluster, name: str, zone: str = "", **room: str) -> None:
    """Ready at once: nobody here takes the taint of new nodes off."""
    labels = {HOSTNAME: name, **({ZONE: zone} if zone else {})}
    status = {"allocatable": {"cpu": "4", "memory": "16Gi", "pods": "110", **room}}
    obj = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}, "status": status}
    made = await running.client.create(NODES, obj)
    made["spec"].pop("taints", None)
    await running.client.update(NODES, made)


def pod(name: str, cpu: str = "", **spec: object) -> Object:
    container: Object = {"name": "c", "image": "demo:1"}
    if cpu:
        container["resources"] = {"requests": {"cpu": cpu}}
    meta = {"name": name, "labels": spec.pop("labels", {})}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {"containers": [container], **spec}}


def workload(kind: str, **spec: object) -> Object:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": pod("x", "100m")["spec"]}
    whole = {"selector": {"matchLabels": {"app": "web"}}, "template": template, **spec}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "web"}, "spec": whole}


async def where(running: Cluster) -> dict[str, str]:
    """Nodes of pods, by name; empty: none."""
    return {each["metadata"]["name"]: each["spec"].get("nodeName", "") for each in await running.all(PODS)}


async def are_placed(running: Cluster, count: int) -> bool:
    found = await where(running)
    return len(found) == count and all(found.values())


async def message(running: Cluster, name: str) -> str:
    """Of the condition; empty: it has none."""
    found = await running.client.get(PODS, name, "default")
    for each in found["status"].get("conditions") or ():
        if each["type"] == "PodScheduled" and each["status"] == "False":
            return str(each["message"])
    return ""


async def test_replicas_are_spread_over_zones_and_nodes_though_nobody_asked(tmp_path: Path) -> None:
    async with cluster(tmp_path, make) as running:
        for number in range(6):
            await add_node(running, f"n{number}", f"z{number % 3}")
        await running.client.create(DEPLOYMENTS, workload("Deployment", replicas=12), "default")
        await running.until(lambda: are_placed(running, 12))
        found = Counter((await where(running)).values())
        assert found == {f"n{number}": 2 for number in range(6)}


async def test_a_daemon_goes_to_every_node_and_to_new_ones(tmp_path: Path) -> None:
    async with cluster(tmp_path, make) as running:
        for number in range(4):
            await add_node(running, f"n{number}")
        await running.client.create(DAEMON_SETS, workload("DaemonSet"), "default")
        await running.until(lambda: are_placed(running, 4))
        await add_node(running, "late")
        await running.until(lambda: are_placed(running, 5))
        assert len(set((await where(running)).values())) == 5


async def test_what_refuses_a_pod_is_told_to_who_asks_the_api(tmp_path: Path) -> None:
    async with cluster(tmp_path, make) as running:
        await add_node(running, "small", cpu="1")
        await add_node(running, "tainted")
        await running.client.patch(
            NODES, "tainted", {"spec": {"taints": [{"key": "k", "value": "v", "effect": "NoSchedule"}]}}
        )
        await running.client.create(PODS, pod("p", "2"), "default")
        await running.until(lambda: is_told(running, "p"))
        text = await message(running, "p")
        assert text == (
            "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint(s). "
            "preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling."
        )
        await running.until(lambda: has_event(running, "FailedScheduling", text))
        await running.client.patch(NODES, "tainted", {"spec": {"taints": None}})
        await running.until(lambda: are_placed(running, 1))
        await running.until(lambda: has_event(running, "Scheduled", "Successfully assigned default/p to tainted"))


async def is_told(running: Cluster, name: str) -> bool:
    return bool(await message(running, name))


async def has_event(running: Cluster, reason: str, text: str) -> bool:
    return any(each["reason"] == reason and each["message"] == text for each in await running.all(EVENTS))


async def test_a_gated_pod_says_so_and_waits(tmp_path: Path) -> None:
    async with cluster(tmp_path, make) as running:
        await add_node(running, "n")
        await running.client.create(PODS, pod("p", schedulingGates=[{"name": "example.com/wait"}]), "default")
        await running.client.create(PODS, pod("q"), "default")
        await running.until(lambda: are_placed_named(running, ["q"]))
        assert (await where(running))["p"] == ""
        assert await message(running, "p") == "Scheduling is blocked due to non-empty scheduling gates"
        await running.client.patch(PODS, "p", {"spec": {"schedulingGates": None}}, "default")
        await running.until(lambda: are_placed(running, 2))


async def are_placed_named(running: Cluster, names: Iterable[str]) -> bool:
    found = await where(running)
    return all(found.get(name) for name in names)


async def test_who_is_more_important_preempts_but_not_whom_a_budget_keeps(tmp_path: Path) -> None:
    async with cluster(tmp_path, make) as running:
        for name in ("kept", "free"):
            await add_node(running, name, cpu="1")
        classes = {
            "apiVersion": "scheduling.k8s.io/v1",
            "kind": "PriorityClass",
            "metadata": {"name": "high"},
            "value": 100,
        }
        await running.client.create(PRIORITIES, classes)
        budget = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "b"},
                  "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "kept"}}}}  # fmt: skip
        await running.client.create(BUDGETS, budget, "default")
        for name in ("kept", "free"):
            mine = pod(name, "1", labels={"app": name}, nodeSelector={HOSTNAME: name})
            await running.client.create(PODS, mine, "default")
        await running.until(lambda: are_placed(running, 2))
        await running.client.create(PODS, pod("high", "1", priorityClassName="high"), "default")
        await running.until(lambda: are_placed_named(running, ["high"]))
        assert await where(running) == {"kept": "kept", "high": "free"}
        high = await running.client.get(PODS, "high", "default")
        assert high["spec"]["priority"] == 100
        text = f"Preempted by pod {high['metadata']['uid']} on node free"
        await running.until(lambda: has_event(running, "Preempted", text))


async def test_a_claim_that_waits_is_bound_where_the_pod_goes(tmp_path: Path) -> None:
    async with cluster(tmp_path, make) as running:
        for name in ("a", "b"):
            await add_node(running, name)
        await running.client.create(CLASSES, {
            "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "local"},
            "provisioner": "kubernetes.io/no-provisioner", "volumeBindingMode": "WaitForFirstConsumer",
        })  # fmt: skip
        await running.client.create(CLAIMS, {
            "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"}, "spec": {
                "storageClassName": "local", "accessModes": ["ReadWriteOnce"],
                "resources": {"requests": {"storage": "1Gi"}},
            },
        }, "default")  # fmt: skip
        volumes = [{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]
        await running.client.create(PODS, pod("p", volumes=volumes), "default")
        await running.until(lambda: is_told(running, "p"))
        assert "2 node(s) didn't find available persistent volumes to bind" in await message(running, "p")
        expression = {"key": HOSTNAME, "operator": "In", "values": ["b"]}
        await running.client.create(VOLUMES, {
            "apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "pv"}, "spec": {
                "storageClassName": "local", "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"},
                "local": {"path": "/mnt"}, "persistentVolumeReclaimPolicy": "Retain",
                "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}},
            },
        })  # fmt: skip
        await running.until(lambda: are_placed(running, 1))
        assert await where(running) == {"p": "b"}
        claim = await running.client.get(CLAIMS, "data", "default")
        assert claim["status"]["phase"] == "Bound" and claim["spec"]["volumeName"] == "pv"


@pytest.mark.parametrize("seed", range(3))
async def test_a_scheduler_that_dies_at_any_moment_leaves_nothing_undone(tmp_path: Path, seed: int) -> None:
    random, tasks = Random(seed), list[asyncio.Task[None]]()
    needed: list[Needs] = []

    def remember(needs: Needs) -> list[Runnable]:
        needed.append(needs)
        return []

    async with cluster(tmp_path, remember) as running:
        for number in range(5):
            await add_node(running, f"n{number}", cpu="2")
        for number in range(20):
            await running.client.create(PODS, pod(f"p{number}", "500m"), "default")
        for _ in range(6):
            tasks.append(asyncio.ensure_future(scheduler(needed[0]).run()))
            for _ in range(random.randrange(60)):
                await asyncio.sleep(0)
            tasks[-1].cancel()
            await asyncio.gather(tasks[-1], return_exceptions=True)
        tasks.append(asyncio.ensure_future(scheduler(needed[0]).run()))
        await running.until(lambda: are_placed(running, 20))
        assert Counter((await where(running)).values()) == {f"n{number}": 4 for number in range(5)}
        tasks[-1].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
