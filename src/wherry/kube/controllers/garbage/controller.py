"""Looks at what the graph suspects: fetches the facts, plans, acts."""

import asyncio
import logging
from collections.abc import Iterable

from wherry.kit.errors import WherryError
from wherry.kube.client.discovery import ResourceType
from wherry.kube.client.model import PatchType, View
from wherry.kube.client.workqueue import WorkQueue
from wherry.kube.controllers.frame import Needs, complain
from wherry.kube.controllers.garbage import plan as planning
from wherry.kube.controllers.garbage.graph import Graph, Node, OwnerRef, node_of
from wherry.kube.controllers.garbage.monitors import Monitors
from wherry.kube.controllers.garbage.plan import Facts, Standing, plan
from wherry.kube.machinery.model import GroupKind, Object
from wherry.kube.machinery.selectors import FieldTerm
from wherry.kube.machinery.status import StatusError

logger = logging.getLogger(__name__)

WORKERS = 64
"""Each waits for the disk most of the time, and all that wait share one commit: with the 20 of kube-controller-manager
(--concurrent-gc-syncs), whose commits are etcd's, a large deployment goes at the pace of twenty pods a commit."""
UNSEEN_SECONDS = 30.0
"""After which an object is looked at again whose owner is there, but would not be heard of when it goes."""
SYNC_SECONDS = 30.0
"""How long a start waits until all that has ties has been listed."""
DISCOVERY_SECONDS = 5.0


class NotYet(Exception):
    """Something must be known before this can be decided; look again."""


class GarbageCollector:
    """A Runnable."""

    name = "garbage-collector"

    def __init__(self, needs: Needs) -> None:
        self._needs = needs
        self._client = needs.client

    def _begin(self, group: asyncio.TaskGroup) -> None:
        self._graph = Graph()
        self._monitors = Monitors(self._client, self._needs.clock, group, self._graph, self._queue.add)

    async def run(self) -> None:
        """Until cancelled. When it has ended it may be run again, and begins anew."""
        self._queue: WorkQueue[str] = WorkQueue(self._needs.clock)
        changed = asyncio.Event()
        unsubscribe = self._needs.discovery.subscribe(changed.set)
        try:
            async with asyncio.TaskGroup() as group:
                self._begin(group)
                first = asyncio.Event()
                group.create_task(self._follow(changed, first), name=f"{self.name} discovery")
                await first.wait()
                await self._wait_synced()
                for _ in range(WORKERS):
                    group.create_task(self._work(), name=self.name)
        finally:
            unsubscribe()
            self._queue.close()

    async def _follow(self, changed: asyncio.Event, first: asyncio.Event) -> None:
        while True:
            changed.clear()
            try:
                self._monitors.update(list(await self._needs.discovery.resources()))
            except (WherryError, OSError) as error:
                logger.warning("%s: discovery: %s", self.name, error)
                self._needs.clock.call_later(DISCOVERY_SECONDS, changed.set)
            else:
                first.set()
            await changed.wait()

    async def _wait_synced(self) -> None:
        """Most suspicions of a start are gone when everything has been listed: dependents came before their owners.
        One that cannot be listed does not hold up all others, though."""
        waited = 0.0
        while not self._monitors.is_synced and waited < SYNC_SECONDS:
            await self._needs.clock.sleep(0.1)
            waited += 0.1

    async def _work(self) -> None:
        while True:
            uid = await self._queue.get()
            try:
                again = await self.look(uid)
            except NotYet as error:
                logger.debug("%s: %s", self.name, error)
                self._queue.add_failed(uid)
            except Exception as error:
                complain(self.name, uid, error)
                self._queue.add_failed(uid)
            else:
                self._queue.forget(uid)
                if again is not None:
                    self._queue.add_after(uid, again)
            finally:
                self._queue.done(uid)

    async def look(self, uid: str) -> float | None:
        """Do one step for an object, if it needs one. Returns as :meth:`Reconciler.reconcile` does."""
        node = self._graph.node(uid)
        if node is None:
            return None
        if not (node.waits or node.orphans) and (node.deleting or not self._graph.is_suspect(node)):
            return None
        await asyncio.sleep(0)  # in the server's own process answers come without a pause: others want their turns, too
        live = await self._get(node.type, node.name, node.namespace)
        if live is None or live["metadata"].get("uid") != uid:
            return UNSEEN_SECONDS  # its end is about to be told; if it is not, look again
        item = node_of(node.type, live)
        if (item.waits or item.orphans) and not self._monitors.is_synced:
            raise NotYet(f"{item.name}: not all dependents are known yet")
        owners = [] if item.deleting else [(each, await self._standing(each, item)) for each in item.owners]
        finalizers = tuple(live["metadata"].get("finalizers") or ())
        await self._act(plan(Facts(item, finalizers, owners, self._graph.dependents(uid))), item, live)
        unseen = any(self._graph.node(each.uid) is None for each, standing in owners if standing is Standing.SOLID)
        return UNSEEN_SECONDS if unseen else None

    async def _standing(self, reference: OwnerRef, item: Node) -> Standing:
        type = self._monitors.type_of(GroupKind(reference.group, reference.kind))
        scopes = (type.namespaced,) if type else (True, False)
        if any(self._graph.is_known_absent(reference, namespaced) for namespaced in scopes):
            return Standing.ABSENT
        if type is None:
            raise NotYet(f"{item.name}: no kind {reference.kind} in {reference.api_version} is served")
        if type.namespaced and not item.namespace:
            # What has no namespace cannot be owned by what has one; whom it means cannot be known: never delete.
            self._report(reference, item)
            return Standing.SOLID
        losses = self._graph.losses
        owner = await self._get(type, reference.name, reference.namespace if type.namespaced else "")
        if owner is None or owner["metadata"].get("uid") != reference.uid:
            self._graph.note_absent(reference, type.namespaced)
            if type.namespaced and await self._is_elsewhere(reference, type):
                self._report(reference, item)
            return Standing.ABSENT
        if self._monitors.hears_of(type):
            self._suspect(self._graph.meet(type, owner, losses))
        return Standing.WAITING if node_of(type, owner).waits else Standing.SOLID

    async def _is_elsewhere(self, reference: OwnerRef, type: ResourceType) -> bool:
        """Whether the owner that is not where it should be is in another namespace."""
        known = self._graph.node(reference.uid)
        if known is not None:
            return known.type.namespaced and known.namespace != reference.namespace
        named = str(FieldTerm("metadata.name", reference.name))
        page = await self._client.list(type.resource, fields=named, shared=True, view=View.BARE)
        return any(each["metadata"].get("uid") == reference.uid for each in page.items)

    def _suspect(self, uids: Iterable[str]) -> None:
        for uid in uids:
            self._queue.add(uid)

    def _report(self, reference: OwnerRef, item: Node) -> None:
        """Tell people of a reference that cannot mean what they meant: its owner is in another namespace."""
        shown = f"{reference.api_version}/{reference.kind}, namespace: {reference.namespace}, name: {reference.name}"
        about = {
            "kind": item.type.kind, "namespace": item.namespace, "name": item.name, "uid": item.uid,
            "apiVersion": str(item.type.resource.group_version),
        }  # fmt: skip
        self._needs.recorder.event(
            about, "OwnerRefInvalidNamespace",
            f'ownerRef [{shown}, uid: {reference.uid}] does not exist in namespace "{item.namespace}"', type="Warning",
        )  # fmt: skip

    async def _get(self, type: ResourceType, name: str, namespace: str) -> Object | None:
        try:
            return await self._client.get(type.resource, name, namespace)
        except StatusError as error:
            if error.code != 404:
                raise
            return None

    async def _act(self, action: planning.Action, item: Node, live: Object) -> None:
        if isinstance(action, planning.RemoveFinalizer):
            await self._remove_finalizer(item, live, action.finalizer)
        elif isinstance(action, planning.Orphan):
            for dependent in action.dependents:
                await self._release(dependent, item.uid)
            await self._remove_finalizer(item, live, "orphan")
        elif isinstance(action, planning.LookAt):
            self._suspect(action.uids)
        elif isinstance(action, planning.DropOwners):
            await self._write_owners(item, live, [each for each in _owners(live) if each.get("uid") not in action.uids])
        elif isinstance(action, planning.Delete):
            await self._delete(item, live, action)

    async def _release(self, dependent: Node, owner: str) -> None:
        """Take a reference out of it, if it is still there and has it."""
        live = await self._get(dependent.type, dependent.name, dependent.namespace)
        if live is None or live["metadata"].get("uid") != dependent.uid:
            return
        kept = [each for each in _owners(live) if each.get("uid") != owner]
        if len(kept) != len(_owners(live)):
            await self._write_owners(dependent, live, kept)

    async def _write_owners(self, item: Node, live: Object, owners: list[Object]) -> Object:
        return await self._patch(item, live, {"ownerReferences": owners or None})

    async def _remove_finalizer(self, item: Node, live: Object, finalizer: str) -> None:
        kept = [each for each in live["metadata"].get("finalizers") or () if each != finalizer]
        await self._patch(item, live, {"finalizers": kept or None})

    async def _patch(self, item: Node, live: Object, metadata: Object) -> Object:
        """Only if it is still as it was when this was decided. Raises StatusError 409 otherwise."""
        meta = {**metadata, "uid": item.uid, "resourceVersion": live["metadata"]["resourceVersion"]}
        return await self._client.patch(
            item.type.resource, item.name, {"metadata": meta}, item.namespace, type=PatchType.MERGE
        )

    async def _delete(self, item: Node, live: Object, action: planning.Delete) -> None:
        if action.unblock:
            live = await self._write_owners(
                item, live, [{**each, "blockOwnerDeletion": False} for each in _owners(live)]
            )
        preconditions = {"uid": item.uid, "resourceVersion": live["metadata"]["resourceVersion"]}
        options = {"propagationPolicy": action.policy, "preconditions": preconditions}
        try:
            await self._client.delete(item.type.resource, item.name, item.namespace, options=options)
        except StatusError as error:
            if error.code != 404:
                raise


def _owners(live: Object) -> list[Object]:
    return list(live["metadata"].get("ownerReferences") or ())
