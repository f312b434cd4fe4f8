"""An informer keeps the objects of one resource in memory, by a :class:`wherry.kube.client.reflector.Reflector`.

What its handlers are told is what happened as far as it saw: several changes may come as one, and after a gap (a watch
that could not be resumed) what vanished meanwhile is told as deleted. Nothing is told twice, and never an older state
after a newer one of the same object.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable

from wherry.kube.client.cache import Cache, Place, place
from wherry.kube.client.clock import Clock
from wherry.kube.client.model import Client
from wherry.kube.client.reflector import RETRY, Reflector, Retry, Selection
from wherry.kube.machinery.model import Object

logger = logging.getLogger(__name__)

Handler = Callable[[Object | None, Object | None], None]
"""Old and new: no old one, it was added; no new one, it was deleted. Called on the event loop; must not block."""

Transform = Callable[[Object], Object]
"""What is kept of an object, which it must not change: others may have the same one."""


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
        self._reflector = Reflector(client, selection, clock, self, retry=retry)
        self._transform = transform
        self._handlers: tuple[Handler, ...] = ()

    @property
    def synced(self) -> asyncio.Event:
        """Set when all that was there at the beginning has been listed and told."""
        return self._reflector.synced

    @property
    def revision(self) -> int:
        """Every change up to this resource version is in the cache, and has been told. 0: nothing has been listed."""
        return self._reflector.revision

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
        """Until cancelled. See :meth:`Reflector.run`."""
        await self._reflector.run()

    # What the reflector tells: see :class:`wherry.kube.client.reflector.Sink`.

    def kept(self, obj: Object) -> Object:
        return self._transform(obj)

    def replace(self, objects: list[Object]) -> None:
        found = {place(obj): obj for obj in objects}
        for where in self.cache.places():
            if where not in found:
                self._remove(where)
        for obj in found.values():
            self.put(obj)

    def put(self, obj: Object) -> None:
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

    def remove(self, obj: Object) -> None:
        self._remove(place(obj), obj)

    def _remove(self, where: Place, last: Object | None = None) -> None:
        """``last``: its state when it was deleted, where that is known."""
        old = self.cache.remove(where)
        if old is not None:
            self._tell(self._handlers, old if last is None else last, None)

    def _tell(self, handlers: Iterable[Handler], old: Object | None, new: Object | None) -> None:
        for handler in handlers:
            try:
                handler(old, new)
            except Exception:  # one user's mistake is not the others'
                logger.exception("a handler of %s failed", self.selection.resource.group_resource)
