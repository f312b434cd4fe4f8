"""All objects in memory, by resource, kept by one watch of the whole store.

With a local store (:attr:`wherry.store.model.Store.is_local`) they are never behind a commit that has returned; with
another one, who must see the newest waits for it (:meth:`Caches.current`).
"""

import asyncio
import logging
from collections.abc import Callable, Sequence

from wherry.kube.apiserver import stored
from wherry.kube.apiserver.cache import Cache
from wherry.kube.apiserver.entries import Recent
from wherry.kube.kinds.model import Kind
from wherry.kube.machinery import status
from wherry.kube.machinery.model import GroupResource
from wherry.store.model import Compacted, Event, Store, Watch

log = logging.getLogger(__name__)
PATIENCE_SECONDS = 3.0
"""How long a request waits for a revision that has not been yet (k8s.io/apiserver cacher: blockTimeout)."""
_SOON_SECONDS = 0.1
_AGAIN_SECONDS = 0.5
Listener = Callable[[GroupResource], None]


class Caches:
    """See the module; ``kind_of`` says which kind a resource's objects are of."""

    def __init__(self, store: Store, kind_of: Callable[[GroupResource], Kind | None]) -> None:
        self._store = store
        self._kind_of = kind_of
        self._recent = Recent()
        self._caches: dict[GroupResource, Cache] = {}
        self._by_prefix: dict[str, Cache] = {}
        self._waiting: dict[asyncio.Future[None], int] = {}
        self._watch: Watch | None = None
        self._again: asyncio.Task[None] | None = None
        self.revision = 0
        """The newest that has been taken in."""

    async def start(self) -> None:
        """Read everything and watch from there."""
        await self._load()
        await self._follow()

    async def stop(self) -> None:
        if self._again is not None:
            self._again.cancel()
        if self._watch is not None:
            self._watch.close()

    async def _load(self) -> None:
        page = await self._store.range("/")
        for cache in self._caches.values():
            cache.clear(status.expired("the server has read its state anew; list again"))
        for item in page.items:
            resource, rest = stored.split_key(item.key)
            self.of(resource).load(rest, item)
        self.revision = page.revision
        for cache in self._caches.values():
            cache.begin(page.revision)

    async def _follow(self) -> None:
        self._watch = await self._store.watch("/", self.revision, self._take, self._lost)

    def _lost(self, error: BaseException) -> None:
        log.warning("the watch of the store ended: %s; watching again", error)
        self._again = asyncio.get_running_loop().create_task(self._resume())

    async def _resume(self) -> None:
        """Go on where the watch ended; where the store has forgotten that, begin anew."""
        while True:
            try:
                try:
                    await self._follow()
                except Compacted:
                    await self._load()
                    continue
            except Exception as error:
                log.warning("the store cannot be watched: %s", error)
                await asyncio.sleep(_AGAIN_SECONDS)
            else:
                log.info("the store is watched again")
                return

    def _take(self, events: Sequence[Event]) -> None:
        by_prefix = self._by_prefix
        found: dict[str, list[tuple[str, Event]]] = {}
        for event in events:
            key = event.key
            at = key.find("/", key.find("/", 1) + 1) + 1
            found.setdefault(key[:at], []).append((key[at:], event))
        for prefix, its in found.items():
            cache = by_prefix.get(prefix)
            if cache is None:
                cache = self.of(stored.split_key(prefix)[0])
            cache.apply(its)
        self.revision = max(self.revision, events[-1].revision)
        if self._waiting:
            self._wake()

    def _wake(self) -> None:
        for future, revision in self._waiting.items():
            if revision <= self.revision and not future.done():
                future.set_result(None)

    def of(self, resource: GroupResource) -> Cache:
        """The cache of a resource; empty where there is nothing."""
        found = self._caches.get(resource)
        if found is None:
            found = self._caches[resource] = Cache(resource, self._kind_of(resource), self._recent)
            found.begin(self.revision)
            self._by_prefix[stored.prefix_of(resource)] = found
        return found

    def drop(self, resource: GroupResource) -> None:
        """Forget a resource that is served no longer; if it has objects, they are kept: somebody may serve it again."""
        cache = self._caches.get(resource)
        if cache is not None and cache.is_idle:
            del self._caches[resource]
            del self._by_prefix[stored.prefix_of(resource)]

    async def reached(self, revision: int) -> bool:
        """Wait until what was committed by ``revision`` is here; False when that takes too long."""
        if revision <= self.revision:
            return True
        if not self._store.is_local and not await self._awaited(revision, _SOON_SECONDS):
            await self._settle()  # it may be of no event of ours
        return await self._awaited(revision, PATIENCE_SECONDS)

    async def _awaited(self, revision: int, seconds: float) -> bool:
        if revision <= self.revision:
            return True
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[future] = revision
        try:
            async with asyncio.timeout(seconds):
                await future
        except TimeoutError:
            return False
        finally:
            del self._waiting[future]  # it may ask for what will never be
        return True

    async def current(self) -> None:
        """Wait until everything committed before this call is here."""
        if not self._store.is_local and not await self._settle():
            raise status.timeout("the server's memory is behind its store", 1)

    async def _settle(self) -> bool:
        """Not every revision of a store that others use too has an event for us: the store knows when all watches have
        been given all. That is only of use while there is one of ours. False when it takes too long."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while True:
                    watch = self._watch
                    revision = await self._store.settle()
                    if watch is self._watch and watch is not None and watch.failed is None:
                        break
                    await asyncio.sleep(_SOON_SECONDS)
        except TimeoutError:
            return False
        if revision > self.revision:
            self.revision = revision
            self._wake()
        return True
