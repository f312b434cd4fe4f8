"""An image on its way: its layers downloaded side by side, and extracted in order while later ones still arrive."""

import asyncio
import os
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from types import TracebackType
from typing import Any, BinaryIO, TypeVar, cast

from wherry.engine.content import ContentStore
from wherry.engine.distribution.arrivals import Arrival, Arrivals, Restarted
from wherry.engine.distribution.downloads import AT_ONCE, Downloads
from wherry.engine.distribution.progress import LayerProgress
from wherry.engine.distribution.repository import Repository
from wherry.engine.images.progress import Report
from wherry.engine.images.registrar import Candidate, LayerBlob, Registrar
from wherry.engine.images.source import StoredLayers
from wherry.engine.images.sweep import Work
from wherry.engine.images.threads import in_thread_of
from wherry.http.client import BrokenOff, NoAnswer
from wherry.kit.errors import Invalid, Unavailable
from wherry.kit.tasks import first_cause
from wherry.oci.digest import Digest
from wherry.oci.model import Descriptor, ImageConfig

T = TypeVar("T")


EXTRACTED_AT_ONCE = min(4, os.cpu_count() or 1)
"""Layers of one pull. Python holds them up one by one, but most of the time is the kernel's and the decompressor's."""


class Arriving:
    """The layers of one manifest from one repository; a :class:`wherry.engine.images.source.Source`.

    An asynchronous context manager. What has arrived stays resumable when it is left by an exception, but for a full
    disk and for what may be part of a lie.
    """

    def __init__(
        self, content: ContentStore, arrivals: Arrivals, downloads: Downloads, repository: Repository, work: Work
    ) -> None:
        self._content = content
        self._arrivals = arrivals
        self._downloads = downloads
        self._repository = repository
        self._work = work
        self._stored = StoredLayers(content)
        self._stack = ExitStack()
        self._threads: Executor = ThreadPoolExecutor(AT_ONCE + EXTRACTED_AT_ONCE, "pull")
        self._waited: dict[str, Arrival] = {}
        self._progress: dict[str, LayerProgress] = {}
        self._documents: Sequence[tuple[bytes, Digest]] = ()
        self._arrived = asyncio.Event()

    @property
    def at_once(self) -> int:
        """See :class:`Source`."""
        return EXTRACTED_AT_ONCE

    async def __aenter__(self) -> "Arriving":
        self._stack.enter_context(cast(ThreadPoolExecutor, self._threads))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for arrival in self._waited.values():
            if _is_lost(arrival, error):
                await in_thread_of(self._threads, arrival.drop)
        self._stack.close()

    def expect(self, layers: Sequence[Descriptor], report: Report) -> None:
        """Say which layers there are, and find out which of them are here already. Raises Invalid."""
        loop = asyncio.get_running_loop()

        def from_thread(message: dict[str, Any]) -> None:
            loop.call_soon_threadsafe(report, message)

        unique = {layer.digest: layer for layer in layers}
        for layer in layers:
            if unique[layer.digest].size != layer.size:
                raise Invalid(f"manifest has two sizes of layer {layer.digest}")
        for layer in unique.values():
            digest = Digest.parse(layer.digest)
            progress = LayerProgress(digest.hex[:12], layer.size, report, from_thread)
            self._progress[layer.digest] = progress
            if self._content.has(digest):
                if self._content.size(digest) != layer.size:
                    raise Invalid(f"blob {digest} has not the {layer.size} bytes that its descriptor says")
                progress.exists()
            else:
                self._waited[layer.digest] = self._stack.enter_context(self._arrivals.wanted(digest, layer.size))
                progress.began()

    async def register(
        self,
        registrar: Registrar,
        candidate: Candidate,
        config: ImageConfig,
        documents: Sequence[tuple[bytes, Digest]],
        name: Callable[[str], None],
    ) -> str:
        """Download, extract, store and register; the image's id. ``documents``: configuration and manifest.
        ``name``: see :meth:`Registrar.register`.

        Raises what :meth:`Downloads.fetch` and :meth:`Registrar.register` do.
        """
        self._documents = documents
        try:
            async with asyncio.TaskGroup() as group:
                registering = group.create_task(registrar.register(self._work, candidate, config, self, name))
                fetching = group.create_task(self._fetch_all())
                await registering
                fetching.cancel()  # somebody else may have been faster with the whole image
        except BaseExceptionGroup as group_error:
            raise first_cause(group_error) from group_error
        return registering.result()

    async def _fetch_all(self) -> None:
        async with asyncio.TaskGroup() as group:
            for name, arrival in self._waited.items():
                group.create_task(self._fetch(arrival, self._progress[name]))
        self._arrived.set()

    async def _fetch(self, arrival: Arrival, progress: LayerProgress) -> None:
        await self._downloads.fetch(arrival, self._repository, self._threads, progress)
        progress.arrived()

    async def read(self, layer: LayerBlob, consume: Callable[[BinaryIO], T]) -> T:
        """See :class:`Source`."""
        arrival = self._waited.get(layer.digest)
        if arrival is None:
            return await self._stored.read(layer, consume)
        while True:
            file = arrival.open(self._progress[layer.digest].extracting)
            try:
                return await in_thread_of(self._threads, partial(consume, cast(BinaryIO, file)), file.interrupt)
            except Restarted:
                continue
            finally:
                file.close()

    def ready(self, layer: LayerBlob) -> None:
        """See :class:`Source`."""
        if layer.digest in self._waited:
            self._progress[layer.digest].extracted()

    async def settle(self) -> None:
        """See :class:`Source`."""
        await self._arrived.wait()
        for name, arrival in self._waited.items():
            self._work.blob(name)
            await in_thread_of(self._threads, arrival.store)
        for data, digest in self._documents:
            self._work.blob(str(digest))
            await in_thread_of(self._threads, partial(self._content.write, data, digest))


def _is_lost(arrival: Arrival, error: BaseException | None) -> bool:
    """Whether nobody should go on with what has come: this machine has no room, or it may be part of a lie."""
    if arrival.downloading.locked():
        return False  # for another pull
    if isinstance(error, Invalid):
        return not arrival.is_complete
    return isinstance(error, Unavailable) and not isinstance(error, NoAnswer | BrokenOff)
