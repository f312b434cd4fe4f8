"""A finished upper directory becomes a layer: a snapshot, and the blob that goes to registries."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from msgspec.structs import replace

from wherry.engine.build.cache import CachedLayer
from wherry.engine.content import ContentStore
from wherry.engine.images.layers import store_written
from wherry.engine.images.sweep import Work
from wherry.engine.snapshots.model import CommitOptions, Committed, Sink, Snapshots
from wherry.kit.errors import Invalid
from wherry.oci.chain import chain_id, chain_ids
from wherry.oci.digest import Digest


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

        def commit(sink: Sink) -> Committed:
            committed = self._snapshots.commit(upper, target.parent, sink, options)
            target.work.snapshot(committed.chain_id)  # at once: there may be no room for the blob
            return committed

        layer, committed = store_written(self._content, target.work, commit)
        return CachedLayer(committed.chain_id, committed.diff_id, layer.blob, layer.blob_bytes, committed.size_bytes)

    def again(self, layer: CachedLayer, target: Target) -> CachedLayer:
        """The same layer on the target's chain, where it may not have been yet. Invalid when its blob is another."""
        name = chain_id(target.parent, layer.diff_id)
        target.work.snapshot(name)
        target.work.blob(layer.blob)
        if not self._snapshots.has(name):
            with self._content.open(Digest.parse(layer.blob)) as stream:
                result = self._snapshots.extract(name, target.parent, cast(BinaryIO, stream))
            if result.diff_id != layer.diff_id:
                self._snapshots.remove(name)
                raise Invalid(f"layer {layer.blob} has the content {result.diff_id}, expected {layer.diff_id}")
        return replace(layer, chain_id=name)
