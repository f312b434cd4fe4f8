"""A finished upper directory becomes a layer: a snapshot, and the blob that goes to registries.

Walking and hashing the files is one thread's work, compressing and storing another's: both release the interpreter.
"""

import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, cast

from wherry.engine.build.cache import CachedLayer
from wherry.engine.content import ContentStore
from wherry.engine.images.layers import GzipCompressor
from wherry.engine.images.sweep import Work
from wherry.engine.snapshots.model import CommitOptions, Snapshots
from wherry.oci.chain import chain_id, chain_ids
from wherry.oci.digest import Digest

_PIECES = 8  # of at most 1 MiB under way between the two threads


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer of what is being built. ``media_type`` is what its blob is; bytes of the blob, and of the files in it."""

    diff_id: str
    blob: str
    blob_bytes: int
    media_type: str
    unpacked_bytes: int


@dataclass(frozen=True, slots=True)
class Target:
    """Where a layer goes: on a chain, the lowest first. ``epoch_seconds``: see :class:`CommitOptions`."""

    chain_ids: list[str]
    epoch_seconds: int | None
    work: Work

    @property
    def parent(self) -> str | None:
        return self.chain_ids[-1] if self.chain_ids else None

    def options(self, **more: Any) -> CommitOptions:  # Any: the other fields of CommitOptions
        return CommitOptions(epoch_seconds=self.epoch_seconds, durable=False, **more)


def chain(layers: Sequence[Layer]) -> list[str]:
    """The chain ids of layers, the lowest first."""
    return chain_ids([layer.diff_id for layer in layers])


class Layers:
    """Makes layers. Blocks: call in a thread."""

    def __init__(self, snapshots: Snapshots, content: ContentStore) -> None:
        self._snapshots = snapshots
        self._content = content

    def make(self, upper: Path, target: Target, options: CommitOptions) -> CachedLayer:
        """Commit ``upper`` on the target's chain; see :meth:`Snapshots.commit` for what may be raised."""
        with self._content.writer() as ingest:
            pipe = _Pipe(ingest.write)
            try:
                committed = self._snapshots.commit(upper, target.parent, pipe, options)
            finally:
                pipe.close()
            pipe.check()
            target.work.snapshot(committed.chain_id)
            target.work.blob(str(ingest.digest))
            blob = str(ingest.commit())
            return CachedLayer(committed.chain_id, committed.diff_id, blob, ingest.offset, committed.size_bytes)

    def again(self, layer: CachedLayer, target: Target) -> CachedLayer:
        """The same layer on the target's chain, where it may not have been yet."""
        name = chain_id(target.parent, layer.diff_id)
        target.work.snapshot(name)
        target.work.blob(layer.blob)
        if not self._snapshots.has(name):
            with self._content.open(Digest.parse(layer.blob)) as stream:
                self._snapshots.extract(name, target.parent, cast(BinaryIO, stream))
        return replace(layer, chain_id=name)


class _Pipe:
    """What is written is compressed in another thread and handed to ``store`` there."""

    def __init__(self, store: Callable[[bytes], object]) -> None:
        self._store = store
        self._pieces: queue.Queue[bytes | None] = queue.Queue(_PIECES)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="layer-gzip", daemon=True)
        self._thread.start()

    def write(self, data: bytes | bytearray | memoryview, /) -> object:
        if self._error is not None:
            raise self._error
        self._pieces.put(bytes(data))
        return None

    def close(self) -> None:
        """Everything written is stored, or there is an error to :meth:`check` for. Idempotent."""
        if self._thread.is_alive():
            self._pieces.put(None)
        self._thread.join()

    def check(self) -> None:
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        compressor = GzipCompressor()
        while (piece := self._pieces.get()) is not None:
            if self._error is None:
                self._try(compressor.compress(piece))
        if self._error is None:
            self._try(compressor.flush())

    def _try(self, packed: bytes) -> None:
        try:
            if packed:
                self._store(packed)
        except BaseException as error:
            self._error = error
