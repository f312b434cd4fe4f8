"""The agent against the real API: its rights (RBAC, node authorizer, NodeRestriction), validation of what it writes."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from tests.unit.node.pods.rig import Gauge
from wherry.http.server import serve_tcp
from wherry.kube.apiserver.assembly import LOOPBACK, ApiServer
from wherry.kube.apiserver.authz.bootstrap import defaults
from wherry.kube.apiserver.authz.bootstrap.reconcile import reconcile
from wherry.kube.apiserver.local import LocalClient
from wherry.kube.apiserver.options import Options as ApiOptions
from wherry.kube.apiserver.server import render_error
from wherry.kube.client.clock import SystemClock
from wherry.kube.client.connection import Connection, tls_of
from wherry.kube.client.http import AT_ONCE, Asked, HttpApiClient
from wherry.kube.client.model import PatchType
from wherry.kube.controllers.bootstrap import Address, ensure, wanted
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.status import StatusError
from wherry.kube.pki import directory
from wherry.kube.pki.contexts import server_context
from wherry.kube.pki.model import STANDARD, Wanted, node_identity
from wherry.node.pods import manifests
from wherry.node.pods.agent import Agent, Parts
from wherry.node.pods.fake import Behaviour, FakeRuntime
from wherry.node.pods.machine.keeping import LEASE_NAMESPACE, LEASES
from wherry.node.pods.machine.nodes import NODES
from wherry.node.pods.options import Intervals, Options
from wherry.node.pods.probes.model import ContentProber
from wherry.node.pods.view import PODS
from wherry.node.pods.volumes.mounting import PlainMounter
from wherry.store.memory import MemoryStore

ACCOUNTS = GroupVersionResource("", "v1", "serviceaccounts")
MAPS, SECRETS = GroupVersionResource("", "v1", "configmaps"), GroupVersionResource("", "v1", "secrets")
EVENTS = GroupVersionResource("", "v1", "events")
ROOT: Object = {"metadata": {"name": "kube-root-ca.crt"}, "data": {"ca.crt": "certificate"}}


class Sim:
    """A served API, and a node that talks to it as a node may."""

    def __init__(self, client: LocalClient, node: HttpApiClient, agent: Agent, directory: Path) -> None:
        self.client = client
        self.node = node
        """What the agent writes about pods with."""
        self.agent = agent
        self.directory = directory
        self.runtime: FakeRuntime = agent._runtime  # type: ignore[assignment]
        self.machine: Gauge = agent._machine  # type: ignore[assignment]

    async def until(self, condition: Callable[[], Awaitable[object]], seconds: float = 60.0) -> None:
        for _ in range(int(seconds / 0.01)):
            if await condition():
                return
            await asyncio.sleep(0.01)
        raise AssertionError("it never came")

    async def pod(self, name: str = "web") -> Object:
        """Empty: there is none."""
        try:
            return await self.client.get(PODS, name, "default")
        except StatusError:
            return {}

    async def create(self, name: str = "web", *, more: Object | None = None, **container: object) -> None:
        made = {"name": "web", "image": "demo:1", **container}
        spec: Object = {"nodeName": "n1", "containers": [made], **(more or {})}
        await self.client.create(PODS, {"metadata": {"name": name}, "spec": spec}, "default")

    async def until_phase(self, phase: str, name: str = "web") -> Object:
        """The status."""

        async def there() -> bool:
            return bool((await self.pod(name)).get("status", {}).get("phase") == phase)

        await self.until(there)
        return dict((await self.pod(name))["status"])

    async def until_gone(self, name: str = "web") -> None:
        async def gone() -> bool:
            return not await self.pod(name)

        await self.until(gone)


@contextlib.asynccontextmanager
async def simulated(place: Path) -> AsyncIterator[Sim]:
    clock = SystemClock()
    pki = directory.ensure(place / "pki", Wanted(clients=(*STANDARD, node_identity("n1"))), time.time())
    server = ApiServer(MemoryStore(), ApiOptions(pki.signing_keys))
    await server.start()
    local = LocalClient(server.api, server.kinds, server.authorizer, LOOPBACK)
    await ensure(local, wanted(Address("10.96.0.1", "192.0.2.1", 6443), defaults(), reconcile))
    await local.create(ACCOUNTS, {"metadata": {"name": "default"}}, "default")
    await local.create(MAPS, ROOT, "default")
    listener = await serve_tcp(server.http.handle, "127.0.0.1", 0, render_error, server_context(pki))
    pair = pki.clients[node_identity("n1").file]
    connection = Connection(
        f"https://127.0.0.1:{listener.port}", tls_of(pki.authority_pem, pair.certificate_pem, pair.key_pem)
    )
    (place / "manifests").mkdir()
    quick = Intervals(status=0.5, lease=2.0, usage=0.2)
    options = Options("n1", place / "pods", ("192.0.2.1",), static_pods=place / "manifests", intervals=quick)
    try:
        async with HttpApiClient(connection, clock) as client, HttpApiClient(connection, clock, at_once=2) as heart:
            parts = Parts(heart=heart, machine=Gauge(), mounter=PlainMounter(), prober=ContentProber())
            agent = Agent(client, FakeRuntime(clock), options, clock, parts)
            task = asyncio.create_task(agent.run())
            await agent.ready.wait()
            yield Sim(local, client, agent, place)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    finally:
        await listener.stop(1.0)
        await server.stop()


@pytest.fixture
async def sim(tmp_path: Path) -> AsyncIterator[Sim]:
    async with simulated(tmp_path) as found:
        yield found


async def test_the_node_and_its_lease(sim: Sim) -> None:
    async def there() -> bool:
        return bool((await sim.client.list(LEASES, LEASE_NAMESPACE)).items)

    await sim.until(there)
    node = await sim.client.get(NODES, "n1")
    ready = next(each for each in node["status"]["conditions"] if each["type"] == "Ready")
    assert ready["reason"] == "KubeletReady"
    assert node["spec"]["taints"][0]["key"] == "node.kubernetes.io/not-ready"  # a controller takes it off
    before = await sim.client.get(LEASES, "n1", LEASE_NAMESPACE)

    async def renewed() -> bool:
        now = await sim.client.get(LEASES, "n1", LEASE_NAMESPACE)
        return bool(now["spec"]["renewTime"] > before["spec"]["renewTime"])

    await sim.until(renewed)
    assert (await sim.client.get(NODES, "n1"))["metadata"]["resourceVersion"] == node["metadata"]["resourceVersion"]


async def test_the_node_lives_while_all_that_it_says_of_pods_waits(sim: Sim) -> None:
    async with asyncio.TaskGroup() as group:
        endless = Asked("GET", "/api/v1/pods", {"watch": "true", "fieldSelector": "spec.nodeName=n1"})
        storm = [group.create_task(sim.node.ask(endless)) for _ in range(AT_ONCE)]
        await sim.create()
        renewals: set[str] = set()

        async def renewed() -> bool:
            leases = (await sim.client.list(LEASES, LEASE_NAMESPACE)).items
            renewals.update(each["spec"]["renewTime"] for each in leases)
            return len(renewals) > 3

        await sim.until(renewed)
        assert (await sim.pod())["status"]["phase"] == "Pending"
        for each in storm:
            each.cancel()
        await sim.until_phase("Running")


async def test_a_pod_from_beginning_to_end(sim: Sim) -> None:
    await sim.create()
    status = await sim.until_phase("Running")
    assert {each["type"]: each["status"] for each in status["conditions"]} == {
        "PodReadyToStartContainers": "True", "Initialized": "True", "Ready": "True", "ContainersReady": "True",
        "PodScheduled": "True",
    }  # fmt: skip
    (run,) = sim.runtime.containers()
    mount = next(each for each in sim.runtime.specs[run.id].mounts if "serviceaccount" in each.destination)
    assert sorted(path.name for path in Path(mount.source).iterdir() if path.name[0] != ".") == [
        "ca.crt", "namespace", "token",
    ]  # fmt: skip
    await sim.client.delete(PODS, "web", "default")
    await sim.until_gone()
    assert not sim.runtime.sandboxes()


async def test_only_what_its_pods_refer_to_can_be_read(sim: Sim) -> None:
    await sim.client.create(SECRETS, {"metadata": {"name": "s"}, "stringData": {"A": "b"}}, "default")
    await sim.create(envFrom=[{"secretRef": {"name": "s"}}])
    await sim.until_phase("Running")
    (run,) = sim.runtime.containers()
    assert dict(sim.runtime.specs[run.id].env)["A"] == "b"


async def test_whatever_happens_to_a_pod_can_be_written(sim: Sim) -> None:
    """Each of these statuses passes the server's validation."""
    sim.runtime.behave = lambda spec: Behaviour(run_seconds=1, exit_code=1)
    await sim.create("job", more={"restartPolicy": "Never"})
    assert (await sim.until_phase("Failed", "job"))["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 1
    await sim.create("big", resources={"requests": {"cpu": "1000"}})
    assert (await sim.until_phase("Failed", "big"))["reason"] == "OutOfcpu"
    sim.runtime.behave = lambda spec: Behaviour()
    init = [{"name": "i", "image": "demo:1"}, {"name": "s", "image": "demo:1", "restartPolicy": "Always"}]
    sim.runtime.behave = lambda spec: Behaviour(run_seconds=0 if spec.name == "i" else None)
    await sim.create("init", more={"initContainers": init})
    await sim.until_phase("Running", "init")
    sim.machine.lacks = {"memory_available_bytes": 0}

    async def evicted() -> bool:
        return bool((await sim.pod("init")).get("status", {}).get("reason") == "Evicted")

    await sim.until(evicted)
    sim.machine.lacks = {}
    status = await sim.until_phase("Failed", "init")
    assert any(each["type"] == "DisruptionTarget" for each in status["conditions"])
    for name in ("job", "big", "init"):
        await sim.client.delete(PODS, name, "default")
        await sim.until_gone(name)


async def test_a_crash_loop(sim: Sim) -> None:
    sim.runtime.behave = lambda spec: Behaviour(run_seconds=0, exit_code=1)
    await sim.create()

    async def loops() -> bool:
        (status,) = (await sim.pod()).get("status", {}).get("containerStatuses") or ({},)
        return bool((status.get("state") or {}).get("waiting", {}).get("reason") == "CrashLoopBackOff")

    await sim.until(loops)


async def test_more_for_a_container_that_runs(sim: Sim) -> None:
    def resources(cpu: str) -> Object:
        return {"requests": {"cpu": cpu}, "limits": {"cpu": cpu}}

    await sim.create(resources=resources("1"))
    await sim.until_phase("Running")
    patch = {"spec": {"containers": [{"name": "web", "resources": resources("2")}]}}
    await sim.client.patch(PODS, "web", patch, "default", type=PatchType.STRATEGIC, subresource="resize")

    async def done() -> bool:
        found = await sim.pod()
        return bool(found["status"]["containerStatuses"][0]["resources"] == resources("2"))

    await sim.until(done)
    found = await sim.pod()
    assert found["status"]["observedGeneration"] == found["metadata"]["generation"] == 2


async def test_a_pod_of_the_machines_own_is_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(manifests, "CHECK_SECONDS", 0.1)
    async with simulated(tmp_path) as sim:
        await _shown(sim)


async def _shown(sim: Sim) -> None:
    manifest = "kind: Pod\napiVersion: v1\nmetadata: {name: own}\nspec: {containers: [{name: c, image: demo}]}\n"
    (sim.directory / "manifests/own.yaml").write_text(manifest)
    await sim.until_phase("Running", "own-n1")
    (sim.directory / "manifests/own.yaml").unlink()
    await sim.until_gone("own-n1")


async def test_events_are_told(sim: Sim) -> None:
    await sim.create()
    await sim.until_phase("Running")

    async def told() -> bool:
        events = await sim.client.list(EVENTS, "default")
        reasons = {each["reason"] for each in events.items if each["involvedObject"]["name"] == "web"}
        return {"Pulled", "Created", "Started"} <= reasons

    await sim.until(told)
