"""A reflector follows the objects of one resource: it lists them, then watches from there, and tells a sink.

What the sink is told is what happened as far as it could be seen: after a gap (a watch that could not be resumed) it is
told what there is now, and whatever it knew besides has vanished meanwhile.
"""

import asyncio
import logging
from random import Random
from typing import Protocol

import msgspec

from wherry.kit.errors import WherryError
from wherry.kube.client.clock import Clock
from wherry.kube.client.model import Changed, Client, View
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.status import StatusError

logger = logging.getLogger(__name__)

PAGE_OBJECTS = 500
_SHORT_WATCH_SECONDS = 1.0


class Selection(msgspec.Struct, frozen=True):
    """What a reflector is about. ``namespace`` empty: all."""

    resource: GroupVersionResource
    namespace: str = ""
    labels: str = ""
    fields: str = ""
    view: View = View.WHOLE


class Retry(msgspec.Struct, frozen=True):
    """Between attempts, doubling, with up to as much again by chance (client-go's reflector: 0.8 s … 30 s)."""

    base_seconds: float = 0.8
    maximum_seconds: float = 30.0
    random: Random = msgspec.field(default_factory=Random)

    def delay(self, failures: int) -> float:
        doubled: float = self.base_seconds * 2 ** min(failures, 32)
        return min(doubled, self.maximum_seconds) * (1.0 + self.random.random())


RETRY = Retry()


class Sink(Protocol):
    """Is told, on the event loop. Must not block, nor raise."""

    def kept(self, obj: Object) -> Object:
        """What of an object it is to be told. Objects may be shared: it changes none."""

    def replace(self, objects: list[Object]) -> None:
        """These are there, and no others: at first, and after each gap."""

    def put(self, obj: Object) -> None:
        """It is there, new or changed."""

    def remove(self, obj: Object) -> None:
        """It was deleted; this is its last state."""


class Reflector:
    """One resource, for one sink. Somebody runs it (:meth:`run`)."""

    def __init__(
        self, client: Client, selection: Selection, clock: Clock, sink: Sink, *, retry: Retry = RETRY
    ) -> None:  # fmt: skip
        self.selection = selection
        self.synced = asyncio.Event()
        """Set when all that was there at the beginning has been listed and told."""
        self._client = client
        self._clock = clock
        self._sink = sink
        self._retry = retry
        self._version = "0"
        """To go on from. Before the first list any state will do; after a 410 it must be the newest: empty."""
        self._listed = False
        self._failures = 0

    @property
    def revision(self) -> int:
        """Every change up to this resource version has been told. 0: nothing has been listed."""
        return int(self._version or 0) if self._listed else 0

    async def run(self) -> None:
        """Until cancelled. Whatever goes wrong is tried again: the watch from where it was, or, when the server cannot
        go on from there any more, the list."""
        while True:
            try:
                if not self._listed:
                    await self._list()
                await self._watch()
            except StatusError as error:
                if error.code != 410:
                    await self._rest(error)
                    continue
                if not self._listed:  # it was the list that could not be had
                    await self._rest(error)
                self._listed, self._version = False, ""
            except (WherryError, OSError) as error:
                await self._rest(error)
            except Exception as error:  # our mistake, with one object perhaps: who follows others goes on
                logger.exception("%s cannot be followed", self.selection.resource.group_resource)
                self._listed, self._version = False, ""
                await self._rest(error)

    async def _rest(self, error: Exception) -> None:
        logger.warning("%s: %s; trying again", self.selection.resource.group_resource, error)
        await self._clock.sleep(self._retry.delay(self._failures))
        self._failures += 1

    async def _list(self) -> None:
        """Take the whole state."""
        about, kept = self.selection, self._sink.kept
        found: list[Object] = []
        since, token = self._version, ""
        while True:
            page = await self._client.list(
                about.resource, about.namespace, labels=about.labels, fields=about.fields,
                resource_version=since, limit=PAGE_OBJECTS, token=token, shared=True, view=about.view,
            )  # fmt: skip
            found += [kept(obj) for obj in page.items]
            since, token = "", page.token
            if not token:
                break
        self._sink.replace(found)
        self._version, self._listed, self._failures = page.resource_version, True, 0
        self.synced.set()

    async def _watch(self) -> None:
        """Until the server cannot go on from where this one is (StatusError 410), or does not answer."""
        about = self.selection
        while True:
            begun, seen = self._clock.monotonic(), False
            async with self._client.watch(
                about.resource, about.namespace, labels=about.labels, fields=about.fields,
                resource_version=self._version, view=about.view,
            ) as changes:  # fmt: skip
                async for change in changes:
                    seen, self._failures = True, 0
                    self._take(change)
            # A server that ends every watch at once is not to be asked without rest.
            if not seen and self._clock.monotonic() - begun < _SHORT_WATCH_SECONDS:
                await self._clock.sleep(self._retry.delay(0))

    def _take(self, change: Changed) -> None:
        obj, type = change.object, change.type
        self._version = obj["metadata"]["resourceVersion"]
        if type == "DELETED":
            self._sink.remove(self._sink.kept(obj))
        elif type != "BOOKMARK":
            self._sink.put(self._sink.kept(obj))
