"""One instruction that makes a layer: look in the cache, make it, remember it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from wherry.engine.build.cache import CachedLayer
from wherry.engine.build.job import Job, Telling
from wherry.engine.build.layers import Target
from wherry.engine.build.state import State
from wherry.engine.images.threads import in_thread
from wherry.kit.errors import WherryError

Make = Callable[[Target], Awaitable[CachedLayer]]
Holds = Callable[[], Awaitable[bool]]
"""Whether what went into a step is still what its key says, after the step: files of a context may change meanwhile."""


async def always() -> bool:
    """For what cannot change."""
    return True


@dataclass(frozen=True, slots=True)
class Step:
    """``state`` is before the instruction. ``fresh``: what is in the cache does not count."""

    job: Job
    state: State
    telling: Telling
    description: str
    fresh: bool = False

    @property
    def target(self) -> Target:
        return Target(self.state.chain_ids, self.state.epoch_seconds, self.job.work)

    def cached(self, key: str) -> CachedLayer | None:
        """What the step made before; then that is told."""
        found = None if self.fresh else self.job.engine.cached(key)
        if found is not None:
            self.job.work.snapshot(found.chain_id)
            self.job.work.blob(found.blob)
            self.telling.cached = True
            self.job.made[key] = found
        return found

    async def found(self, key: str) -> CachedLayer | None:
        """What the step made before, here or elsewhere."""
        return self.cached(key) or await self._imported(key)

    async def _imported(self, key: str) -> CachedLayer | None:
        """What the step made elsewhere, as a source says that the user named (``--cache-from``)."""
        found = None if self.fresh else self.job.imported.steps.get(key)
        if found is None:
            return None
        elsewhere, bring = found
        self.job.work.blob(elsewhere.blob)
        try:
            await bring(elsewhere)
            layer = await in_thread(self.job.engine.layers.again, elsewhere, self.target)
        except WherryError as error:
            self.telling.say({"status": f"the imported cache is of no use here: {error.message}"})
            return None
        self.job.engine.cache.put(key, layer, self.description)
        self.telling.cached = True
        self.job.made[key] = layer
        return layer

    async def made(self, key: str, make: Make, holds: Holds = always) -> CachedLayer:
        """The layer of that key: the cache's, or a new one. Two builds at the same step make it once.

        A new one is remembered only if ``holds`` says so: else it would be found by whoever has the files as they were.
        """
        async with self.job.engine.turns.of(key):
            found = await self.found(key)
            if found is not None:
                return found
            async with self.job.slots:
                layer = await make(self.target)
            if await holds():
                self.job.engine.cache.put(key, layer, self.description)
                self.job.made[key] = layer
            else:
                self.telling.say({"status": "files changed meanwhile: this step is not remembered"})
            return layer

    async def made_anywhere(self, fact: str, key: str, make: Make, holds: Holds = always) -> CachedLayer:
        """As :meth:`made`, for a layer that does not depend on what is below it.

        When it was made on other layers, it is put on these as it is. ``fact`` is the name for it without those below,
        ``key`` with them.
        """
        cache = self.job.engine.cache

        async def find_or_make(target: Target) -> CachedLayer:
            known = cache.fact(fact)
            found = self.cached(known.decode()) if known is not None else None
            if found is not None:
                return await in_thread(self.job.engine.layers.again, found, target)
            layer = await make(target)
            cache.put_fact(fact, key.encode())
            return layer

        return await self.made(key, find_or_make, holds)
