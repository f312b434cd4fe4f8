"""A node agent that starts every pod at once, for clusters without nodes that run anything."""

from collections.abc import Callable

from wherry.kube.client.workqueue import WorkQueue
from wherry.kube.controllers.frame import Key, Needs
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.status import StatusError
from wherry.kube.machinery.times import rfc3339

PODS = GroupVersionResource("", "v1", "pods")


def runs(pod: Object) -> str:
    return "Running"


class Kubelet:
    """A Runnable. It binds pods to ``node``, makes them what ``fate`` says (``Running``, that is ready; ``Unready``;
    ``Pending``; ``Succeeded``; ``Failed``), and lets those go that are deleted. Pods of other nodes, given to them by a
    scheduler or a controller, are run as well: it is the agent of all nodes."""

    name = "kubelet"

    def __init__(self, needs: Needs, fate: Callable[[Object], str] = runs, node: str = "n1") -> None:
        self._client = needs.client
        self._clock = needs.clock
        self._pods = needs.informers.of(PODS)
        self._fate = fate
        self._node = node

    async def run(self) -> None:
        queue: WorkQueue[Key] = WorkQueue(self._clock)

        def changed(old: Object | None, new: Object | None) -> None:
            if new is not None:
                queue.add(Key(new["metadata"]["namespace"], new["metadata"]["name"]))

        self._pods.add_handler(changed)
        while True:
            key = await queue.get()
            pod = self._pods.cache.get(key.name, key.namespace)
            if pod is not None:
                try:
                    await self._look(pod)
                except StatusError as error:
                    if error.code not in (404, 409):
                        raise
            queue.done(key)

    async def _look(self, pod: Object) -> None:
        meta, status = pod["metadata"], pod.get("status") or {}
        if "deletionTimestamp" in meta:
            if meta.get("deletionGracePeriodSeconds"):
                options = {"gracePeriodSeconds": 0, "preconditions": {"uid": meta["uid"]}}
                await self._client.delete(PODS, meta["name"], meta["namespace"], options=options)
            return
        fate = self._fate(pod)
        if fate == "Pending" or status.get("phase") in ("Succeeded", "Failed"):
            return
        if not pod["spec"].get("nodeName"):
            await self._bind(meta)
            return
        wanted = self._status(fate)
        if status.get("phase") != wanted["phase"] or _is_ready(status) != (fate == "Running"):
            changed = {**pod, "status": {**status, **wanted}}
            await self._client.update(PODS, changed, meta["namespace"], subresource="status")

    async def _bind(self, meta: Object) -> None:
        binding = {
            "apiVersion": "v1", "kind": "Binding", "metadata": {"name": meta["name"], "namespace": meta["namespace"]},
            "target": {"apiVersion": "v1", "kind": "Node", "name": self._node},
        }  # fmt: skip
        await self._client.create(PODS, binding, meta["namespace"], name=meta["name"], subresource="binding")

    def _status(self, fate: str) -> Object:
        ready = {"type": "Ready", "status": "True" if fate == "Running" else "False"}
        ready["lastTransitionTime"] = rfc3339(self._clock.now())
        return {"phase": "Running" if fate == "Unready" else fate, "conditions": [ready]}


def _is_ready(status: Object) -> bool:
    return any(each["type"] == "Ready" and each["status"] == "True" for each in status.get("conditions") or ())
