"""An APIService for every version of every group that is served: where many look for an API, and whether it is there.

(k8s.io/kube-aggregator pkg/controllers/autoregister; k8s.io/kubernetes pkg/controlplane/controller/crdregistration.)
All of them are served by this server itself. Those that somebody else made are left alone.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime

import msgspec

from wherry.kube.controllers.frame import Needs, removed
from wherry.kube.kinds.apiservice import KIND
from wherry.kube.machinery.model import GroupVersion, GroupVersionResource, Object
from wherry.kube.machinery.status import StatusError
from wherry.kube.machinery.times import rfc3339

APISERVICES = GroupVersionResource("apiregistration.k8s.io", "v1", "apiservices")
MANAGED = "kube-aggregator.kubernetes.io/automanaged"
_PAUSE_SECONDS = 1.0
"""Many versions come at once."""


class Place(msgspec.Struct, frozen=True):
    """Where a version is among others (discovery shows the higher first), and whether it is a custom kind's."""

    group_priority: int
    version_priority: int
    is_custom: bool = False


Served = Mapping[GroupVersion, Place]


class Steps(msgspec.Struct):
    """What is to be done. ``say``: of these the status is written."""

    create: list[Object] = msgspec.field(default_factory=list)
    update: list[Object] = msgspec.field(default_factory=list)
    say: list[Object] = msgspec.field(default_factory=list)
    delete: list[Object] = msgspec.field(default_factory=list)


def plan(served: Served, existing: Iterable[Object], now: datetime) -> Steps:
    """Pure. An object is made first; its status follows when it is there."""
    wanted = {f"{version.version}.{version.group}": _wanted(version, place) for version, place in served.items()}
    steps = Steps()
    for obj in existing:
        name, ours = obj["metadata"]["name"], MANAGED in (obj["metadata"].get("labels") or {})
        meant = wanted.pop(name, None)
        if meant is None:
            if ours:
                steps.delete.append(obj)
        elif ours and any((obj.get("spec") or {}).get(field) != value for field, value in meant["spec"].items()):
            steps.update.append({**obj, "spec": meant["spec"]})
        elif not _is_available(obj):
            steps.say.append({**obj, "status": {"conditions": [_available(now)]}})
    steps.create = list(wanted.values())
    return steps


def _wanted(version: GroupVersion, place: Place) -> Object:
    meta = {
        "name": f"{version.version}.{version.group}", "labels": {MANAGED: "true" if place.is_custom else "onstart"},
    }  # fmt: skip
    spec = {
        "version": version.version, "groupPriorityMinimum": place.group_priority,
        "versionPriority": place.version_priority, **({"group": version.group} if version.group else {}),
    }  # fmt: skip
    return {"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": meta, "spec": spec}


def _is_available(obj: Object) -> bool:
    conditions = (obj.get("status") or {}).get("conditions") or ()
    return any(each.get("type") == "Available" and each.get("status") == "True" for each in conditions)


def _available(now: datetime) -> Object:
    return {
        "type": "Available", "status": "True", "reason": "Local", "lastTransitionTime": rfc3339(now),
        "message": "Local APIServices are always available",
    }  # fmt: skip


class ApiServices:
    """A Runnable. ``served`` says what is served now."""

    name = "apiservice-registration-controller"

    def __init__(self, needs: Needs, served: Callable[[], Served]) -> None:
        _ = KIND.strategy  # loaded with the other code, not behind a pause in which the last descriptor may have gone
        self._needs = needs
        self._served = served

    async def run(self) -> None:
        """Until cancelled."""
        informer, changed = self._needs.informers.of(APISERVICES), asyncio.Event()
        changed.set()
        offs = [
            informer.add_handler(lambda old, new: changed.set()),
            self._needs.discovery.subscribe(changed.set),
        ]
        try:
            await informer.synced.wait()
            while True:
                await changed.wait()
                await self._needs.clock.sleep(_PAUSE_SECONDS)
                changed.clear()
                await self._act(plan(self._served(), informer.cache, self._needs.clock.now()))
        finally:
            for off in offs:
                off()

    async def _act(self, steps: Steps) -> None:
        client = self._needs.client
        async with asyncio.TaskGroup() as group:  # together, so that the store writes them together
            for obj in steps.create:
                group.create_task(_quietly(client.create(APISERVICES, obj)))
            for obj in steps.update:
                group.create_task(_quietly(client.update(APISERVICES, obj)))
            for obj in steps.say:
                group.create_task(_quietly(client.update(APISERVICES, obj, subresource="status")))
            for obj in steps.delete:
                group.create_task(removed(client, APISERVICES, obj))


async def _quietly(write: Awaitable[object]) -> None:
    """Somebody else was quicker: the informer will tell of it."""
    try:
        await write
    except StatusError as error:
        if error.code not in (404, 409):
            raise
