"""A registry's storage, put together."""

import asyncio
import logging
import time
from collections.abc import Callable

from wherry.engine.content import ContentStore
from wherry.engine.registry.blobs import Blobs, Shelves
from wherry.engine.registry.collector import Collector
from wherry.engine.registry.familiar import ImageSource, NoImages
from wherry.engine.registry.keeper import Keeper
from wherry.engine.registry.manifests import Manifests
from wherry.engine.registry.rows import RegistryRows
from wherry.engine.registry.uploads import Uploads

log = logging.getLogger(__name__)

COLLECT_SECONDS = 3600.0


class Registry:
    """Everything by part: :attr:`blobs`, :attr:`uploads`, :attr:`manifests`, :attr:`collector`.

    ``keeper`` deletes what nobody owns and must know :class:`wherry.engine.registry.owner.RegistryOwner`; ``images``
    are served beside what is pushed; ``now`` is in seconds since 1970.
    """

    def __init__(
        self,
        rows: RegistryRows,
        content: ContentStore,
        keeper: Keeper,
        images: ImageSource | None = None,
        now: Callable[[], int] = lambda: int(time.time()),
    ) -> None:
        shelves = Shelves(rows, content, keeper, images or NoImages(), now)
        self.blobs = Blobs(shelves)
        self.uploads = Uploads(shelves)
        self.manifests = Manifests(shelves)
        self.collector = Collector(shelves, self.uploads)
        self._collecting: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Forget the remains of a crash, and collect garbage from time to time."""
        self.uploads.recover()
        self._collecting = asyncio.get_running_loop().create_task(self._collect_regularly())

    async def close(self) -> None:
        """Let go of everything; uploads can go on after the next start."""
        if self._collecting is not None:
            self._collecting.cancel()
            await asyncio.wait([self._collecting])
        self.uploads.close()

    async def _collect_regularly(self) -> None:
        while True:
            await asyncio.sleep(COLLECT_SECONDS)
            try:
                log.info("collected garbage: %s", await self.collector.collect())
            except Exception:
                log.exception("garbage could not be collected")
