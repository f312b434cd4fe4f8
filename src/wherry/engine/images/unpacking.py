"""Extracting the layers of an image: several at once, each seen by others only when those below it are there.

Most layers need nothing of those below. One that does, because it deletes a file or puts one into a directory that it
does not describe, waits for them when it comes to that; and each waits before it becomes a snapshot.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import Future
from contextlib import asynccontextmanager, suppress
from typing import BinaryIO
from weakref import WeakValueDictionary

from msgspec.structs import replace

from wherry.engine.images.rows import ImageRows, LayerRow
from wherry.engine.images.source import LayerBlob, Source
from wherry.engine.images.sweep import Work
from wherry.engine.images.threads import in_thread
from wherry.engine.snapshots.model import ExtractOptions, Snapshots
from wherry.kit.errors import Invalid, WherryError
from wherry.kit.tasks import first_cause

_READ_BYTES = 1 << 18
_FLUSH_SECONDS = 0.5


class _BelowFailed(WherryError):
    """A layer's extraction ended because that of one below it did."""


class Unpacker:
    """Everybody's: a chain is extracted once, whoever needs it."""

    def __init__(self, rows: ImageRows, snapshots: Snapshots) -> None:
        self._rows = rows
        self._snapshots = snapshots
        self._extracting: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def unpack(self, work: Work, layers: Sequence[LayerRow], source: Source) -> list[LayerRow]:
        """The layers, the lowest first, with the sizes that they have as snapshots; made unless they are there.

        Not on the disk for sure before :meth:`settle`. Raises Invalid and Unavailable; then ``work`` knows what is to
        go.
        """
        slots = asyncio.Semaphore(source.at_once)
        there: list[Future[None]] = [Future() for _ in layers]
        try:
            async with self._flushing(), asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(self._one(work, layers, position, source, slots, there))
                    for position in range(len(layers))
                ]
        except BaseExceptionGroup as error:
            raise first_cause(error) from error
        return [task.result() for task in tasks]

    async def settle(self, layers: Sequence[LayerRow]) -> None:
        """Return when the snapshots of these layers are on the disk: those that a row refers to are already."""
        if any(self._rows.layer_of_chain(layer.chain_id) is None for layer in layers):
            await in_thread(self._snapshots.sync)

    async def _one(
        self,
        work: Work,
        layers: Sequence[LayerRow],
        position: int,
        source: Source,
        slots: asyncio.Semaphore,
        there: Sequence[Future[None]],
    ) -> LayerRow:
        """One layer. Slots are taken from the lowest up, so that none waits for one that has not got one."""
        row = layers[position]
        blob = LayerBlob(row.layer.blob, row.layer.blob_bytes, row.layer.media_type)
        try:
            async with slots, self._extracting.setdefault(row.chain_id, asyncio.Lock()):
                size = self._known_size(row.chain_id)
                if size is None:
                    work.snapshot(row.chain_id)
                    size = await source.read(blob, lambda stream: self._extract(layers, position, stream, there))
        except BaseException:
            there[position].set_exception(_BelowFailed(f"layer {position} could not be extracted"))
            raise
        there[position].set_result(None)
        source.ready(blob)
        return LayerRow(row.chain_id, replace(row.layer, unpacked_bytes=size))

    def _known_size(self, chain_id: str) -> int | None:
        """Unpacked bytes of a layer that is extracted already."""
        if not self._snapshots.has(chain_id):
            return None
        known = self._rows.layer_of_chain(chain_id)
        return known.unpacked_bytes if known is not None else self._snapshots.usage(chain_id)

    def _extract(
        self, layers: Sequence[LayerRow], position: int, stream: BinaryIO, there: Sequence[Future[None]]
    ) -> int:
        """In a thread. What turns out not to be what it was called is gone before anybody else looks for it."""
        row = layers[position]
        below = layers[position - 1].chain_id if position else None
        wait = there[position - 1].result if position else None
        result = self._snapshots.extract(row.chain_id, below, stream, ExtractOptions(durable=False, below_ready=wait))
        try:
            while stream.read(_READ_BYTES):  # what follows the archive: only at its end is the blob known to be good
                pass
            if result.diff_id != row.layer.diff_id:
                expected = row.layer.diff_id
                raise Invalid(f'invalid diffID for layer {position}: expected "{expected}", got "{result.diff_id}"')
        except BaseException:
            self._snapshots.remove(row.chain_id)
            raise
        return result.size_bytes

    @asynccontextmanager
    async def _flushing(self) -> AsyncIterator[None]:
        """Let the disk work meanwhile: what is written by then need not be waited for at the end."""
        flushing = asyncio.ensure_future(self._flush())
        try:
            yield
        finally:
            flushing.cancel()
            with suppress(asyncio.CancelledError):
                await flushing

    async def _flush(self) -> None:
        while True:
            await asyncio.sleep(_FLUSH_SECONDS)
            await in_thread(self._snapshots.sync)
