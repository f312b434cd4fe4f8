"""Controllers on a fake API and a fake clock."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable

from wherry.kube.client.clock import FakeClock, settle
from wherry.kube.client.discovery import FakeDiscovery, ResourceType
from wherry.kube.client.events import Recorder, Source
from wherry.kube.client.fake import Crash, FakeClient
from wherry.kube.client.informers import Informers
from wherry.kube.controllers.frame import Needs, Runnable
from wherry.kube.machinery.model import GroupVersionResource, Object

ALL = frozenset({"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"})
PODS = GroupVersionResource("", "v1", "pods")
MAPS = GroupVersionResource("", "v1", "configmaps")
SECRETS = GroupVersionResource("", "v1", "secrets")
SPACES = GroupVersionResource("", "v1", "namespaces")
NODES = GroupVersionResource("", "v1", "nodes")
SETS = GroupVersionResource("apps", "v1", "replicasets")
DEPLOYMENTS = GroupVersionResource("apps", "v1", "deployments")
EVENTS = GroupVersionResource("", "v1", "events")
THINGS = GroupVersionResource("example.com", "v1", "things")


def served(
    resource: GroupVersionResource, kind: str, namespaced: bool = True, verbs: frozenset[str] = ALL
) -> ResourceType:
    return ResourceType(resource, kind, namespaced, verbs)


TYPES = [
    served(PODS, "Pod"), served(MAPS, "ConfigMap"), served(SECRETS, "Secret"), served(EVENTS, "Event"),
    served(SPACES, "Namespace", False), served(NODES, "Node", False), served(SETS, "ReplicaSet"),
    served(DEPLOYMENTS, "Deployment"),
]  # fmt: skip
Make = Callable[[Needs], Iterable[Runnable]]


def clock_of(client: FakeClient) -> FakeClock:
    assert isinstance(client.clock, FakeClock)
    return client.clock


@contextlib.asynccontextmanager
async def running(
    client: FakeClient, make: Make, discovery: FakeDiscovery | None = None
) -> AsyncIterator[asyncio.Task[None]]:
    """Runs what ``make`` makes; the task ends when a controller does (it should not)."""
    task = asyncio.ensure_future(_run(client, make, discovery or FakeDiscovery(TYPES)))
    await settle(100)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _run(client: FakeClient, make: Make, discovery: FakeDiscovery) -> None:
    clock = client.clock
    async with Informers(client, clock) as informers, asyncio.TaskGroup() as group:
        recorder = Recorder(client, Source("test"), clock)
        group.create_task(recorder.run())
        for each in make(Needs(client, informers, discovery, recorder, clock)):
            group.create_task(each.run(), name=each.name)


async def after(client: FakeClient, make: Make, seconds: float = 60.0) -> None:
    """The state in which the controllers leave things after that time."""
    async with running(client, make) as task:
        await clock_of(client).advance(seconds)
        assert not task.done(), task.exception() if task.done() and not task.cancelled() else None


async def after_crashes(client: FakeClient, make: Make, writes: int, seconds: float = 60.0) -> int:
    """The same, with the process ending after every ``writes`` writes and starting anew. Returns how often it did."""
    crashes = 0
    while True:
        client.crash_after(writes)
        async with running(client, make) as task:
            for _ in range(int(seconds)):
                await clock_of(client).advance(1)
                if task.done():
                    break
            else:
                client.crash_after(None)
                return crashes
            assert task.exception() is not None and _has_crash(task.exception())
        crashes += 1
        assert crashes < 200, "it never comes to an end"


def _has_crash(error: BaseException | None) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return any(_has_crash(each) for each in error.exceptions)
    return isinstance(error, Crash)


def names(client: FakeClient, resource: GroupVersionResource) -> list[str]:
    return [each["metadata"]["name"] for each in client.all(resource)]


def obj(kind: str, name: str, namespace: str = "default", api: str = "v1", **more: object) -> Object:
    meta: Object = {"name": name, "uid": f"uid-{name}"}
    if namespace:
        meta["namespace"] = namespace
    meta |= more.pop("metadata", {})  # type: ignore[arg-type]
    return {"apiVersion": api, "kind": kind, "metadata": meta, **more}


def state(client: FakeClient) -> list[tuple[str, str, str]]:
    """What there is, without what differs from run to run."""
    found = []
    for resource, objects in client._objects.items():
        for (namespace, name), each in objects.items():
            if resource.resource != "events":
                meta = {k: v for k, v in each["metadata"].items() if k not in ("resourceVersion", "generation", "uid")}
                found.append((str(resource), f"{namespace}/{name}", repr({**each, "metadata": meta})))
    return sorted(found)
