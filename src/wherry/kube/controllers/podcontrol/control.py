"""Makes, deletes, adopts and releases the pods of workloads, says so in events, and expects to see it
(k8s.io/kubernetes pkg/controller/controller_utils.go RealPodControl)."""

from collections.abc import Callable
from functools import partial

from wherry.kube.client.informer import Informer
from wherry.kube.controllers.frame import Needs
from wherry.kube.controllers.podcontrol.batches import at_once
from wherry.kube.controllers.podcontrol.claims import claim
from wherry.kube.controllers.podcontrol.expectations import Expectations
from wherry.kube.controllers.podcontrol.owners import (
    CONTROLLED,
    Workload,
    controlled,
    controlled_index,
    key_of,
    orphans,
)
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.selectors import LabelSelector
from wherry.kube.machinery.status import StatusError

PODS = GroupVersionResource("", "v1", "pods")


class Adoptions:
    """What workloads of one kind control of another kind. ``informer`` shows the latter."""

    def __init__(self, needs: Needs, workload: Workload, informer: Informer, expectations: Expectations) -> None:
        self._client = needs.client
        self._workload = workload
        self._informer = informer
        self._resource = informer.selection.resource
        self._expectations = expectations
        informer.cache.add_index(CONTROLLED, controlled_index)

    async def claim(
        self, owner: Object, selector: LabelSelector, wanted: Callable[[Object], bool] = lambda obj: True
    ) -> list[Object]:
        """The owner's objects, after it has adopted and released what it must, all among those that are ``wanted``.
        Raises StatusError."""
        cache, meta = self._informer.cache, owner["metadata"]
        here = filter(wanted, controlled(cache, meta["uid"]))
        strays = filter(wanted, orphans(cache, meta.get("namespace", ""), selector))
        found = claim(owner, selector, here, strays)
        if found.release:
            await at_once(partial(self.release, owner, each) for each in found.release)
        if not found.adopt:
            return list(found.mine)
        await self._check_alive(owner)
        adopted: list[Object] = []
        await at_once(partial(self._adopt_into, adopted, owner, each) for each in found.adopt)
        return [*found.mine, *adopted]

    async def _adopt_into(self, adopted: list[Object], owner: Object, orphan: Object) -> None:
        if (obj := await self.adopt(owner, orphan)) is not None:
            adopted.append(obj)

    async def _check_alive(self, owner: Object) -> None:
        """Whether it is being deleted cannot be learnt from a cache: what it adopts then would be deleted with it
        (kubernetes/kubernetes#42639)."""
        meta, kind = owner["metadata"], self._workload.kind
        name, namespace = meta["name"], meta.get("namespace", "")
        fresh = (await self._client.get(self._workload.resource, name, namespace))["metadata"]
        if fresh["uid"] != meta["uid"]:
            why = f"original {kind} {namespace}/{name} is gone: got uid {fresh['uid']}, wanted {meta['uid']}"
            raise StatusError(409, "Conflict", why)
        if "deletionTimestamp" in fresh:
            when = fresh["deletionTimestamp"]
            raise StatusError(409, "Conflict", f"{namespace}/{name} has just been deleted at {when}")

    async def adopt(self, owner: Object, orphan: Object) -> Object | None:
        """None: it is gone. Raises StatusError, when somebody else has adopted it among others."""
        return await self._patch(owner, orphan, self._reference_patch(owner))

    def _reference_patch(self, owner: Object) -> Object:
        return {"ownerReferences": [self._workload.reference(owner)]}

    async def release(self, owner: Object, obj: Object) -> None:
        """Raises StatusError."""
        try:
            await self._patch(owner, obj, self._release_patch(owner, obj))
        except StatusError as error:
            # 422: it has no owners any more, or is another object by now. Either way it is released.
            if error.code != 422:
                raise

    def _release_patch(self, owner: Object, obj: Object) -> Object:
        return {"ownerReferences": [{"$patch": "delete", "uid": owner["metadata"]["uid"]}]}

    async def _patch(self, owner: Object, obj: Object, metadata: Object) -> Object | None:
        meta = obj["metadata"]
        patch = {"metadata": {"uid": meta["uid"], **metadata}}
        try:
            changed = await self._client.patch(self._resource, meta["name"], patch, meta.get("namespace", ""))
        except StatusError as error:
            if error.code != 404:
                raise
            return None
        self._expectations.expect(key_of(owner), self._informer, changed)
        return changed


class PodControl(Adoptions):
    """Of the pods of one kind of workload."""

    def __init__(self, needs: Needs, workload: Workload, informer: Informer, expectations: Expectations) -> None:
        super().__init__(needs, workload, informer, expectations)
        self._recorder = needs.recorder.by(workload.component)

    async def create(self, owner: Object, pod: Object) -> Object | None:
        """None: its namespace is ending, there is nothing to be done. Raises StatusError."""
        namespace = owner["metadata"].get("namespace", "")
        try:
            made = await self._client.create(PODS, pod, namespace)
        except StatusError as error:
            if is_ending(error):
                return None
            self._say(owner, "create", pod["metadata"].get("name", ""), error)
            raise
        self._expectations.expect(key_of(owner), self._informer, made)
        self._say(owner, "create", made["metadata"]["name"])
        return made

    async def delete(self, owner: Object, pod: Object) -> None:
        """If it is still there and the same. Raises StatusError."""
        meta = pod["metadata"]
        options = {"preconditions": {"uid": meta["uid"]}}
        try:
            gone = await self._client.delete(PODS, meta["name"], meta.get("namespace", ""), options=options)
        except StatusError as error:
            if error.code == 404 or (error.code == 409 and "UID in precondition" in str(error)):
                return
            self._say(owner, "delete", meta["name"], error)
            raise
        self._expectations.expect(key_of(owner), self._informer, gone)
        self._say(owner, "delete", meta["name"])

    async def change(self, owner: Object, pod: Object, metadata: Object) -> Object | None:
        """Patch its metadata. None: it is gone. Raises StatusError."""
        return await self._patch(owner, pod, metadata)

    def _say(self, owner: Object, verb: str, name: str, error: StatusError | None = None) -> None:
        """``verb``: create, delete."""
        message = self._message(owner, verb, name, error)
        if error is None:
            self.tell(owner, f"Successful{verb.title()}", message)
        else:
            self.warn(owner, f"Failed{verb.title()}", message)

    def _message(self, owner: Object, verb: str, name: str, error: StatusError | None) -> str:
        stem = verb.removesuffix("e")
        return f"{stem.title()}ed pod: {name}" if error is None else f"Error {stem}ing: {error}"

    def tell(self, owner: Object, reason: str, message: str) -> None:
        """An event about the owner."""
        self._recorder.event(self._workload.typed(owner), reason, message)

    def warn(self, owner: Object, reason: str, message: str) -> None:
        """The same of something that is wrong."""
        self._recorder.event(self._workload.typed(owner), reason, message, type="Warning")


class Statuses:
    """Writes the statuses of one kind of workload."""

    def __init__(self, needs: Needs, informer: Informer, expectations: Expectations) -> None:
        self._client = needs.client
        self._informer = informer
        self._resource = informer.selection.resource
        self._expectations = expectations

    async def write(self, owner: Object, status: Object, annotations: Object | None = None) -> Object:
        """If it is another than the owner's. Returns the owner as it is then. Raises StatusError: 409 when the owner
        has changed since it was read."""
        meta = owner["metadata"]
        if annotations is not None and annotations != (meta.get("annotations") or {}):
            owner = {**owner, "metadata": {**meta, "annotations": annotations}}
        elif status == owner.get("status"):
            return owner
        told, namespace = {**owner, "status": status}, meta.get("namespace", "")
        try:
            changed = await self._client.update(self._resource, told, namespace, subresource="status")
        except StatusError as error:
            if error.code != 404:
                raise
            return owner  # it is gone, and its status with it
        self._expectations.expect(key_of(owner), self._informer, changed)
        return changed


def is_ending(error: StatusError) -> bool:
    """The namespace that something should be made in is being deleted."""
    return any(each.get("reason") == "NamespaceTerminating" for each in error.details.get("causes") or ())
