"""Many nodes that run nothing, on a whole cluster of this machine: kwok's benchmark, with a scheduler in it.

kwok's own allow 120 s for 2,000 nodes and 240 s for 5,000 pods by the API (test/e2e/benchmark.go), and 30 s for each of
5,000 nodes, 10,000 pods and their deletion when they are written into etcd (benchmark_hack.go); all pods are bound to
one node beforehand. Here 5,000 and 10,000 come by the API, the pods from Deployments, and the scheduler spreads them
over all nodes. Seconds are of the machine that runs it: cluster, simulation and who measures share its processors.
"""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import wherry
from benchmarks import clusters, memory
from benchmarks.measure import Sample
from benchmarks.report import Goal, Row
from benchmarks.starts import Stage
from wherry.kube.client.clock import SystemClock
from wherry.kube.client.connection import of_kubeconfig
from wherry.kube.client.http import Asked, HttpApiClient, path_of
from wherry.kube.pki.kubeconfig import parse

N_NODES, N_PODS, N_DEPLOYMENTS = (
    int(os.environ.get(name, usual))
    for name, usual in (("BENCH_NODES", "5000"), ("BENCH_PODS", "10000"), ("BENCH_DEPLOYMENTS", "10"))
)
_NODES_SECONDS, _RUNNING_SECONDS, _DELETED_SECONDS = 60.0, 60.0, 90.0
_LOOK_SECONDS = 0.2
_REST_SECONDS = 20.0
_MOST_SECONDS = 600


def of_simulation(stage: Stage | None = None) -> list[Row]:
    """One run: it takes minutes."""
    with wherry.Cluster() as cluster:
        began = time.perf_counter()
        with _simulation(cluster) as process:
            nodes = time.perf_counter() - began
            return asyncio.run(_rows(cluster, process, nodes))


@contextmanager
def _simulation(cluster: wherry.Cluster) -> Iterator["subprocess.Popen[str]"]:
    """Entered when all nodes are ready; left when they are gone."""
    command = [sys.executable, "-m", "wherry", "--root", str(cluster.root), "simulate", "--nodes", str(N_NODES)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if "ready after" not in line:
            raise OSError(f"the simulation has ended: {line}")
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=_MOST_SECONDS)


async def _rows(cluster: wherry.Cluster, process: "subprocess.Popen[str]", nodes: float) -> list[Row]:
    connection = of_kubeconfig(parse(cluster.kubeconfig.read_text()), directory=cluster.root)
    pids = {"cluster": clusters.processes(cluster), "simulation": [process.pid]}
    async with HttpApiClient(connection, SystemClock(), "bench") as client:
        before = {name: _cpu(found) for name, found in pids.items()}
        running = await _until(lambda: _make(client), lambda: _are_ready(client))
        spent = [f"{name} {_cpu(found) - before[name]:.0f} s of a processor" for name, found in pids.items()]
        idle = await _load(pids)
        deleted = await _until(lambda: _delete(client), lambda: _are_gone(client))
    size = memory.pss_bytes(memory.read([process.pid])) / 1e6
    rest = [f"at rest {name} {load:.0f} % of a processor" for name, load in idle.items()]
    return [
        _row("simulate-nodes", f"{N_NODES:,} nodes until all are ready", nodes, _NODES_SECONDS, *rest),
        _row(
            "simulate-pods", f"{N_PODS:,} pods of Deployments on them until all are ready", running, _RUNNING_SECONDS,
            f"{N_PODS / running:,.0f} pods a second", *spent, f"the simulation has {size:,.0f} MB",
        ),
        _row("simulate-deletion", f"the Deployments deleted until {N_PODS:,} pods are gone", deleted, _DELETED_SECONDS),
    ]  # fmt: skip


def _row(name: str, what: str, seconds: float, limit: float, *notes: str) -> Row:
    """The floor is how long it may take."""
    peer = Sample((limit,))
    return Row(name, what, "s", Sample((seconds,)), peer, "allowed", Goal(1.0), notes=notes)


async def _until(begin: Callable[[], Awaitable[None]], holds: Callable[[], Awaitable[bool]]) -> float:
    """Seconds."""
    began = time.perf_counter()
    await begin()
    while not await holds():
        if time.perf_counter() - began > _MOST_SECONDS:
            raise OSError("it does not come to an end")
        await asyncio.sleep(_LOOK_SECONDS)
    return time.perf_counter() - began


async def _make(client: HttpApiClient) -> None:
    for number in range(N_DEPLOYMENTS):
        await client.create(clusters.DEPLOYMENTS, _deployment(f"web-{number}", N_PODS // N_DEPLOYMENTS), "default")


def _deployment(name: str, replicas: int) -> dict[str, Any]:
    resources = {"requests": {"cpu": "100m", "memory": "200Mi"}}
    container = {"name": "web", "image": "registry.example.com/web:1", "resources": resources}
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


async def _are_ready(client: HttpApiClient) -> bool:
    found = (await client.list(clusters.DEPLOYMENTS, "default")).items
    ready = sum((each.get("status") or {}).get("readyReplicas", 0) for each in found)
    return bool(ready == N_PODS // N_DEPLOYMENTS * N_DEPLOYMENTS)


async def _delete(client: HttpApiClient) -> None:
    await client.ask(Asked("DELETE", path_of(clusters.DEPLOYMENTS, "default")))


async def _are_gone(client: HttpApiClient) -> bool:
    return not (await client.list(clusters.PODS, "default", limit=1)).items


def _cpu(pids: list[int]) -> float:
    return sum(clusters.cpu_seconds(pid) for pid in pids)


async def _load(pids: dict[str, list[int]]) -> dict[str, float]:
    """Per cent of a processor, when nothing happens but that leases are renewed."""
    before = {name: _cpu(found) for name, found in pids.items()}
    await asyncio.sleep(_REST_SECONDS)
    return {name: (_cpu(found) - before[name]) / _REST_SECONDS * 100 for name, found in pids.items()}


def main() -> None:
    """``python -m benchmarks.simulating``: this measurement alone."""
    from benchmarks import report

    print(report.table(of_simulation()))


if __name__ == "__main__":
    main()
