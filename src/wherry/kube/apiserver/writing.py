"""Writes: create and change, in the one order that all kinds share.

decode, convert to the storage version, default, prepare, admit, track the fields' owners, validate, store. A change is
made of the object as it is, and again when somebody was quicker, unless its version was named. (Webhooks: after admit.)
"""

from collections.abc import Coroutine, Iterable
from typing import Any

import msgspec
from msgspec.structs import replace

from wherry.kube.apiserver import decoding, deletion, metadata, steps, tracking
from wherry.kube.apiserver.admission.every import Admission, Ask, asked
from wherry.kube.apiserver.admission.plugin import new_object
from wherry.kube.apiserver.aside import OBJECT_LARGE_BYTES, Aside
from wherry.kube.apiserver.caches import Caches
from wherry.kube.apiserver.call import Call, Outcome
from wherry.kube.apiserver.entries import Entry
from wherry.kube.apiserver.expiry import EXPIRING, Leases
from wherry.kube.apiserver.held import SERVICES
from wherry.kube.apiserver.model import AdmissionRequest, Operation
from wherry.kube.apiserver.reservations import NOTHING, Reservations, Reserved
from wherry.kube.apiserver.stored import copied, served, unversioned, value_of
from wherry.kube.apiserver.underway import Underway
from wherry.kube.kinds.model import Context
from wherry.kube.machinery import status
from wherry.kube.machinery.fielderrors import invalid
from wherry.kube.machinery.model import GroupResource, Object
from wherry.kube.machinery.patches.values import same
from wherry.store.model import Compare, Delete, Mismatch, Put, Store
from wherry.store.model import Operation as StoreOperation

NAME_TRIES = 8  # apiserver pkg/registry/rest/create.go maxNameGenerationCreateAttempts
OBJECT_BYTES = 3 * 1024 * 1024 // 2  # etcd --max-request-bytes
TRIES = 100
"""How often a change is made again when somebody else was quicker (upstream: without limit, GuaranteedUpdate)."""
_STATUS = "status"


class Part(msgspec.Struct, frozen=True):
    """Which part of an object a change is about: all but the status (empty), the status, or a subresource."""

    subresource: str = ""

    @property
    def is_status(self) -> bool:
        return self.subresource == _STATUS


WHOLE = Part()


class Writes:
    """See the module."""

    def __init__(
        self,
        store: Store,
        caches: Caches,
        admission: Admission,
        reservations: Reservations,
        uid: metadata.Uid,
        aside: Aside,
    ) -> None:
        self.aside = aside
        self._store = store
        self._is_local = store.is_local
        self._caches = caches
        self._admission = admission
        self._reservations = reservations
        self._uid = uid
        self._leases = Leases(store)
        self._underway = Underway()

    # Creating.

    def create(self, call: Call) -> Coroutine[Any, Any, Outcome]:
        """POST. Raises StatusError."""
        return self._create_large(call) if call.is_large else self.create_object(call, decoding.read(call))

    async def _create_large(self, call: Call) -> Outcome:
        return await self.create_object(call, await self.aside.do(decoding.read, call))

    async def create_object(self, call: Call, obj: Object, tracker: tracking.Tracker | None = None) -> Outcome:
        """Of a read object, in the version of the call; it is taken over."""
        kind = call.served.kind
        decoding.check_place(call, obj, call.served)
        if not call.served.is_storage:
            obj = call.served.to_storage(obj)
        if call.is_large:
            await self.aside.do(steps.default, call, obj)
        else:
            steps.default(call, obj)
        metadata.begin(obj, kind, call.now, self._uid())
        if kind.default_finalizers:
            obj["metadata"].setdefault("finalizers", []).extend(kind.default_finalizers)
        context = call.context()
        kind.strategy.prepare_create(obj, context)
        if kind.has_status and not kind.custom:
            obj.setdefault("status", {})  # as Go's encoder leaves it
        request = _request(call, context, Operation.CREATE, obj, None)
        chosen = self._admission.chosen(kind.resource, Operation.CREATE, "")
        try:
            for admit in chosen.admit:
                if (waits := admit(request)) is not None:
                    await waits
            tracker = tracker or tracking.Tracker(call)
            if call.is_large:
                await self.aside.do(tracker.created, obj)
            else:
                tracker.created(obj)
            outcome = await self._insert(call, context, request, chosen.validate)
        except BaseException:
            await _tell(request, False)
            raise
        if request.after:
            await _tell(request, True)
        return outcome

    async def _insert(
        self, call: Call, context: Context, request: AdmissionRequest, validate: Iterable[Ask]
    ) -> Outcome:
        """With other addresses when those were taken meanwhile, with another generated name when there is one such."""
        kind, storage, namespace = call.served.kind, call.served.storage, call.namespace
        obj = draft = new_object(request)
        reserved = NOTHING
        for attempt in range(TRIES):
            if kind.resource == SERVICES:
                request.object = obj = copied(draft)
                reserved = self._reservations.of(kind, obj, None)
            if call.is_large:
                await self.aside.do(steps.check_new, call, context, obj)
            else:
                steps.check_new(call, context, obj)
            for ask in validate:
                if (waits := ask(request)) is not None:
                    await waits
            name, value = obj["metadata"]["name"], _stored(obj)
            if context.dry_run:
                if self._caches.of(storage).entry(name, namespace) is not None:
                    raise status.already_exists(call.resource, name)
                return Outcome(201, unversioned(value))
            key = f"{call.served.prefix}{namespace}/{name}"
            try:
                lease = await self._leases.of(storage) if storage in EXPIRING else 0
                operations: list[StoreOperation] = [Put(key, value, lease), *reserved.operations]
                revision = await self._store.commit([Compare(key, 0), *reserved.compares], operations)
            except Mismatch as error:
                generated = draft["metadata"].get("generateName")
                if error.key == key and (not generated or call.info.name or attempt == NAME_TRIES - 1):
                    raise status.already_exists(call.resource, name) from error
                if error.key == key:
                    draft["metadata"]["name"] = metadata.generated_name(generated)
                await _tell(request, False)  # it is judged again, and charged again
                request.after.clear()
                continue
            if revision > self._caches.revision:
                await self.wait(revision)
            return Outcome(201, self._written(storage, namespace, name, value, revision))
        raise status.internal_error("no free address was found; try again")

    # Changing.

    async def update(self, call: Call, part: Part = WHOLE) -> Outcome:
        """PUT, of the object or its status. Raises StatusError."""
        obj = (
            await self.aside.do(steps.read, call, part.is_status) if call.is_large else steps.read(call, part.is_status)
        )
        kind = call.served.kind
        if not kind.allow_unconditional_update and not obj["metadata"].get("resourceVersion"):
            found = [invalid("metadata.resourceVersion", "", "must be specified for an update")]
            raise status.invalid(kind.group_kind, obj["metadata"]["name"], found)

        fresh = [obj]  # a write changes what it is given

        def make(_: Entry) -> Object:
            return (
                fresh.pop() if fresh else steps.read(replace(call, warnings=[]), part.is_status)
            )  # who is warned once, has been

        if kind.allow_create_on_update and not part.subresource:
            await self._caches.current()
            if self._caches.of(call.storage).entry(call.info.name, call.namespace) is None:
                return await self.create_object(call, call.served.from_storage(obj))
        return await self.change(call, make, part)

    async def change(
        self, call: Call, make: steps.Make, part: Part = WHOLE, tracker: tracking.Tracker | None = None
    ) -> Outcome:
        """Make an object into what ``make`` says, by all the rules. Raises StatusError.

        ``make`` may be called again with a newer object. Without a ``tracker`` the caller owns what changes.
        """
        name = call.info.name
        for _ in range(TRIES):
            await self._underway.settled(f"{call.served.prefix}{call.namespace}/{name}")
            entry = await self.entry(call, name)
            is_large = call.is_large = call.is_large or len(entry.raw) > OBJECT_LARGE_BYTES
            old, new = await self.aside.do(steps.made, make, entry) if is_large else (entry.object, make(entry))
            pinned = metadata.check_revision(new, entry.revision, call)
            new["metadata"]["resourceVersion"] = old["metadata"]["resourceVersion"]
            try:
                return await self._replace(call, new, old, entry, part, tracker)
            except Mismatch as error:
                if pinned and error.key == _key(call, entry):
                    raise status.conflict(call.resource, name, status.CHANGED) from error
                if error.item is not None:
                    await self._caches.reached(error.item.revision)
        raise status.conflict(call.resource, name, status.CHANGED)

    async def entry(self, call: Call, name: str) -> Entry:
        """The object as it is now. Raises StatusError when there is none."""
        if not self._is_local:
            await self._caches.current()
        entry = self._caches.of(call.storage).entry(name, call.namespace)
        if entry is None:
            raise status.not_found(call.resource, name)
        return entry

    async def entries(self, call: Call) -> list[Entry]:
        """All objects that a collection's URL names, as they are now."""
        await self._caches.current()
        namespace = call.namespace if call.info.namespace and call.served.kind.namespaced else None
        return list(self._caches.of(call.storage).entries(namespace))

    async def wait(self, revision: int) -> None:
        """Until the caches are that new."""
        await self._caches.reached(revision)

    async def _replace(
        self, call: Call, new: Object, old: Object, entry: Entry, part: Part, tracker: tracking.Tracker | None
    ) -> Outcome:
        kind, subresource = call.served.kind, part.subresource
        context = call.context(subresource)
        if call.is_large:
            await self.aside.do(steps.prepare, call, context, new, old)
        else:
            steps.prepare(call, context, new, old)
        reserved = self._reservations.of(kind, new, old) if not subresource else NOTHING
        request = _request(call, context, Operation.UPDATE, new, old)
        chosen = self._admission.chosen(kind.resource, Operation.UPDATE, subresource)
        try:
            for admit in chosen.admit:
                if (waits := admit(request)) is not None:
                    await waits
            tracker = tracker or tracking.Tracker(call, subresource)
            if call.is_large:
                await self.aside.do(steps.check_changed, call, context, new, old, tracker)
            else:
                steps.check_changed(call, context, new, old, tracker)
            for ask in chosen.validate:
                if (waits := ask(request)) is not None:
                    await waits
            outcome = await self._store_change(call, context, new, entry, reserved)
        except BaseException:
            await _tell(request, False)
            raise
        if request.after:
            await _tell(request, True)
        return outcome

    async def _store_change(
        self, call: Call, context: Context, new: Object, entry: Entry, reserved: Reserved
    ) -> Outcome:
        if deletion.is_finished(call.served.kind, new):
            revision = entry.revision if context.dry_run else await self.remove(call, entry)
            return Outcome(200, served(value_of(new), revision))
        if same(new, entry.object):
            return Outcome(200, entry.raw)
        value = _stored(new)
        if context.dry_run:
            return Outcome(200, served(value, entry.revision))
        storage, key = call.served.storage, _key(call, entry)
        lease = await self._leases.of(storage) if storage in EXPIRING else 0
        operations: list[StoreOperation] = [Put(key, value, lease), *reserved.operations]
        is_alone = self._underway.begin(key)
        try:
            revision = await self._store.commit([Compare(key, entry.revision), *reserved.compares], operations)
            if revision > self._caches.revision:
                await self.wait(revision)
        finally:
            if is_alone:
                self._underway.end(key)
        return Outcome(200, self._written(storage, entry.namespace, entry.name, value, revision))

    def _written(self, storage: GroupResource, namespace: str, name: str, value: bytes, revision: int) -> bytes:
        """What was stored, as clients get it: the cache's own bytes, unless somebody has changed it again already."""
        entry = self._caches.of(storage).entry(name, namespace)
        if entry is not None and entry.revision == revision:
            return entry.raw
        return served(value, revision)

    async def remove(self, call: Call, entry: Entry) -> int:
        """Delete the object for good. Raises Mismatch when it was changed meanwhile."""
        key = _key(call, entry)
        released = self._reservations.of(call.served.kind, None, entry.object)
        operations: list[StoreOperation] = [Delete(key), *released.operations]
        revision = await self._store.commit([Compare(key, entry.revision)], operations)
        await self._caches.reached(revision)
        return revision

    async def mark(self, call: Call, entry: Entry, marked: Object) -> bytes:
        """Store an object that is being deleted. Raises Mismatch."""
        marked["metadata"].pop("resourceVersion", None)
        value = value_of(marked)
        key = _key(call, entry)
        revision = await self._store.commit([Compare(key, entry.revision)], [Put(key, value)])
        await self._caches.reached(revision)
        return served(value, revision)

    # Admission.

    async def admit_deletion(self, call: Call, old: Object) -> None:
        """Ask those who may refuse it."""
        request = _request(call, call.context(), Operation.DELETE, None, old)
        request.name = old["metadata"]["name"]
        await self._ask(request)
        await _tell(request, True)

    async def admit_connection(self, call: Call, obj: Object, subresource: str) -> None:
        """The same for what opens a stream."""
        await self._ask(_request(call, call.context(subresource), Operation.CONNECT, obj, None))

    async def admit_creation(self, call: Call, obj: Object, subresource: str) -> None:
        """The same for what is created by a subresource, and not stored (tokens, evictions)."""
        await self._ask(_request(call, call.context(subresource), Operation.CREATE, obj, None))

    async def _ask(self, request: AdmissionRequest) -> None:
        chosen = self._admission.chosen(request.resource, request.operation, request.subresource)
        await asked((*chosen.admit, *chosen.validate), request)


def _request(
    call: Call, context: Context, operation: Operation, obj: Object | None, old: Object | None
) -> AdmissionRequest:
    subject = obj or old or {"metadata": {}}
    name = call.info.name or subject["metadata"].get("name", "")
    return AdmissionRequest(
        operation, call.served.kind, call.user, call.now, obj, old, name, call.namespace,
        context.subresource, context.dry_run, {}, call.warnings,
    )  # fmt: skip


def _key(call: Call, entry: Entry) -> str:
    return f"{call.served.prefix}{entry.namespace}/{entry.name}"


def _stored(obj: Object) -> bytes:
    """The bytes to store. Raises StatusError 413: objects do not grow beyond bounds by one patch after the other."""
    value = value_of(obj)
    if len(value) > OBJECT_BYTES:
        raise status.too_large(f"Request entity too large: the object has {len(value)} bytes, limit is {OBJECT_BYTES}")
    return value


async def _tell(request: AdmissionRequest, done: bool) -> None:
    for callback in request.after:
        await callback(done)
