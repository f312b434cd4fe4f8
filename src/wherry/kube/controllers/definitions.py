"""Custom resource definitions: their status, and the objects of one that goes
(k8s.io/apiextensions-apiserver pkg/controller: status, establish, finalizer).

One worker only: of two definitions that want the same name, what the first is given the second must see.

A group may have hundreds of definitions, and one may be as large as a megabyte: with one that changes, only those are
looked at that wait for a name; what is only looked at is the server's own memory, and what is to change is copied. (All
looked at all, and copied all: of twenty definitions of 800 KB each took ten seconds to install.)
"""

from collections.abc import Iterable

from wherry.kube.controllers.frame import Interest, Key, Needs, found, removed, without_finalizer
from wherry.kube.kinds.customresourcedefinition import CLEANUP
from wherry.kube.kinds.customresourcedefinition.conditions import conditions
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.status import StatusError
from wherry.kube.machinery.times import parse

DEFINITIONS = GroupVersionResource("apiextensions.k8s.io", "v1", "customresourcedefinitions")
WORKERS = 1
PAGE_OBJECTS = 500
_SOON_SECONDS, _LATE_SECONDS = 0.2, 15.0


class DefinitionController:
    """A Reconciler; keys are definitions."""

    name = "crd-controller"

    def __init__(self, needs: Needs) -> None:
        self._client = needs.client
        self._clock = needs.clock
        self._known = needs.informers.of(DEFINITIONS)
        self.interests = (Interest(self._known, self._of_group),)

    def _of_group(self, definition: Object) -> Iterable[Key]:
        """A name that one lets go of may be what another waits for."""
        group = definition["spec"].get("group")
        waiting = [
            each["metadata"]["name"]
            for each in self._known.cache
            if each["spec"].get("group") == group and not _has_names(each)
        ]
        return [Key("", name) for name in dict.fromkeys([definition["metadata"]["name"], *waiting])]

    async def reconcile(self, key: Key) -> float | None:
        every = (await self._client.list(DEFINITIONS, shared=True)).items
        seen = next((each for each in every if each["metadata"]["name"] == key.name), None)
        now = self._clock.now()
        if seen is None or (not _ends(seen) and conditions(seen, every, now) == seen.get("status")):
            return None
        definition = await found(self._client, DEFINITIONS, key)
        if definition is None:
            return None
        status = conditions(definition, every, now)
        if status != definition.get("status"):
            definition = await self._client.update(DEFINITIONS, {**definition, "status": status}, subresource="status")
        return await self._finish(definition) if _ends(definition) else None

    async def _finish(self, definition: Object) -> float | None:
        """Let it go once no object is left."""
        if await self._delete_objects(definition):
            await self._client.update(DEFINITIONS, without_finalizer(definition, CLEANUP))
            return None
        taken = (self._clock.now() - parse(definition["metadata"]["deletionTimestamp"])).total_seconds()
        return min(max(taken / 4, _SOON_SECONDS), _LATE_SECONDS)

    async def _delete_objects(self, definition: Object) -> bool:
        """Whether none is left. What never was established has none."""
        resource = resource_of(definition)
        if resource is None:
            return True
        for obj in await self._list(resource):
            if "deletionTimestamp" not in obj["metadata"]:
                await removed(self._client, resource, obj)
        return not await self._list(resource)

    async def _list(self, resource: GroupVersionResource) -> list[Object]:
        objects: list[Object] = []
        token = ""
        try:
            while True:
                page = await self._client.list(resource, limit=PAGE_OBJECTS, token=token)
                objects += page.items
                token = page.token
                if not token:
                    return objects
        except StatusError as error:
            if error.code != 404:
                raise
            return []  # it is not served


def _has_names(definition: Object) -> bool:
    """All that it wants: no other can take or give it any."""
    found = (definition.get("status") or {}).get("conditions") or ()
    return any(each.get("type") == "NamesAccepted" and each.get("status") == "True" for each in found)


def _ends(definition: Object) -> bool:
    """It is deleted, and its objects are still to be."""
    meta = definition["metadata"]
    return "deletionTimestamp" in meta and CLEANUP in (meta.get("finalizers") or ())


def resource_of(definition: Object) -> GroupVersionResource | None:
    """Where its objects are; None: it is not established."""
    found = (definition.get("status") or {}).get("conditions") or ()
    if not any(each.get("type") == "Established" and each.get("status") == "True" for each in found):
        return None
    spec = definition["spec"]
    version = next((each["name"] for each in spec.get("versions") or () if each.get("served")), None)
    return GroupVersionResource(spec["group"], version, spec["names"]["plural"]) if version else None
