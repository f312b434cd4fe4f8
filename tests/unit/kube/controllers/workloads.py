"""Objects for tests of workloads, and a node agent that runs every pod at once."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from tests.unit.kube.controllers.harness import PODS
from wherry.kube.client.fake import FakeClient
from wherry.kube.client.model import Changed, View
from wherry.kube.client.workqueue import WorkQueue
from wherry.kube.controllers.frame import Key, Needs
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.status import StatusError
from wherry.kube.machinery.times import rfc3339

LABELS = {"app": "web"}
TEMPLATE: Object = {
    "metadata": {"labels": LABELS},
    "spec": {"containers": [{"name": "c", "image": "demo:1"}], "terminationGracePeriodSeconds": 30},
}


def template(image: str = "demo:1", **labels: str) -> Object:
    spec = {**TEMPLATE["spec"], "containers": [{"name": "c", "image": image}]}
    return {"metadata": {"labels": {**LABELS, **labels}}, "spec": spec}


def workload(kind: str, name: str = "web", api: str = "apps/v1", **spec: Any) -> Object:
    whole = {"replicas": 3, "selector": {"matchLabels": LABELS}, "template": template(), **spec}
    meta = {"name": name, "namespace": "default", "uid": f"uid-{name}", "generation": 1}
    return {"apiVersion": api, "kind": kind, "metadata": meta, "spec": whole, "status": {"replicas": 0}}


def reference(owner: Object) -> Object:
    meta = owner["metadata"]
    return {
        "apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": meta["name"], "uid": meta["uid"],
        "controller": True, "blockOwnerDeletion": True,
    }  # fmt: skip


def pod(
    name: str = "p", owner: Object | None = None, *, phase: str = "Running", ready: bool | str = True, node: str = "n1",
    **meta: object,
) -> Object:  # fmt: skip
    """``ready`` may say since when."""
    found: Object = {"name": name, "namespace": "default", "uid": f"uid-{name}", "labels": LABELS}
    found["creationTimestamp"] = "2026-01-01T00:00:00Z"
    if owner is not None:
        found["ownerReferences"] = [reference(owner)]
    status: Object = {"phase": phase}
    if ready:
        since = ready if isinstance(ready, str) else "2026-01-01T00:00:00Z"
        status["conditions"] = [{"type": "Ready", "status": "True", "lastTransitionTime": since}]
    spec = {"nodeName": node} if node else {}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {**found, **meta}, "spec": spec, "status": status}


class Kubelet:
    """A Runnable: gives pods without a node one, makes them run and ready, and lets those go that are deleted.
    ``fate`` says of a pod what becomes of it: ``Running``, ``Unready``, ``Pending`` (nothing), ``Succeeded``,
    ``Failed``."""

    name = "kubelet"

    def __init__(self, needs: Needs, fate: Callable[[Object], str] = lambda pod: "Running") -> None:
        self._client = needs.client
        self._clock = needs.clock
        self._pods = needs.informers.of(PODS)
        self._fate = fate

    async def run(self) -> None:
        queue: WorkQueue[Key] = WorkQueue(self._clock)

        def changed(old: Object | None, new: Object | None) -> None:
            if new is not None:
                queue.add(Key(new["metadata"]["namespace"], new["metadata"]["name"]))

        self._pods.add_handler(changed)
        while True:
            key = await queue.get()
            found = self._pods.cache.get(key.name, key.namespace)
            if found is not None:
                try:
                    await self._look(found)
                except StatusError as error:
                    if error.code not in (404, 409):
                        raise
            queue.done(key)

    async def _look(self, found: Object) -> None:
        meta, fate = found["metadata"], self._fate(found)
        is_over = (found.get("status") or {}).get("phase") in ("Succeeded", "Failed")
        if "deletionTimestamp" in meta:
            if not meta["deletionGracePeriodSeconds"]:
                return  # something else holds it
            await self._client.delete(PODS, meta["name"], meta["namespace"], options={"gracePeriodSeconds": 0})
            return
        if fate == "Pending" or is_over:
            return
        if not found["spec"].get("nodeName"):
            bound = {**found, "spec": {**found["spec"], "nodeName": "n1"}}
            found = await self._client.update(PODS, bound, meta["namespace"])
        status: Object = {"phase": "Running" if fate == "Unready" else fate}
        if fate == "Running":
            since = rfc3339(self._clock.now())
            status["conditions"] = [{"type": "Ready", "status": "True", "lastTransitionTime": since}]
        if (found.get("status") or {}).get("phase") != status["phase"] or self._differs(found, status):
            await self._client.update(PODS, {**found, "status": status}, meta["namespace"], subresource="status")

    def _differs(self, found: Object, status: Object) -> bool:
        return bool(found["status"].get("conditions")) != bool(status.get("conditions"))


class LateClient(FakeClient):
    """Tells of changes only ``seconds`` after they happened."""

    def __init__(self, *objects: Object, seconds: float) -> None:
        super().__init__(*objects)
        self._seconds = seconds

    @asynccontextmanager
    async def watch(
        self, resource: GroupVersionResource, namespace: str = "", *, labels: str = "", fields: str = "",
        resource_version: str = "", view: View = View.WHOLE,
    ) -> AsyncIterator[AsyncIterator[Changed]]:  # fmt: skip
        async with super().watch(resource, namespace, labels=labels, fields=fields,
                                 resource_version=resource_version, view=view) as changes:  # fmt: skip
            yield self._late(changes)

    async def _late(self, changes: AsyncIterator[Changed]) -> AsyncIterator[Changed]:
        async for change in changes:
            await self.clock.sleep(self._seconds)
            yield change


async def until(condition: Callable[[], bool], turns: int = 2000) -> None:
    """Give everything its turns until the condition holds. Time stands still."""
    for _ in range(turns):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came")
