"""A simulation on the real API server, from its first request to the last."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.unit.kube.client.serving import Served, serving
from wherry.app.simulating import Console, simulate
from wherry.kit.errors import Conflict
from wherry.kube.client.clock import SystemClock
from wherry.kube.client.events import Recorder, Source
from wherry.kube.client.fake import FakeClient
from wherry.kube.client.informers import Informers
from wherry.kube.controllers.frame import Controller, Needs
from wherry.kube.controllers.nodelifecycle.controller import NodeLifecycle
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.status import StatusError
from wherry.kube.pki.kubeconfig import Access, document, text
from wherry.kube.pki.model import ADMIN
from wherry.node.pods.machine.nodes import NODES
from wherry.node.pods.simulated import Ways
from wherry.node.pods.view import PODS
from wherry.node.simulation.counts import Progress
from wherry.node.simulation.simulation import Plan

ACCOUNTS = GroupVersionResource("", "v1", "serviceaccounts")


@dataclass
class Bench:
    """``said`` and ``shown`` are of the one that runs."""

    served: Served
    kubeconfig: Path
    said: list[str] = field(default_factory=list)
    shown: list[Progress] = field(default_factory=list)

    def start(self, plan: Plan, keep: bool = False) -> "asyncio.Task[None]":
        console = Console(self.said.append, self.shown.append)
        return asyncio.create_task(simulate(self.kubeconfig, plan, keep, console))

    async def until(self, holds: Callable[[], Awaitable[object] | object], task: "asyncio.Task[None]") -> None:
        async with asyncio.timeout(60):
            while True:
                found = holds()
                if await found if isinstance(found, Awaitable) else found:
                    return
                if task.done():
                    task.result()
                await asyncio.sleep(0.02)

    async def names(self, resource: GroupVersionResource = NODES) -> list[str]:
        return sorted(each["metadata"]["name"] for each in (await self.served.local.list(resource)).items)

    async def pod(self, name: str, node: str) -> None:
        spec = {"nodeName": node, "containers": [{"name": "c", "image": "demo:1"}]}
        made: Object = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}
        await self.served.local.create(PODS, made, "default")

    async def is_running(self, name: str) -> bool:
        return bool((await self.served.local.get(PODS, name, "default"))["status"].get("phase") == "Running")


@asynccontextmanager
async def controlled(served: Served) -> AsyncIterator[None]:
    """With the controller that finds nodes well."""
    clock = SystemClock()
    async with Informers(served.local, clock) as informers:
        recorder = Recorder(FakeClient(), Source("test"), clock)
        needs = Needs(served.local, informers, None, recorder, clock)  # type: ignore[arg-type]  # it discovers nothing
        task = asyncio.create_task(Controller(NodeLifecycle(needs), clock).run())
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with serving(tmp_path / "pki") as served, controlled(served):
        account: Object = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}
        await served.local.create(ACCOUNTS, account, "default")
        pair = served.pki.clients[ADMIN.file]
        access = Access(
            served.address, served.pki.authority_pem, "mine", "me", pair.certificate_pem, pair.key_pem
        )  # fmt: skip
        path = tmp_path / "kubeconfig"
        path.write_text(text(document(access)))
        yield Bench(served, path)


def end() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


async def test_nodes_are_there_run_pods_and_are_gone_with_them_at_a_signal(bench: Bench) -> None:
    task = bench.start(Plan(5, "x"))
    await bench.until(lambda: bench.said, task)
    assert bench.said[0].startswith("5 nodes ready after ")
    await bench.pod("p", "x-3")
    await bench.until(lambda: bench.is_running("p"), task)
    await bench.until(lambda: bench.shown[-1] == Progress(nodes=5, ready=5, pods=1, pods_ready=1), task)
    end()
    await task
    assert bench.said[1:] == ["removing 5 nodes and the pods on them", "5 nodes and 1 pod are gone"]
    assert await bench.names() == []
    assert await bench.names(PODS) == []


async def test_they_stay_when_they_are_to_and_the_next_goes_on(bench: Bench) -> None:
    task = bench.start(Plan(2), keep=True)
    await bench.until(lambda: bench.said, task)
    await bench.pod("p", "sim-1")
    await bench.until(lambda: bench.is_running("p"), task)
    end()
    await task
    assert bench.said[1:] == ["2 nodes stay in the API, and are not ready soon"]
    assert await bench.names() == ["sim-0", "sim-1"]
    before = await bench.served.local.get(PODS, "p", "default")
    task = bench.start(Plan(2))
    await bench.until(lambda: len(bench.said) > 2, task)
    await bench.until(lambda: bench.shown[-1].pods_ready, task)
    assert await bench.served.local.get(PODS, "p", "default") == before
    end()
    await task
    assert await bench.names() == []


async def test_the_newer_of_two_has_the_nodes(bench: Bench) -> None:
    first = bench.start(Plan(2, ways=Ways("one")))
    await bench.until(lambda: bench.said, first)
    second = bench.start(Plan(2, ways=Ways("two")))
    with pytest.raises(Conflict, match="another simulation has taken over"):
        await first
    await bench.until(lambda: len(bench.said) == 2, second)
    assert await bench.names() == ["sim-0", "sim-1"]
    end()
    await second
    assert await bench.names() == []


async def test_the_api_says_what_is_wrong_before_there_is_any_node(bench: Bench) -> None:
    with pytest.raises(StatusError, match=r"metadata\.labels: Invalid value"):
        await bench.start(Plan(3, ways=Ways(labels={"a b": "c"})))
    with pytest.raises(StatusError, match="Invalid value"):
        await bench.start(Plan(3, "Not-A-Name"))
    assert await bench.names() == []
