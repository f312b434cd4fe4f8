"""All the nodes of one simulation: begun, kept, put away."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from wherry.kit.errors import Conflict, WherryError
from wherry.kit.tasks import end_if_cancelled
from wherry.kube.client.clock import Clock
from wherry.kube.client.informer import Informer
from wherry.kube.client.informers import Informers
from wherry.kube.client.model import Client
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.status import StatusError
from wherry.node.pods.machine.facts import ImaginedMachine
from wherry.node.pods.machine.nodes import NODES
from wherry.node.pods.options import Intervals
from wherry.node.pods.simulated import Shared, Ways, described, owner_of, simulated
from wherry.node.pods.sources import Objects, Shares
from wherry.node.pods.view import PODS
from wherry.node.simulation.counts import Counts, Progress
from wherry.node.simulation.storage import provider

logger = logging.getLogger(__name__)
_RENEWALS_A_SECOND = 50
"""Of all nodes: each costs the API as much as a pod's status does, and that is what it should have time for."""
_SHORTEST_SECONDS, _LONGEST_SECONDS = 10.0, 120.0
"""Between two renewals of a lease: the kubelet's own, and two minutes."""
_LEASES = 4
"""A lease is good for as many of these, as a kubelet's is."""
_REPORT_SECONDS = 300.0
_AGAIN_SECONDS = 5.0
_LOOK_SECONDS = 0.1
_NEVER_SECONDS = 1e9
_DELETED_AT_ONCE = 64
_NOBODY = 999_999
_PATIENCE_SECONDS = 30.0
_TRIES = 50
"""Of deleting pods, while there are none but those that have been deleted before."""


@dataclass(frozen=True, slots=True)
class Plan:
    """``count`` nodes, called ``PREFIX-0`` and so on."""

    count: int
    prefix: str = "sim"
    machine: ImaginedMachine = field(default_factory=ImaginedMachine)
    ways: Ways = field(default_factory=Ways)

    def name(self, number: int) -> str:
        return f"{self.prefix}-{number}"

    def number(self, name: str) -> int:
        """-1: it is none of this simulation's, nor of one of that name with more nodes."""
        prefix, _, text = name.rpartition("-")
        return int(text) if prefix == self.prefix and text.isdecimal() and text == str(int(text)) else -1

    def has(self, name: str) -> bool:
        return 0 <= self.number(name) < self.count


def intervals(count: int) -> Intervals:
    """As often as a kubelet, and with thousands of nodes as seldom as it may be."""
    seconds = min(max(count / _RENEWALS_A_SECOND, _SHORTEST_SECONDS), _LONGEST_SECONDS)
    return Intervals(status=_REPORT_SECONDS, report=_REPORT_SECONDS, lease=seconds * _LEASES, usage=_NEVER_SECONDS)


class Simulation:
    """Made by :func:`running`."""

    def __init__(self, client: Client, clock: Clock, plan: Plan, informers: Informers) -> None:
        self._client = client
        self._clock = clock
        self._plan = plan
        self._informers = informers
        self._nodes: Informer = informers.of(NODES)
        self._pods: Informer = informers.of(PODS)
        self._counts = Counts(plan.count, plan.has)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        """Of the nodes, by their names."""
        self._volumes = provider(client, clock, informers, plan.has)
        self._providing: asyncio.Task[None] | None = None
        self._answered_at = 0.0
        self.was_displaced = asyncio.Event()
        """Somebody else has taken nodes over."""
        self._shared = Shared(
            self._client, clock, informers, Shares(self._pods), intervals(plan.count), plan.machine, plan.ways,
            Objects(informers),
        )  # fmt: skip

    @property
    def progress(self) -> Progress:
        return self._counts.progress

    def sample(self) -> Object:
        """As nodes will be registered, under a name that none has: for the API to say what is wrong with it."""
        return described(self._shared, 0, self._plan.name(_NOBODY))

    async def begin(self) -> None:
        """Start all nodes; they are registered soon. Those of an earlier simulation of the same name are taken over
        with their pods, and what it had more of them is removed. Raises Conflict when there is another node of one of
        these names."""
        await self._informers.wait_synced(self._nodes, self._pods)
        surplus = []
        for node in self._nodes.cache:
            name = node["metadata"]["name"]
            if self._plan.has(name) and not owner_of(node):
                raise Conflict(f"node {name} is there, and is not a simulated one: choose another prefix")
            if self._plan.number(name) >= self._plan.count and owner_of(node):
                surplus.append(name)
        self._nodes.add_handler(self._counts.node_told)
        self._pods.add_handler(self._counts.pod_told)
        self._nodes.add_handler(self._told)
        for number in range(self._plan.count):
            name = self._plan.name(number)
            self._tasks[name] = asyncio.create_task(self._keep(number, name), name=f"node {name}")
        self._providing = asyncio.create_task(self._volumes.run(), name="volumes")
        await self._remove(surplus)

    async def _keep(self, number: int, name: str) -> None:
        """One node, until it is none of ours any more."""
        while name in self._tasks:
            agent = simulated(self._shared, number, name, self._pods.cache.by_index("node", name))
            try:
                await agent.run()
            except Exception as error:  # one node's trouble is not the others'
                end_if_cancelled(error)
                logger.exception("node %s failed; starting it again", name)
                await self._clock.sleep(_AGAIN_SECONDS)

    def _told(self, old: Object | None, new: Object | None) -> None:
        """A node that somebody has deleted is gone: nobody makes it again."""
        if old is not None and new is not None:
            if owner_of(old) == self._plan.ways.owner != owner_of(new) and self._plan.has(new["metadata"]["name"]):
                self.was_displaced.set()
        elif old is not None:
            task = self._tasks.pop(old["metadata"]["name"], None)
            if task is not None:
                task.cancel()

    async def end(self) -> None:
        """All nodes fall silent. Idempotent."""
        tasks = [*self._tasks.values(), *([self._providing] if self._providing is not None else [])]
        self._tasks.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def remove(self) -> int:
        """After :meth:`end`: take the nodes and the pods on them out of the API. Returns how many pods there were.
        Raises StatusError or Unavailable when the API has done nothing of it for a while."""
        there = [node["metadata"]["name"] for node in self._nodes.cache if owner_of(node)]
        return await self._remove([name for name in there if self._plan.number(name) >= 0])

    async def _remove(self, names: Iterable[str]) -> int:
        """The nodes first: then nothing is given to them any more."""
        gone = set(names)
        self._answered_at = self._clock.monotonic()
        await self._delete_all(NODES, [self._nodes.cache.get(name) for name in gone])
        while any(self._nodes.cache.get(name) for name in gone):
            await self._clock.sleep(_LOOK_SECONDS)  # until their watch has told; pods were bound before that
        found: set[str] = set()
        tries = _TRIES
        while pods := [pod for name in gone for pod in self._pods.cache.by_index("node", name)]:
            new = {pod["metadata"]["uid"] for pod in pods} - found
            tries = _TRIES if new else tries - 1
            if not tries:
                logger.warning("%s pods wait for a finalizer, and stay", len(pods))
                break
            found |= new
            await self._delete_all(PODS, pods)
            await self._clock.sleep(_LOOK_SECONDS)
        return len(found)

    async def _delete_all(self, resource: GroupVersionResource, objects: Iterable[Object | None]) -> None:
        waiting = iter([each for each in objects if each is not None])

        async def work() -> None:
            for obj in waiting:
                await self._delete(resource, obj)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(_DELETED_AT_ONCE):
                    group.create_task(work())
        except ExceptionGroup as errors:  # all for the same reason
            raise errors.exceptions[0] from None

    async def _delete(self, resource: GroupVersionResource, obj: Object) -> None:
        """At once: nothing runs that could take its time."""
        meta = obj["metadata"]
        options = {"gracePeriodSeconds": 0, "preconditions": {"uid": meta["uid"]}}
        while True:
            try:
                await self._client.delete(resource, meta["name"], meta.get("namespace", ""), options=options)
                break
            except (WherryError, OSError) as error:
                if isinstance(error, StatusError) and error.code in (404, 409):  # it is gone, or another one
                    break
                if self._clock.monotonic() - self._answered_at > _PATIENCE_SECONDS:
                    raise
                logger.info("%s %s: %s; trying again", resource.resource, meta["name"], error)
            await self._clock.sleep(_AGAIN_SECONDS)
        self._answered_at = self._clock.monotonic()


@asynccontextmanager
async def running(client: Client, clock: Clock, plan: Plan) -> AsyncIterator[Simulation]:
    """A simulation that has not begun. When the block is left its nodes fall silent; they stay in the API. An error
    of the block comes out as it is."""
    try:
        async with AsyncExitStack() as stack:
            informers = await stack.enter_async_context(Informers(client, clock))
            found = Simulation(client, clock, plan, informers)
            stack.push_async_callback(found.end)
            yield found
    except ExceptionGroup as group:  # what a task group makes of it
        if len(group.exceptions) > 1:
            raise
        raise group.exceptions[0] from None
