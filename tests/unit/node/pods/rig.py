"""A node in a test: the agent on a fake API, a fake runtime and a clock that stands still."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from wherry.kube.client.clock import FakeClock
from wherry.kube.client.fake import FakeClient
from wherry.kube.machinery.model import GroupResource, GroupVersionResource, Object
from wherry.kube.machinery.times import rfc3339
from wherry.node.pods.agent import Agent, Parts
from wherry.node.pods.fake import FakeRuntime
from wherry.node.pods.machine.facts import Hardware, ImaginedMachine, Measures
from wherry.node.pods.options import Options
from wherry.node.pods.probes.model import PASSED, Outcome, Target
from wherry.node.pods.view import PODS
from wherry.node.pods.volumes.mounting import PlainMounter

NODE = "n1"
EVENTS = GroupResource("", "events")


def container(name: str = "web", **more: Any) -> Object:
    usual: Object = {
        "name": name, "image": "demo:1", "imagePullPolicy": "IfNotPresent", "resources": {},
        "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
    }  # fmt: skip
    return {**usual, **more}


def pod(name: str = "web", *containers: Object, **spec: Any) -> Object:
    """As the API gives one that is bound to the node."""
    whole: Object = {
        "containers": list(containers) or [container()], "nodeName": NODE, "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst", "enableServiceLinks": True,
        "securityContext": {}, **spec,
    }  # fmt: skip
    meta = {"name": name, "namespace": "default", "uid": f"uid-{name}", "generation": 1}
    status = {"phase": "Pending", "qosClass": "BestEffort"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": whole, "status": status}


class Client(FakeClient):
    """Gives tokens, too; and knows which pods are the node's."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock=clock)
        self.fields[GroupResource("", "pods")] = lambda obj: {"spec.nodeName": obj["spec"].get("nodeName", "")}
        self.tokens = 0
        self.token_seconds = 3600

    async def create(
        self, resource: GroupVersionResource, obj: Object, namespace: str = "", *, name: str = "", subresource: str = ""
    ) -> Object:
        if subresource != "token":
            return await super().create(resource, obj, namespace, name=name, subresource=subresource)
        self.tokens += 1
        ends = self.clock.now().timestamp() + self.token_seconds
        from datetime import UTC, datetime

        status = {"token": f"token-{self.tokens}", "expirationTimestamp": rfc3339(datetime.fromtimestamp(ends, UTC))}
        return {**obj, "status": status}


class Inline(ThreadPoolExecutor):
    """Does at once what a thread would do some time: the clock stands still for it."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except BaseException as error:
            done.set_exception(error)
        return done


@dataclass
class Answers:
    """A prober that says what a test wants: by container name and probe."""

    says: Callable[[Object, Target], Outcome] = lambda probe, target: PASSED
    asked: list[str] = field(default_factory=list)

    async def ask(self, probe: Object, target: Target) -> Outcome:
        self.asked.append(target.container["name"])
        return self.says(probe, target)


@dataclass
class Gauge:
    """A machine that is as full as a test says."""

    whole: ImaginedMachine = field(default_factory=ImaginedMachine)
    lacks: dict[str, int] = field(default_factory=dict)

    def hardware(self) -> Hardware:
        return self.whole.hardware()

    def measure(self) -> Measures:
        return replace(self.whole.measure(), **self.lacks)


class Rig:
    """``directory`` is a temporary one. Runs while :meth:`running` is entered."""

    def __init__(self, directory: Path, **options: Any) -> None:
        self.clock = FakeClock()
        self.client = Client(self.clock)
        self.runtime = FakeRuntime(self.clock)
        self.answers = Answers()
        self.machine = Gauge()
        self.options = Options(NODE, directory, ("192.0.2.1",), cluster_dns=("10.96.0.10",), **options)
        self.parts: dict[str, Any] = {}
        self.agent = self.make()

    def make(self) -> Agent:
        parts = Parts(machine=self.machine, mounter=PlainMounter(), prober=self.answers, **self.parts)
        return Agent(self.client, self.runtime, self.options, self.clock, parts)

    @asynccontextmanager
    async def running(self, *pods: Object, wait: bool = True) -> AsyncIterator["Rig"]:
        """Leaving kills the agent and leaves the runtime as it is: entering again is a restart."""
        asyncio.get_running_loop().set_default_executor(Inline())
        self.client.put(*pods)
        self.agent = self.make()
        task = asyncio.create_task(self.agent.run())
        try:
            await self.until(lambda: not wait or self.agent.ready.is_set() or task.done())
            yield self
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        if task.done() and not task.cancelled() and task.exception() is not None:
            raise task.exception()  # type: ignore[misc]

    async def until(self, predicate: Callable[[], object], seconds: float = 0.0) -> None:
        """Let things happen until it holds; ``seconds``: that much time may pass for it, by the clock."""
        step = 0.25
        for _ in range(20 + int(seconds / step)):
            await self.clock.advance(0.0)
            if predicate():
                return
            if seconds > 0:
                await self.clock.advance(step)
                seconds -= step
        raise AssertionError(f"did not come to be within {seconds} s: {self.describe()}")

    async def settle(self, seconds: float = 0.0) -> None:
        """Let that much time pass, and whatever follows happen."""
        left = seconds
        while left > 0:
            await self.clock.advance(min(left, 0.25))
            left -= 0.25
        for _ in range(5):
            await self.clock.advance(0.0)

    def pod(self, name: str = "web") -> Object | None:
        return self.client.find(PODS, name, "default")

    def status(self, name: str = "web") -> Object:
        found = self.pod(name)
        return found["status"] if found else {}

    def container(self, name: str = "web", pod: str = "web") -> Object:
        """Its status."""
        kinds = ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")
        lists = [self.status(pod).get(kind) or [] for kind in kinds]
        return next((each for kind in lists for each in kind if each["name"] == name), {})

    def condition(self, kind: str, name: str = "web") -> Object:
        return next((each for each in self.status(name).get("conditions") or () if each["type"] == kind), {})

    def is_ready(self, name: str = "web") -> bool:
        return bool(self.condition("Ready", name).get("status") == "True")

    def waiting(self, name: str = "web", pod: str = "web") -> str:
        """Why it waits, in one word; empty when it does not."""
        return str((self.container(name, pod).get("state") or {}).get("waiting", {}).get("reason", ""))

    def run_of(self, name: str = "web") -> str:
        """The id of its newest run."""
        return [each.id for each in self.runtime.containers() if each.name == name][-1]

    def said(self, reason: str = "") -> list[str]:
        """Messages of events about pods."""
        events: Sequence[Object] = self.client.all(EVENTS)
        pods = [each for each in events if each["involvedObject"]["kind"] == "Pod"]
        return [each["message"] for each in pods if reason in ("", each["reason"])]

    def update(self, name: str = "web", **spec: Any) -> None:
        """Somebody changes its spec."""
        found = self.pod(name)
        assert found is not None
        found["metadata"]["generation"] += 1
        self.client.put({**found, "spec": {**found["spec"], **spec}})

    def calls(self, *names: str) -> list[tuple[str, ...]]:
        return [call for call in self.runtime.calls if call[0] in names]

    def describe(self) -> str:
        lines = [f"{each['metadata']['name']}: {each.get('status')}" for each in self.client.all(PODS)]
        return "\n".join([*lines, f"calls: {self.runtime.calls}", f"said: {self.said()}"])
