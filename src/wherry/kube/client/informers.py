"""Informers that are shared: one a selection and view, however many use it."""

import asyncio
from types import TracebackType

import msgspec

from wherry.kube.client.clock import Clock
from wherry.kube.client.informer import Informer, Transform, without_managed_fields
from wherry.kube.client.model import Client, View
from wherry.kube.client.reflector import RETRY, Retry, Selection
from wherry.kube.machinery.bare import bare_metadata
from wherry.kube.machinery.model import GroupVersionResource

WHOLE: Transform = without_managed_fields
BARE: Transform = bare_metadata


class _Used(msgspec.Struct):
    informer: Informer
    task: asyncio.Task[None]
    users: int = 1


class Informers:
    """Runs informers while it is entered. :meth:`of` starts one that is not there yet; :meth:`release` stops it when
    nobody else uses it; leaving stops all."""

    def __init__(self, client: Client, clock: Clock, *, retry: Retry = RETRY) -> None:
        self._client = client
        self._clock = clock
        self._retry = retry
        self._used: dict[tuple[Selection, Transform], _Used] = {}
        self._group = asyncio.TaskGroup()

    async def __aenter__(self) -> "Informers":
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for used in self._used.values():
            used.task.cancel()
        self._used.clear()
        await self._group.__aexit__(kind, error, trace)

    def of(
        self, resource: GroupVersionResource, namespace: str = "", *, labels: str = "", fields: str = "",
        transform: Transform = WHOLE,
    ) -> Informer:  # fmt: skip
        """The informer of these objects; each call counts one more user. One of whole objects will do for who wants
        them bare."""
        whole = Selection(resource, namespace, labels, fields)
        selection = msgspec.structs.replace(whole, view=View.BARE) if transform is BARE else whole
        used = self._used.get((selection, transform))
        if used is None and transform is BARE:
            used = self._used.get((whole, WHOLE))
        if used is not None:
            used.users += 1
            return used.informer
        informer = Informer(self._client, selection, self._clock, transform=transform, retry=self._retry)
        task = self._group.create_task(informer.run(), name=f"informer {resource.group_resource}")
        self._used[selection, transform] = _Used(informer, task)
        return informer

    def release(self, informer: Informer) -> None:
        """One user less; with none left it stops, and what it knew is forgotten."""
        for key, used in tuple(self._used.items()):
            if used.informer is informer:
                used.users -= 1
                if not used.users:
                    used.task.cancel()
                    del self._used[key]

    async def wait_synced(self, *informers: Informer) -> None:
        """Until these (none named: all that run) have listed."""
        for each in informers or tuple(used.informer for used in self._used.values()):
            await each.synced.wait()
