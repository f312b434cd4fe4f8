"""Containers half made ahead of time: their namespaces, their first process, their wired network.

A start takes one and does not wait for what needed no knowledge of it. What is taken is replaced when the loop has
nothing else to do.
"""

import asyncio
import logging

import msgspec

from wherry.engine.containers.idranges import IdRanges
from wherry.engine.networks import Networks
from wherry.engine.networks.model import Endpoint
from wherry.engine.runtime.model import Isolation, Runtime, Sandbox

_log = logging.getLogger(__name__)
# A start is over in this time: what replaces its sandbox does not compete with it for the processors.
_DELAY_SECONDS = 0.03
_RETRY_SECONDS = 5.0


class Made(msgspec.Struct):
    """A sandbox with the ids it was made with; ``endpoint`` where its network namespace is on the default bridge."""

    sandbox: Sandbox
    ids: int
    endpoint: Endpoint | None


class Pool:
    """``size`` sandboxes on the default bridge, and as many without network; 0: none is made ahead."""

    def __init__(self, runtime: Runtime, networks: Networks, ranges: IdRanges, size: int = 1) -> None:
        self._runtime = runtime
        self._networks = networks
        self._ranges = ranges
        self._size = size
        self._made: dict[bool, list[Made]] = {True: [], False: []}
        self._filling: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def ready(self) -> dict[bool, int]:
        """How many there are: on the bridge, without network."""
        return {bridged: len(made) for bridged, made in self._made.items()}

    def start(self) -> None:
        self._refill(0.0)

    async def take(self, bridged: bool) -> Made:
        """One from the pool, or a new one when it is empty. Its ids are the taker's."""
        ready = self._made[bridged]
        self._refill(_DELAY_SECONDS)
        while ready:
            made = ready.pop()
            if made.sandbox.alive:
                return made
            await self._throw(made)
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
        if self._filling is None and self._size and not self._closed:
            self._filling = asyncio.get_running_loop().create_task(self._fill(delay))

    async def _fill(self, delay: float) -> None:
        await asyncio.sleep(delay)
        while (bridged := self._lacking()) is not None:
            try:
                self._made[bridged].append(await self._make(bridged))
            except Exception:
                _log.exception("cannot prepare containers ahead of time; starts go on without")
                await asyncio.sleep(_RETRY_SECONDS)
        self._filling = None

    def _lacking(self) -> bool | None:
        """Which kind there are too few of."""
        return next((bridged for bridged, ready in self._made.items() if len(ready) < self._size), None)

    async def _throw(self, made: Made) -> None:
        await made.sandbox.discard()
        if made.endpoint is not None:
            await self._networks.discard(made.endpoint)
        self._ranges.release(made.ids)

    async def close(self) -> None:
        """Discard what nobody took. Idempotent."""
        self._closed = True
        if self._filling is not None:
            self._filling.cancel()
            await asyncio.gather(self._filling, return_exceptions=True)
            self._filling = None
        for ready in self._made.values():
            while ready:
                await self._throw(ready.pop())
