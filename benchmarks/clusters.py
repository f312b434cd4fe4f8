"""A whole cluster on this machine: until it is there, what it takes at rest, pods, an update under load."""

import asyncio
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import wherry
from benchmarks import memory
from benchmarks.instance import IMAGE
from benchmarks.measure import Sample
from benchmarks.report import Goal, Row
from benchmarks.starts import Stage
from wherry.app.client import Client
from wherry.kube.client.clock import SystemClock
from wherry.kube.client.connection import of_kubeconfig
from wherry.kube.client.http import HttpApiClient
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.pki.kubeconfig import parse

NODES, PODS, SERVICES, DEPLOYMENTS, ACCOUNTS = (
    GroupVersionResource(group, "v1", name)
    for group, name in (
        ("", "nodes"), ("", "pods"), ("", "services"), ("apps", "deployments"), ("", "serviceaccounts"),
    )
)  # fmt: skip
_ROUNDS, _AT_ONCE, _REST_SECONDS = 20, 100, 10.0
_REPLICAS, _REQUESTS, _RATE = 5, 20_000, 200
_CLIENTS = 4


def of_cluster(stage: Stage) -> list[Row]:
    """All rows: some fresh clusters first, then one for the rest."""
    starts = []
    for _ in range(5):
        begin = time.perf_counter()
        with wherry.Cluster() as cluster:
            asyncio.run(_ready(cluster))
            starts.append((time.perf_counter() - begin) * 1e3)
    rows = [_row("cluster-start", "wherry up, on nothing, to node Ready", "ms", starts[1:], 1500)]
    with wherry.Cluster() as cluster:
        asyncio.run(_ready(cluster))
        repository, _, tag = IMAGE.partition(":")
        engine = Client(str(cluster.root / "run" / "docker.sock"))
        engine.upload("/images/create", {"fromSrc": "-", "repo": repository, "tag": tag}, [stage.archive]).read()
        rows += _at_rest(cluster)
        rows += asyncio.run(_pods(cluster))
        rows.append(asyncio.run(_update(cluster)))
    return rows


def _row(name: str, what: str, unit: str, values: list[float], limit: float, *notes: str) -> Row:
    return Row(name, what, unit, Sample(tuple(values)), goal=Goal(limit, is_ratio=False), notes=notes)


def _at_rest(cluster: wherry.Cluster) -> list[Row]:
    time.sleep(_REST_SECONDS / 2)
    pids = processes(cluster)
    before = sum(cpu_seconds(pid) for pid in pids)
    time.sleep(_REST_SECONDS)
    share = (sum(cpu_seconds(pid) for pid in pids) - before) / _REST_SECONDS * 100
    megabytes = memory.pss_bytes(memory.read(pids)) / 1e6
    return [
        _row("cluster-memory", "all processes of an idle cluster, PSS", "MB", [megabytes], 160),
        _row("cluster-cpu", "all processes of an idle cluster, of a processor", "%", [share], 1),
    ]  # fmt: skip


def processes(cluster: wherry.Cluster) -> list[int]:
    command = [sys.executable, "-m", "wherry", "--root", str(cluster.root), "status"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [int(found) for found in re.findall(r"^[a-z]+ +(\d+) ", said, re.MULTILINE)]


def cpu_seconds(pid: int) -> float:
    """User and system time of a process (proc_pid_stat(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


@asynccontextmanager
async def _client(cluster: wherry.Cluster) -> AsyncIterator[HttpApiClient]:
    connection = of_kubeconfig(parse(cluster.kubeconfig.read_text()), directory=cluster.root)
    async with HttpApiClient(connection, SystemClock(), "bench") as client:
        yield client


async def _ready(cluster: wherry.Cluster) -> None:
    async with _client(cluster) as client:
        await _until(client, NODES, "", lambda found: any(_is(node, "Ready") for node in found))
        await _until(client, ACCOUNTS, "default", bool)


async def _until(
    client: HttpApiClient, resource: GroupVersionResource, namespace: str, holds: Callable[[list[Object]], bool]
) -> None:
    """By asking again and again: a list is a millisecond, and the watch begins only when the API does."""
    while not holds((await client.list(resource, namespace)).items):  # noqa: ASYNC110
        await asyncio.sleep(0.01)


def _is(obj: Object, condition: str) -> bool:
    conditions = (obj.get("status") or {}).get("conditions") or ()
    return any(each["type"] == condition and each["status"] == "True" for each in conditions)


def _pod(
    name: str, labels: dict[str, str] | None = None, command: tuple[str, ...] = ("sleep", "3600")
) -> dict[str, Any]:
    container = {"name": "main", "image": IMAGE, "command": list(command)}
    spec = {"containers": [container], "terminationGracePeriodSeconds": 1}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels or {}}, "spec": spec}


async def _pods(cluster: wherry.Cluster) -> list[Row]:
    """Created by the API until the watch says Ready, by one client."""
    async with _client(cluster) as client:
        singles = []
        for number in range(_ROUNDS):
            singles.append(await _until_ready(client, [_pod(f"one-{number}")]))
            await _gone(client)
            await asyncio.sleep(0.3)
        many = await _until_ready(client, [_pod(f"many-{number}") for number in range(_AT_ONCE)])
        await _gone(client)
    return [
        _row("cluster-pod", "a pod, from its creation by the API to Ready", "ms", singles, 150),
        _row("cluster-pods", f"{_AT_ONCE} pods at once, to all Ready", "ms", [many], 6000),
    ]


async def _until_ready(client: HttpApiClient, pods: list[dict[str, Any]]) -> float:
    """Milliseconds."""
    waited = {each["metadata"]["name"] for each in pods}
    at = (await client.list(PODS, "default")).resource_version
    async with client.watch(PODS, "default", resource_version=at) as changes:
        begin = time.perf_counter()
        making = asyncio.gather(*(client.create(PODS, each, "default") for each in pods))
        async for change in changes:
            if change.type != "BOOKMARK" and _is(change.object, "Ready"):
                waited.discard(change.object["metadata"]["name"])
            if not waited:
                break
        await making
        return (time.perf_counter() - begin) * 1e3


async def _gone(client: HttpApiClient) -> None:
    for each in (await client.list(PODS, "default")).items:
        await client.delete(PODS, each["metadata"]["name"], "default", options={"gracePeriodSeconds": 1})
    await _until(client, PODS, "default", lambda found: not found)


async def _update(cluster: wherry.Cluster) -> Row:
    """Rolling updates, one after another, for as long as requests are made."""
    serving = "mkdir -p /tmp/w; echo hello >/tmp/w/index.html; exec httpd -f -p 8080 -h /tmp/w"
    template: dict[str, Any] = _pod("", {"app": "web"}, ("sh", "-c", serving))
    template["spec"]["containers"][0]["readinessProbe"] = {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1}
    spec = {"replicas": _REPLICAS, "selector": {"matchLabels": {"app": "web"}}}
    pods = {"metadata": {"labels": {"app": "web"}}, "spec": template["spec"]}
    ports = {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]}
    async with _client(cluster) as client:
        deployment = {"metadata": {"name": "web"}, "spec": {**spec, "template": pods}}
        await client.create(DEPLOYMENTS, {"apiVersion": "apps/v1", "kind": "Deployment", **deployment}, "default")
        service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": ports}
        address = (await client.create(SERVICES, service, "default"))["spec"]["clusterIP"]
        await _rolled_out(client)
        load = _Load(f"http://{address}/")
        asking = asyncio.gather(*(asyncio.to_thread(load.ask) for _ in range(_CLIENTS)))
        updates = 0
        while not asking.done():
            updates += 1
            change = {"spec": {"template": {"metadata": {"annotations": {"update": str(updates)}}}}}
            await client.patch(DEPLOYMENTS, "web", change, "default")
            await _rolled_out(client)
        await asking
    reasons = [f"{count} x {reason}" for reason, count in load.failures.items()]
    note = f"{load.answered} requests at {_RATE}/s during {updates} rolling updates of {_REPLICAS} replicas"
    return _row(
        "cluster-update",
        "requests that failed during rolling updates",
        "",
        [load.failures.total()],
        0,
        note,
        *reasons,
    )


async def _rolled_out(client: HttpApiClient) -> None:
    while True:
        found = await client.get(DEPLOYMENTS, "web", "default")
        status, wanted = found.get("status") or {}, found["spec"]["replicas"]
        numbers = [status.get(name, 0) for name in ("replicas", "updatedReplicas", "availableReplicas")]
        if status.get("observedGeneration") == found["metadata"]["generation"] and numbers == [wanted] * 3:
            return
        await asyncio.sleep(0.02)


class _Load:
    """So many requests a second by all threads together, each on a connection of its own."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._begin = time.monotonic()
        self._next = 0
        self.answered = 0
        self.failures: Counter[str] = Counter()

    def ask(self) -> None:
        while (number := self._number()) < _REQUESTS:
            time.sleep(max(0.0, self._begin + number / _RATE - time.monotonic()))
            try:
                with urllib.request.urlopen(self._url, timeout=10) as response:
                    response.read()
                with self._lock:
                    self.answered += 1
            except OSError as error:
                with self._lock:
                    self.failures[str(error)] += 1

    def _number(self) -> int:
        with self._lock:
            self._next += 1
            return self._next - 1


def main() -> None:
    """``python -m benchmarks.clusters``: this measurement alone."""
    from benchmarks import report, rootfs

    with tempfile.TemporaryDirectory(prefix="wherry-bench-") as directory:
        tree = Path(directory) / "rootfs"
        rootfs.make(tree)
        archive = rootfs.archive(tree)
        print(report.table(of_cluster(Stage(None, Path(directory), tree, archive, 1, "alone"))))  # type: ignore[arg-type]  # no engine


if __name__ == "__main__":
    main()
