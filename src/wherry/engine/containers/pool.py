"""Containers half made ahead of time: their namespaces, their first process, their wired network.

A start takes one and does not wait for what needed no knowledge of it. What is taken is replaced when the loop has
nothing else to do.
"""

import asyncio
import logging
from dataclasses import dataclass

from wherry.engine.containers.idranges import IdRanges
from wherry.engine.networks import Networks
from wherry.engine.networks.model import Endpoint
from wherry.engine.runtime.model import Isolation, Runtime, Sandbox

_log = logging.getLogger(__name__)
_DELAY_SECONDS = 0.03


@dataclass(slots=True)
class Made:
    """A sandbox with the ids it was made with; ``endpoint`` where its network namespace is on the default bridge."""

    sandbox: Sandbox
    ids: int
    endpoint: Endpoint | None


class Pool:
    """``size`` sandboxes on the default bridge, and as many without network."""

    def __init__(self, runtime: Runtime, networks: Networks, ranges: IdRanges, size: int = 1) -> None:
        self._runtime = runtime
        self._networks = networks
        self._ranges = ranges
        self._size = size
        self._made: dict[bool, list[Made]] = {True: [], False: []}
        self._filling: asyncio.Task[None] | None = None
        self._closed = False

    def start(self) -> None:
        self._refill(0.0)

    async def take(self, bridged: bool) -> Made:
        """One from the pool, or a new one when it is empty."""
        ready = self._made[bridged]
        while ready:
            made = ready.pop()
            self._refill(_DELAY_SECONDS)
            if getattr(made.sandbox, "alive", True):
                return made
            await self._throw(made)
        self._refill(_DELAY_SECONDS)
        return await self._make(bridged)

    async def _make(self, bridged: bool) -> Made:
        ids = self._ranges.take()
        try:
            sandbox = await self._runtime.spawn(Isolation(ids=ids))
        except BaseException:
            self._ranges.release(ids.first)
            raise
        made = Made(sandbox, ids.first, None)
        if bridged:
            try:
                assert sandbox.netns_fd is not None
                made.endpoint = await self._networks.wire(sandbox.netns_fd)
            except BaseException:
                await self._throw(made)
                raise
        return made

    def _refill(self, delay: float) -> None:
        if self._filling is None and not self._closed:
            self._filling = asyncio.get_running_loop().create_task(self._fill(delay))

    async def _fill(self, delay: float) -> None:
        try:
            await asyncio.sleep(delay)
            for bridged, ready in self._made.items():
                while len(ready) < self._size and not self._closed:
                    ready.append(await self._make(bridged))
        except Exception:
            _log.exception("cannot prepare containers ahead of time; starts go on without")
        finally:
            self._filling = None

    async def _throw(self, made: Made) -> None:
        await made.sandbox.discard()
        if made.endpoint is not None:
            await self._networks.discard(made.endpoint)
        self._ranges.release(made.ids)

    async def close(self) -> None:
        self._closed = True
        filling = self._filling
        if filling is not None:
            filling.cancel()
            await asyncio.gather(filling, return_exceptions=True)
        for ready in self._made.values():
            while ready:
                await self._throw(ready.pop())
