"""A node for real, but for its API: the agent, the engine, the kernel."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from tests.kernel.podbench import IMAGE, PodBench
from tests.unit.node.pods.rig import NODE, Client, container, pod
from wherry.kube.client.clock import SystemClock
from wherry.kube.machinery.model import GroupResource, Object
from wherry.node.pods.agent import Agent, Parts
from wherry.node.pods.options import Intervals, Options, Thresholds
from wherry.node.pods.view import PODS
from wherry.node.pods.volumes.mounting import KernelMounter

_RELAXED = Thresholds({})


def shell(script: str, name: str = "web", **more: Any) -> Object:
    return container(name, image=IMAGE, command=["sh", "-c", script], **more)


def running(name: str = "web", *containers: Object, **spec: Any) -> Object:
    """A pod whose containers end soon after they are asked to."""
    found = list(containers) or [shell("trap 'exit 0' TERM; while :; do sleep 1 & wait $!; done")]
    return pod(name, *found, **{"terminationGracePeriodSeconds": 5, **spec})


class AgentBench:
    """``up`` and ``down`` are a daemon's start and end; pods go on meanwhile."""

    def __init__(self) -> None:
        self.bench = PodBench()
        self.clock = SystemClock()
        self.client = Client(self.clock)  # type: ignore[arg-type]  # any clock will do
        self.directory = self.bench.root / "pods"
        self._task: asyncio.Task[None] | None = None

    async def up(self) -> "AgentBench":
        await self.bench.up()
        await self.start()
        return self

    async def start(self) -> None:
        """The agent alone."""
        options = Options(
            NODE, self.directory, ("192.0.2.1",), intervals=Intervals(usage=0.5), thresholds=_RELAXED,
            cluster_dns=("10.96.0.10",),
        )  # fmt: skip
        self.agent = Agent(self.client, self.bench.pods, options, self.clock, Parts())
        self._task = asyncio.create_task(self.agent.run())
        await self.until(lambda: self.agent.ready.is_set() or (self._task and self._task.done()))

    async def stop(self) -> None:
        assert self._task is not None
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def again(self) -> None:
        """Another daemon."""
        await self.stop()
        await self.bench.again()
        await self.start()

    async def close(self) -> list[str]:
        for each in self.client.all(PODS):
            with suppress(Exception):
                await self.client.delete(PODS, each["metadata"]["name"], "default", options={"gracePeriodSeconds": 0})
        with suppress(AssertionError):
            await self.until(lambda: not self.agent.places())
        await self.stop()
        KernelMounter().unmount_below(self.directory)
        return await self.bench.close()

    async def until(self, predicate: Callable[[], object], seconds: float = 60.0) -> None:
        for _ in range(int(seconds * 100)):
            if predicate():
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"did not come to be: {self.describe()}")

    def describe(self) -> str:
        lines = [f"{each['metadata']['name']}: {each.get('status')}" for each in self.client.all(PODS)]
        events = self.client.all(GroupResource("", "events"))
        return "\n".join([*lines, *(f"{each['reason']}: {each['message']}" for each in events)])

    def status(self, name: str = "web") -> Object:
        found = self.client.find(PODS, name, "default")
        return found["status"] if found else {}

    def is_ready(self, name: str = "web") -> bool:
        return any(
            each["type"] == "Ready" and each["status"] == "True" for each in self.status(name).get("conditions") or ()
        )

    def container(self, name: str = "web", pod: str = "web") -> Object:
        lists = [self.status(pod).get(kind) or [] for kind in ("initContainerStatuses", "containerStatuses")]
        return next((each for kind in lists for each in kind if each["name"] == name), {})

    def waiting(self, name: str = "web", pod: str = "web") -> str:
        return str((self.container(name, pod).get("state") or {}).get("waiting", {}).get("reason", ""))

    def said(self, reason: str) -> list[str]:
        events = self.client.all(GroupResource("", "events"))
        return [each["message"] for each in events if each["reason"] == reason]

    async def inside(self, script: str, name: str = "web", pod: str = "web") -> str:
        """What a command inside a container says."""
        place = self.agent.place("default", pod)
        assert place is not None
        return await self.bench.shell(place.containers[name].id, script)

    def log(self, name: str = "web", pod: str = "web") -> str:
        place = self.agent.place("default", pod)
        assert place is not None
        return self.bench.log(place.containers[name].log)
