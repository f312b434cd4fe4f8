"""An informer keeps the objects of one resource in memory: it lists them, then watches from there.

What its handlers are told is what happened as far as it saw: several changes may come as one, and after a gap (a watch
that could not be resumed) what vanished meanwhile is told as deleted. Nothing is told twice, and never an older state
after a newer one of the same object.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from random import Random

import msgspec

from wherry.kit.errors import WherryError
from wherry.kube.client.cache import Cache, Place, place
from wherry.kube.client.clock import Clock
from wherry.kube.client.model import Changed, Client
from wherry.kube.machinery.bare import bare_metadata
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.status import StatusError

logger = logging.getLogger(__name__)

Handler = Callable[[Object | None, Object | None], None]
"""Old and new: no old one, it was added; no new one, it was deleted. Called on the event loop; must not block."""

Transform = Callable[[Object], Object]
"""What is kept of an object, which it must not change: others may have the same one."""

PAGE_OBJECTS = 500
_SHORT_WATCH_SECONDS = 1.0


class Selection(msgspec.Struct, frozen=True):
    """What an informer is about. ``namespace`` empty: all."""

    resource: GroupVersionResource
    namespace: str = ""
    labels: str = ""
    fields: str = ""


class Retry(msgspec.Struct, frozen=True):
    """Between attempts, doubling, with up to as much again by chance (client-go's reflector: 0.8 s … 30 s)."""

    base_seconds: float = 0.8
    maximum_seconds: float = 30.0
    random: Random = msgspec.field(default_factory=Random)

    def delay(self, failures: int) -> float:
        doubled: float = self.base_seconds * 2 ** min(failures, 32)
        return min(doubled, self.maximum_seconds) * (1.0 + self.random.random())


RETRY = Retry()


def without_managed_fields(obj: Object) -> Object:
    """The usual transform: nobody who uses an informer reads them, and they are half of an object."""
    meta = obj["metadata"]
    if "managedFields" not in meta:
        return obj
    return {**obj, "metadata": {name: value for name, value in meta.items() if name != "managedFields"}}


class Informer:
    """One resource. Somebody runs it (:meth:`run`); many use it."""

    def __init__(
        self, client: Client, selection: Selection, clock: Clock, *, transform: Transform = without_managed_fields,
        retry: Retry = RETRY,
    ) -> None:  # fmt: skip
        self.cache = Cache()
        self.selection = selection
        self.synced = asyncio.Event()
        """Set when all that was there at the beginning has been listed and told."""
        self._client = client
        self._clock = clock
        self._transform = transform
        self._bare = transform is bare_metadata
        self._retry = retry
        self._handlers: tuple[Handler, ...] = ()
        self._version = "0"
        """To go on from. Before the first list any state will do; after a 410 it must be the newest: empty."""
        self._listed = False
        self._failures = 0

    @property
    def revision(self) -> int:
        """Every change up to this resource version is in the cache, and has been told. 0: nothing has been listed."""
        return int(self._version or 0) if self._listed else 0

    def add_handler(self, handler: Handler) -> Callable[[], None]:
        """Tell it what is there already (as added), and from now on what changes. Returns what takes it off again."""
        self._handlers += (handler,)
        for obj in self.cache.list():
            self._tell((handler,), None, obj)

        def take_off() -> None:
            left = list(self._handlers)
            if handler in left:
                left.remove(handler)
                self._handlers = tuple(left)

        return take_off

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

    async def _rest(self, error: Exception) -> None:
        logger.warning("%s: %s; trying again", self.selection.resource.group_resource, error)
        await self._clock.sleep(self._retry.delay(self._failures))
        self._failures += 1

    async def _list(self) -> None:
        """Take the whole state."""
        about = self.selection
        found: dict[Place, Object] = {}
        since, token = self._version, ""
        while True:
            page = await self._client.list(
                about.resource, about.namespace, labels=about.labels, fields=about.fields,
                resource_version=since, limit=PAGE_OBJECTS, token=token, shared=True, bare=self._bare,
            )  # fmt: skip
            for obj in page.items:
                kept = self._transform(obj)
                found[place(kept)] = kept
            since, token = "", page.token
            if not token:
                break
        self._replace(found)
        self._version, self._listed, self._failures = page.resource_version, True, 0
        self.synced.set()

    def _replace(self, found: dict[Place, Object]) -> None:
        for where in self.cache.places():
            if where not in found:
                self._remove(where)
        for kept in found.values():
            self._put(kept)

    async def _watch(self) -> None:
        """Until the server cannot go on from where this one is (StatusError 410), or does not answer."""
        about = self.selection
        while True:
            begun, seen = self._clock.monotonic(), False
            async with self._client.watch(
                about.resource, about.namespace, labels=about.labels, fields=about.fields,
                resource_version=self._version, bare=self._bare,
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
            self._remove(place(obj), obj)
        elif type != "BOOKMARK":
            self._put(self._transform(obj))

    def _put(self, obj: Object) -> None:
        meta = obj["metadata"]
        old = self.cache.get(meta["name"], meta.get("namespace", ""))
        if old is not None:
            if old["metadata"]["resourceVersion"] == meta["resourceVersion"]:
                return
            if old["metadata"].get("uid") != meta.get("uid"):
                self._remove(place(old))
                old = None
        self.cache.put(obj)
        self._tell(self._handlers, old, obj)

    def _remove(self, where: Place, last: Object | None = None) -> None:
        """``last``: its state when it was deleted, where that is known."""
        old = self.cache.remove(where)
        if old is not None:
            self._tell(self._handlers, old if last is None else self._transform(last), None)

    def _tell(self, handlers: Iterable[Handler], old: Object | None, new: Object | None) -> None:
        for handler in handlers:
            try:
                handler(old, new)
            except Exception:  # one user's mistake is not the others'
                logger.exception("a handler of %s failed", self.selection.resource.group_resource)
