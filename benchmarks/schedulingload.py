"""Many pods for many nodes: ``python -m benchmarks.schedulingload decide KIND`` or ``… api STORE DIR``.

Prints the microseconds a pod took. ``decide``: decisions alone, one after the other, of pods of a KIND. ``api``: from
the start of the scheduler until the API tells of the last of them that it has a node; API server, scheduler and the
sender of its events are in this process, as they are in ``control``. STORE: memory, or sqlite in DIR.
"""

import asyncio
import gc
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import uvloop

from wherry.app.control import THRESHOLDS
from wherry.kube.apiserver.assembly import ApiServer
from wherry.kube.apiserver.authz.bootstrap import defaults
from wherry.kube.apiserver.authz.bootstrap.reconcile import reconcile
from wherry.kube.apiserver.local import LocalClient
from wherry.kube.apiserver.options import Options
from wherry.kube.client.clock import SystemClock
from wherry.kube.client.events import Recorder, Source
from wherry.kube.client.informers import Informers
from wherry.kube.controllers.bootstrap import Address, ensure, wanted
from wherry.kube.machinery.model import GroupVersionResource
from wherry.kube.pki import directory
from wherry.kube.pki.model import Wanted
from wherry.kube.scheduler.cluster import filled
from wherry.kube.scheduler.decision import Placed
from wherry.kube.scheduler.model import HOSTNAME, ZONE
from wherry.kube.scheduler.options import Profile
from wherry.kube.scheduler.plan import Facts, plan
from wherry.kube.scheduler.reading import Reader
from wherry.kube.scheduler.scheduler import Scheduler
from wherry.kube.scheduler.watching import NODES, PODS
from wherry.store.memory import MemoryStore
from wherry.store.model import Store
from wherry.store.sqlite import open_store

ACCOUNTS = GroupVersionResource("", "v1", "serviceaccounts")
N_NODES = int(os.environ.get("BENCH_NODES", "5000"))
N_PODS = int(os.environ.get("BENCH_PODS", "10000"))
_ZONES = 5
_WEB = {"matchLabels": {"app": "web"}}
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_NEAR = {"topologyKey": HOSTNAME, "labelSelector": _WEB}
KINDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "replicas": {},
    "spread": {
        "topologySpreadConstraints": [
            {"topologyKey": ZONE, "maxSkew": 5, "whenUnsatisfiable": "DoNotSchedule", "labelSelector": _WEB}
        ]
    },
    "apart": {"affinity": {"podAntiAffinity": {_REQUIRED: [_NEAR]}}},
    "near": {"affinity": {"podAffinity": {_PREFERRED: [{"weight": 1, "podAffinityTerm": _NEAR}]}}},
}
"""What pods ask for besides room: as upstream's scheduler_perf has them."""


def node(number: int) -> dict[str, Any]:
    name = f"node-{number:05}"
    labels = {HOSTNAME: name, ZONE: f"zone-{number % _ZONES}"}
    status = {"allocatable": {"cpu": "4", "memory": "32Gi", "pods": "110"}}
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}, "status": status}


def pod(number: int, kind: str = "plain") -> dict[str, Any]:
    requests = {"cpu": "100m", "memory": "500Mi"}
    container = {"name": "pause", "image": "registry.example.com/pause:1", "resources": {"requests": requests}}
    meta: dict[str, Any] = {"name": f"pod-{number:05}", "labels": {"app": "web", "number": str(number)}}
    if kind == "replicas":
        owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "web", "controller": True}
        meta["ownerReferences"] = [owner]
    spec = {"containers": [container], **KINDS[kind]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}


def decide(kind: str) -> float:
    """Microseconds a decision."""
    facts = Facts(filled(map(node, range(N_NODES))))
    facts.owners.set("ReplicaSet", "default", "web", {"spec": {"selector": _WEB}})
    reader = Reader()
    number = min(N_PODS, N_NODES) if kind == "apart" else N_PODS  # one on each node
    pods = [reader.pod(each) for each in _placed_in("default", kind, number)]
    gc.collect()
    gc.freeze()
    began = time.perf_counter()
    done = sum(isinstance(decision, Placed) for _, decision in plan(pods, facts, Profile(), Random(1)))
    elapsed = time.perf_counter() - began
    if done != number:
        raise RuntimeError(f"{done} of {number} pods have a node")
    return elapsed / number * 1e6


def _placed_in(namespace: str, kind: str, count: int) -> Iterator[dict[str, Any]]:
    for number in range(count):
        obj = pod(number, kind)
        obj["metadata"] |= {"namespace": namespace, "uid": str(number)}
        obj["spec"]["volumes"] = [{"name": f"kube-api-access-{number}", "projected": {}}]  # as the API adds it
        yield obj


async def by_api(store: Store, place: Path) -> float:
    """Microseconds from one pod's node to the next one's."""
    pki = directory.ensure(place, Wanted(), time.time())
    server = ApiServer(store, Options(pki.signing_keys))
    await server.start()
    client = server.client()
    await ensure(client, wanted(Address("10.96.0.1", "192.0.2.1", 6443), defaults(), reconcile))
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}
    await client.create(ACCOUNTS, account, "default")
    await _fill(client)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)  # as there, too
    try:
        return await _schedule(client) / N_PODS * 1e6
    finally:
        await server.stop()
        await store.aclose()


async def _fill(client: LocalClient) -> None:
    """Nodes without the taint of new ones, and pods that wait. Many at once: a disk writes them together."""
    limit = asyncio.Semaphore(64)

    async def add_node(number: int) -> None:
        async with limit:
            made = await client.create(NODES, node(number))
            made["spec"].pop("taints", None)
            await client.update(NODES, made)

    async def add_pod(number: int) -> None:
        async with limit:
            await client.create(PODS, pod(number), "default")

    await asyncio.gather(*map(add_node, range(N_NODES)))
    await asyncio.gather(*map(add_pod, range(N_PODS)))


async def _schedule(client: LocalClient) -> float:
    """Seconds."""
    clock = SystemClock()
    have_node: set[str] = set()
    done = asyncio.Event()

    def seen(old: dict[str, Any] | None, new: dict[str, Any] | None) -> None:
        if new is not None and new["spec"].get("nodeName"):
            have_node.add(new["metadata"]["uid"])
            if len(have_node) == N_PODS:
                done.set()

    async with Informers(client, clock) as informers:
        recorder = Recorder(client, Source("control"), clock)
        watching = informers.of(PODS)
        watching.add_handler(seen)
        await watching.synced.wait()
        began = time.perf_counter()
        runs = recorder.run(), Scheduler(client, informers, recorder, clock).run()
        tasks = [asyncio.ensure_future(run) for run in runs]
        await done.wait()
        elapsed = time.perf_counter() - began
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return elapsed


async def _by_api(store: str, place: Path) -> float:
    place.mkdir(parents=True)
    return await by_api(MemoryStore() if store == "memory" else open_store(place / "state.sqlite"), place / "pki")


def main() -> None:
    if sys.argv[1] == "decide":
        print(decide(sys.argv[2]))
    else:
        print(uvloop.run(_by_api(sys.argv[2], Path(sys.argv[3]))))


if __name__ == "__main__":
    main()
