"""Empties namespaces that end, round by round."""

import asyncio

from wherry.kit.errors import WherryError
from wherry.kube.client.discovery import ResourceType
from wherry.kube.controllers.frame import Interest, Key, Needs
from wherry.kube.controllers.namespace.conditions import Found, conditions
from wherry.kube.machinery.model import GroupResource, GroupVersionResource, Object
from wherry.kube.machinery.status import StatusError
from wherry.kube.machinery.times import parse

NAMESPACES = GroupVersionResource("", "v1", "namespaces")
PODS = GroupResource("", "pods")
KUBERNETES = "kubernetes"
"""The finalizer in ``spec`` that stands for this controller."""
NEEDED = frozenset({"delete", "list"})
PAGE_OBJECTS = 500
AT_ONCE = 32
_SOON_SECONDS, _LATE_SECONDS = 0.2, 15.0


class NamespaceController:
    """A Reconciler; keys are namespaces."""

    name = "namespace-controller"

    def __init__(self, needs: Needs) -> None:
        self._client = needs.client
        self._discovery = needs.discovery
        self._clock = needs.clock
        self.interests = (Interest(needs.informers.of(NAMESPACES)),)

    async def reconcile(self, key: Key) -> float | None:
        namespace = await self._get(key.name)
        if namespace is None or "deletionTimestamp" not in namespace["metadata"]:
            return None
        if KUBERNETES not in (namespace.get("spec", {}).get("finalizers") or ()):
            return None
        found = await self._empty(key.name)
        namespace = await self._tell(namespace, found)
        if not found.is_done:
            return self._next_round(namespace, found)
        spec = {**namespace.get("spec", {})}
        spec["finalizers"] = [each for each in spec["finalizers"] if each != KUBERNETES]
        await self._client.update(NAMESPACES, {**namespace, "spec": spec}, subresource="finalize")
        return None

    async def _get(self, name: str) -> Object | None:
        try:
            return await self._client.get(NAMESPACES, name)
        except StatusError as error:
            if error.code != 404:
                raise
            return None

    def _next_round(self, namespace: Object, found: Found) -> float:
        """The longer it has taken, the later: what is quick to end is not waited for, what is slow not pestered."""
        taken = (self._clock.now() - parse(namespace["metadata"]["deletionTimestamp"])).total_seconds()
        limit = (
            min(_LATE_SECONDS, found.longest_grace_seconds / 2 + 1) if found.longest_grace_seconds else _LATE_SECONDS
        )
        return min(max(taken / 4, _SOON_SECONDS), limit)

    async def _empty(self, namespace: str) -> Found:
        """One round: delete what is there, and see what is left. While there are pods, nothing else is touched."""
        found = Found()
        try:
            types = [each for each in await self._discovery.resources() if each.namespaced and each.verbs >= NEEDED]
        except (WherryError, OSError) as error:
            found.discovery_error = str(error)
            types = []
        pods = [each for each in types if each.resource.group_resource == PODS]
        for each in pods:
            await self._delete_all(each, namespace, found)
        if found.remaining or found.errors:
            return found
        for each in types:
            if each not in pods:
                await self._delete_all(each, namespace, found)
        return found

    async def _delete_all(self, type: ResourceType, namespace: str, found: Found) -> None:
        try:
            objects = await self._list(type, namespace)
            living = [obj for obj in objects if "deletionTimestamp" not in obj["metadata"]]
            for start in range(0, len(living), AT_ONCE):
                found.errors += await self._delete_some(type, living[start : start + AT_ONCE])
            left = await self._list(type, namespace) if objects else []
        except (WherryError, OSError) as error:
            found.errors.append(str(error))
            return
        if left:
            found.remaining[type.resource.group_resource] = len(left)
        for obj in left:
            meta = obj["metadata"]
            for finalizer in meta.get("finalizers") or ():
                found.finalizers[finalizer] = found.finalizers.get(finalizer, 0) + 1
            grace = meta.get("deletionGracePeriodSeconds") or 0
            found.longest_grace_seconds = max(found.longest_grace_seconds, grace)

    async def _list(self, type: ResourceType, namespace: str) -> list[Object]:
        objects: list[Object] = []
        token = ""
        while True:
            page = await self._client.list(type.resource, namespace, limit=PAGE_OBJECTS, token=token)
            objects += page.items
            token = page.token
            if not token:
                return objects

    async def _delete_some(self, type: ResourceType, objects: list[Object]) -> list[str]:
        """At once, so that the store can write them together. Returns what went wrong."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._delete(type, obj)) for obj in objects]
        return [error for task in tasks if (error := task.result())]

    async def _delete(self, type: ResourceType, obj: Object) -> str:
        meta = obj["metadata"]
        options = {"propagationPolicy": "Background", "preconditions": {"uid": meta["uid"]}}
        try:
            await self._client.delete(type.resource, meta["name"], meta["namespace"], options=options)
        except (WherryError, OSError) as error:
            # Gone, or another one by now: the next round looks again.
            return "" if isinstance(error, StatusError) and error.code in (404, 409) else str(error)
        return ""

    async def _tell(self, namespace: Object, found: Found) -> Object:
        """Write the conditions, where they say something new."""
        status = {**(namespace.get("status") or {}), "phase": "Terminating"}
        status["conditions"] = conditions(status.get("conditions") or [], found, self._clock.now())
        if status == namespace.get("status"):
            return namespace
        return await self._client.update(NAMESPACES, {**namespace, "status": status}, subresource="status")
