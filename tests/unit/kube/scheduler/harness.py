"""The scheduler's loop on a fake API and a fake clock."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from tests.unit.kube.scheduler.objects import node, pod
from wherry.kube.client.clock import FakeClock, settle
from wherry.kube.client.events import EVENTS, Recorder, Source
from wherry.kube.client.fake import Call, FakeClient
from wherry.kube.client.informers import Informers
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.status import conflict, not_found
from wherry.kube.scheduler.options import Options
from wherry.kube.scheduler.scheduler import Scheduler
from wherry.kube.scheduler.watching import NODES, PODS

USUAL = Options(random_seed=1)


class BindingClient(FakeClient):
    """With the one subresource that a scheduler needs."""

    async def create(
        self, resource: GroupVersionResource, obj: Object, namespace: str = "", *, name: str = "", subresource: str = ""
    ) -> Object:
        if subresource != "binding":
            return await super().create(resource, obj, namespace, name=name, subresource=subresource)
        async with self._writing(Call("create", resource.group_resource, namespace, name, subresource)):
            mine = self.find(resource, name, namespace)
            if mine is None:
                raise not_found(resource.group_resource, name)
            if mine["spec"].get("nodeName") or mine["metadata"]["uid"] != obj["metadata"]["uid"]:
                raise conflict(resource.group_resource, name, "it has a node, or is another")
            mine["spec"]["nodeName"] = obj["target"]["name"]
            self.put(mine)
        return {"kind": "Status", "status": "Success"}


class Rig:
    """A scheduler that runs."""

    def __init__(self, client: BindingClient, scheduler: Scheduler) -> None:
        self.client = client
        self.scheduler = scheduler
        assert isinstance(client.clock, FakeClock)
        self.clock = client.clock

    async def settle(self, seconds: float = 0.0) -> None:
        """Let everything happen that can, and that much time pass."""
        for _ in range(5):
            await settle(100)
        if seconds:
            await self.clock.advance(seconds)
            await settle(200)

    async def put(self, *objects: Object) -> None:
        self.client.put(*objects)
        await self.settle()

    def pod(self, name: str = "p", namespace: str = "default") -> Object:
        found = self.client.find(PODS, name, namespace)
        assert found is not None, f"there is no pod {name}"
        return found

    def node_of(self, name: str = "p") -> str:
        """Empty: none."""
        found: str = self.pod(name)["spec"].get("nodeName", "")
        return found

    def is_ending(self, name: str) -> bool:
        return "deletionTimestamp" in self.pod(name)["metadata"]

    def condition(self, name: str = "p", kind: str = "PodScheduled") -> Object:
        conditions = self.pod(name).get("status", {}).get("conditions") or ()
        return next((each for each in conditions if each["type"] == kind), {})

    def events(self, reason: str = "") -> list[str]:
        """``name: message`` of each."""
        found = sorted(self.client.all(EVENTS), key=lambda each: int(each["metadata"]["resourceVersion"]))
        return [
            f"{each['involvedObject']['name']}: {each['message']}" for each in found
            if not reason or each["reason"] == reason
        ]  # fmt: skip


@contextlib.asynccontextmanager
async def running(*objects: Object, options: Options = USUAL) -> AsyncIterator[Rig]:
    client = BindingClient(*objects)
    async with Informers(client, client.clock) as informers:
        recorder = Recorder(client, Source("control"), client.clock)
        scheduler = Scheduler(client, informers, recorder, client.clock, options)
        tasks = [asyncio.ensure_future(recorder.run()), asyncio.ensure_future(scheduler.run())]
        rig = Rig(client, scheduler)
        await rig.settle()
        try:
            yield rig
            assert not any(task.done() for task in tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def pending(name: str = "p", **more: object) -> Object:
    """A new one, as the API has it."""
    return pod(name, status={"phase": "Pending"}, **more)


__all__ = ["NODES", "PODS", "BindingClient", "Rig", "node", "pending", "running"]
