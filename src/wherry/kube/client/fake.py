"""A cluster's API in memory, for tests of whatever uses a :class:`Client`: resource versions, conflicts, watches,
finalizers and deletion as the server has them (:mod:`.fakerules`), and faults when a test wants some.

It has no schemas, defaults, admission or authorization, and runs no controllers.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import msgspec

from wherry.kube.client import fakerules
from wherry.kube.client.cache import Place
from wherry.kube.client.clock import Clock, FakeClock
from wherry.kube.client.fakewatch import Fields, Stream, metadata_fields, selects
from wherry.kube.client.model import Changed, Listed, PatchType, View
from wherry.kube.machinery.bare import has_ties
from wherry.kube.machinery.model import GroupResource, GroupVersionKind, GroupVersionResource, Object
from wherry.kube.machinery.status import already_exists, bad_request, expired, not_found

NAMESPACES = GroupResource("", "namespaces")


class Crash(BaseException):
    """The process ends here: nothing catches it on its way."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request, as a fault decides about it and a test reads it afterwards."""

    verb: str
    resource: GroupResource
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    def __str__(self) -> str:
        below = f"/{self.subresource}" if self.subresource else ""
        return f"{self.verb} {self.resource}{below} {self.namespace}/{self.name}"


def copied(obj: Object) -> Object:
    """A deep copy."""
    decoded: Object = msgspec.json.decode(msgspec.json.encode(obj))
    return decoded


class FakeClient:
    """Also the whole server. ``calls`` are the writes so far; ``fault``, if set, may raise for any request, before it
    is done; ``crash_after(n)`` ends the process after n more writes are done."""

    def __init__(self, *objects: Object, clock: Clock | None = None) -> None:
        self.clock = clock or FakeClock()
        self.calls: list[Call] = []
        self.reads: list[Call] = []
        self.fault: Callable[[Call], BaseException | None] = lambda call: None
        self.fields: dict[GroupResource, Fields] = {}
        """What field selectors may name of a resource, besides its name and namespace."""
        self.revision = 1
        self._left: int | None = None
        self._uids = itertools.count(1)
        self._names = itertools.count(1)
        self._objects: dict[GroupResource, dict[Place, Object]] = {}
        self._history: list[tuple[int, GroupResource, str, Object, Object | None]] = []
        self._compacted = 0
        self._pages: dict[str, tuple[int, list[Object]]] = {}
        self._streams: list[Stream] = []
        self.put(*objects)

    # What tests do

    def put(self, *objects: Object) -> None:
        """Create or replace objects as they are, statuses too, under the resource their kind is called by."""
        for each in objects:
            obj = copied(each)
            resource = resource_of(obj)
            meta = obj["metadata"]
            old = self._objects.get(resource, {}).get((meta.get("namespace", ""), meta["name"]))
            meta.setdefault("uid", old["metadata"]["uid"] if old else self._uid())
            meta.setdefault("creationTimestamp", "2026-01-01T00:00:00Z")
            self._store(resource, obj)

    def all(self, resource: GroupVersionResource | GroupResource) -> list[Object]:
        """Copies of what there is, in order."""
        group_resource = GroupResource(resource.group, resource.resource)
        return [copied(obj) for _, obj in sorted(self._objects.get(group_resource, {}).items())]

    def find(self, resource: GroupVersionResource | GroupResource, name: str, namespace: str = "") -> Object | None:
        """A copy of it, or None."""
        group_resource = GroupResource(resource.group, resource.resource)
        found = self._objects.get(group_resource, {}).get((namespace, name))
        return copied(found) if found is not None else None

    def crash_after(self, writes: int | None) -> None:
        """None: never."""
        self._left = writes

    def compact(self) -> None:
        """Forget the past: watches cannot begin there any more, nor can lists be continued."""
        self._compacted, self._history = self.revision, []
        self._pages.clear()

    def bookmark(self) -> None:
        """Send one to every watch."""
        for stream in self._streams:
            stream.send(Changed("BOOKMARK", {"metadata": {"resourceVersion": str(self.revision)}}))

    def end_watches(self, error: Exception | None = None) -> None:
        """End all that run, or break them."""
        for stream in self._streams:
            stream.end(error)

    # What a Client does

    async def get(
        self, resource: GroupVersionResource, name: str, namespace: str = "", subresource: str = ""
    ) -> Object:
        await self._read(Call("get", resource.group_resource, namespace, name, subresource))
        return copied(self._find(resource.group_resource, name, namespace))

    async def list(
        self, resource: GroupVersionResource, namespace: str = "", *, labels: str = "", fields: str = "",
        resource_version: str = "", limit: int = 0, token: str = "", shared: bool = False,
        view: View = View.WHOLE,
    ) -> Listed:  # fmt: skip
        await self._read(Call("list", resource.group_resource, namespace))
        if token:
            if token not in self._pages:
                raise expired("The provided continue parameter is too old to display a consistent list result.")
            revision, found = self._pages.pop(token)
        else:
            wanted = selects(labels, fields, namespace, self._fields(resource.group_resource))
            here = sorted(self._objects.get(resource.group_resource, {}).items())
            revision, found = self.revision, [copied(obj) for _, obj in here if wanted(obj)]
            if view is View.TIES:
                found = [obj for obj in found if has_ties(obj)]
        page, rest = (found[:limit], found[limit:]) if limit else (found, [])
        more = f"page-{next(self._names)}" if rest else ""
        if rest:
            self._pages[more] = (revision, rest)
        return Listed(page, str(revision), more)

    async def create(
        self, resource: GroupVersionResource, obj: Object, namespace: str = "", *, name: str = "", subresource: str = ""
    ) -> Object:
        obj = copied(obj)
        meta = obj.setdefault("metadata", {})
        name = name or meta.get("name") or f"{meta.get('generateName', '')}{next(self._names):05d}"
        group_resource = resource.group_resource
        async with self._writing(Call("create", group_resource, namespace, name, subresource)):
            if subresource:
                raise bad_request(f"the fake creates no {subresource}")
            if (namespace, name) in self._objects.get(group_resource, {}):
                raise already_exists(group_resource, name)
            home = self._objects.get(NAMESPACES, {}).get(("", namespace), {})
            if "deletionTimestamp" in home.get("metadata", {}):
                raise fakerules.refuse_in_ending_namespace(group_resource, name, home)
            made = fakerules.Made(name, namespace, self._uid(), self.clock.now())
            return copied(self._store(group_resource, fakerules.created(obj, made)))

    async def update(
        self, resource: GroupVersionResource, obj: Object, namespace: str = "", *, subresource: str = ""
    ) -> Object:
        name = obj["metadata"]["name"]
        async with self._writing(Call("update", resource.group_resource, namespace, name, subresource)):
            old = self._find(resource.group_resource, name, namespace)
            return self._update(resource.group_resource, copied(obj), old, subresource)

    async def patch(
        self, resource: GroupVersionResource, name: str, patch: object, namespace: str = "", *,
        type: PatchType = PatchType.STRATEGIC, subresource: str = "", manager: str = "", force: bool = False,
    ) -> Object:  # fmt: skip
        async with self._writing(Call("patch", resource.group_resource, namespace, name, subresource)):
            old = self._find(resource.group_resource, name, namespace)
            return self._update(resource.group_resource, _patched(copied(old), patch, type), old, subresource)

    async def delete(
        self, resource: GroupVersionResource, name: str, namespace: str = "", *, options: Object | None = None
    ) -> Object:
        group_resource = resource.group_resource
        async with self._writing(Call("delete", group_resource, namespace, name)):
            obj = copied(self._find(group_resource, name, namespace))
            fakerules.deleted(group_resource, obj, options or {}, self.clock.now())
            return copied(self._settle(group_resource, obj))

    @asynccontextmanager
    async def watch(
        self, resource: GroupVersionResource, namespace: str = "", *, labels: str = "", fields: str = "",
        resource_version: str = "", view: View = View.WHOLE,
    ) -> AsyncIterator[AsyncIterator[Changed]]:  # fmt: skip
        await self._read(Call("watch", resource.group_resource, namespace))
        since = int(resource_version or 0)
        if since and since < self._compacted:
            raise expired(f"too old resource version: {since} ({self._compacted})")
        wanted = selects(labels, fields, namespace, self._fields(resource.group_resource))
        stream = Stream(resource.group_resource, wanted, view)
        if since:
            for revision, about, type, obj, old in self._history:
                if revision > since:
                    stream.offer(about, type, obj, old)
        else:
            for obj in self._objects.get(resource.group_resource, {}).values():
                stream.offer(resource.group_resource, "ADDED", obj, None)
        self._streams.append(stream)
        try:
            yield stream.changes()
        finally:
            self._streams.remove(stream)

    # Inside

    def _uid(self) -> str:
        return f"00000000-0000-4000-8000-{next(self._uids):012x}"

    def _fields(self, resource: GroupResource) -> Fields:
        more = self.fields.get(resource)

        def fields(obj: Object) -> Mapping[str, str]:
            return {**metadata_fields(obj), **(more(obj) if more else {})}

        return fields

    def _find(self, resource: GroupResource, name: str, namespace: str) -> Object:
        found = self._objects.get(resource, {}).get((namespace, name))
        if found is None:
            raise not_found(resource, name)
        return found

    async def _read(self, call: Call) -> None:
        await asyncio.sleep(0)
        self.reads.append(call)
        error = self.fault(call)
        if error is not None:
            raise error

    @asynccontextmanager
    async def _writing(self, call: Call) -> AsyncIterator[None]:
        await asyncio.sleep(0)
        error = self.fault(call)
        if error is not None:
            raise error
        if self._left is not None and self._left <= 0:
            raise Crash(str(call))
        self.calls.append(call)
        yield
        if self._left is not None:
            self._left -= 1
            if not self._left:
                raise Crash(str(call))

    def _update(self, resource: GroupResource, new: Object, old: Object, subresource: str) -> Object:
        new = fakerules.updated(resource, new, copied(old), subresource)
        return copied(old) if new == old else copied(self._settle(resource, new))

    def _settle(self, resource: GroupResource, obj: Object) -> Object:
        if not fakerules.is_gone(obj):
            return self._store(resource, obj)
        place = obj["metadata"].get("namespace", ""), obj["metadata"]["name"]
        old = self._objects[resource].pop(place)
        self._publish(resource, "DELETED", obj, old)
        return obj

    def _store(self, resource: GroupResource, obj: Object) -> Object:
        place = obj["metadata"].get("namespace", ""), obj["metadata"]["name"]
        here = self._objects.setdefault(resource, {})
        old = here.get(place)
        here[place] = obj
        self._publish(resource, "MODIFIED" if old else "ADDED", obj, old)
        return obj

    def _publish(self, resource: GroupResource, type: str, obj: Object, old: Object | None) -> None:
        self.revision += 1
        obj["metadata"]["resourceVersion"] = str(self.revision)
        obj = copied(obj)
        self._history.append((self.revision, resource, type, obj, old))
        for stream in self._streams:
            stream.offer(resource, type, obj, old)


def resource_of(obj: Object) -> GroupResource:
    """By upstream's rule of thumb for plurals (apimachinery UnsafeGuessKindToResource)."""
    gvk = GroupVersionKind.of(obj)
    name = gvk.kind.lower()
    if name.endswith("s"):
        return GroupResource(gvk.group, name if name == "endpoints" else name + "es")
    return GroupResource(gvk.group, name[:-1] + "ies" if name.endswith("y") else name + "s")


def _patched(obj: Object, patch: object, type: PatchType) -> Object:
    if type is PatchType.MERGE:
        merged = _merge(obj, patch)
        assert isinstance(merged, dict)
        return merged
    if type is PatchType.STRATEGIC:
        from wherry.kube.machinery.patches import strategic
        from wherry.kube.machinery.schema.builtin import schema_of

        assert isinstance(patch, dict)
        return strategic.apply(obj, patch, schema_of(GroupVersionKind.of(obj)))
    if type is PatchType.JSON:
        from wherry.kube.machinery.patches import jsonpatch

        assert isinstance(patch, list)
        return jsonpatch.apply(obj, patch)
    raise bad_request("the fake does not apply")


def _merge(target: object, patch: object) -> object:
    """RFC 7386."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _merge(merged.get(name), value)
    return merged
