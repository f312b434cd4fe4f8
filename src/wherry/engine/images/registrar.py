"""How an image comes to be: blobs first, then snapshots, the row last.

Every way in (import, load, pull, build, commit) opens a work, stores its blobs, and calls :meth:`Registrar.register`;
before they are all there, where its source knows how to wait.
"""

from collections.abc import Callable, Sequence

import msgspec

from wherry.engine.content import ContentStore
from wherry.engine.images.model import Layer, StoredLayer
from wherry.engine.images.owners import ImageOwner, Owners
from wherry.engine.images.rows import ImageRow, ImageRows, LayerRow
from wherry.engine.images.source import LayerBlob, Source, StoredLayers
from wherry.engine.images.sweep import Kind, Name, Sweeper, Work
from wherry.engine.images.unpacking import Unpacker
from wherry.engine.snapshots.model import Snapshots
from wherry.kit.durations import parse_moment
from wherry.kit.errors import Invalid
from wherry.oci import mediatypes
from wherry.oci.chain import chain_ids
from wherry.oci.digest import Digest
from wherry.oci.model import ImageConfig


class Candidate(msgspec.Struct, frozen=True):
    """An image whose blobs, manifest and configuration among them, are in the content store, or will be."""

    config: bytes
    manifest: str
    manifest_type: str
    layers: Sequence[LayerBlob]


class Registrar:
    """Turns a candidate into an image of this machine."""

    def __init__(
        self, rows: ImageRows, content: ContentStore, snapshots: Snapshots, changed: Callable[[], None]
    ) -> None:
        self._rows = rows
        self._content = content
        self._snapshots = snapshots
        self._changed = changed
        self._unpacker = Unpacker(rows, snapshots)
        self.owners = Owners(ImageOwner(rows))
        self.sweeper = Sweeper(self.owners.wants, self._delete)

    def work(self) -> Work:
        return self.sweeper.work()

    def _delete(self, name: Name) -> None:
        if name.kind is Kind.BLOB:
            self._content.delete(Digest.parse(name.id))
        else:
            self._snapshots.remove(name.id)

    async def register(
        self,
        work: Work,
        candidate: Candidate,
        config: ImageConfig,
        source: Source | None = None,
        name: Callable[[str], None] = lambda image: None,
    ) -> str:
        """Extract what is missing, write the row; the image's id. Idempotent. Raises Invalid, leaving nothing.

        ``config`` is ``candidate.config`` decoded. ``source`` None: every blob is in the content store.
        ``name`` gives a new image (its id) names, in one transaction with the row: a crash leaves no image without
        them. One that is here already is named by the caller alone.
        """
        image = str(Digest.of(candidate.config))
        if self._rows.image(image) is not None:
            return image
        source = source or StoredLayers(self._content)
        layers = await self._unpacker.unpack(work, self._stack(config, candidate.layers), source)
        await source.settle()
        await self._unpacker.settle(layers)
        row = ImageRow(
            id=image,
            config=candidate.config,
            manifest=candidate.manifest,
            manifest_type=candidate.manifest_type,
            manifest_bytes=self._content.size(Digest.parse(candidate.manifest)),
            created_nanoseconds=created_nanoseconds(config),
            parent="",
            last_tagged_nanoseconds=0,
        )
        if self._rows.image(image) is not None:
            return image  # somebody was faster while this one extracted
        with self._rows.database.transaction(durable=True):
            self._rows.insert(row, layers)
            name(image)
        self._changed()
        return image

    @staticmethod
    def _stack(config: ImageConfig, blobs: Sequence[LayerBlob]) -> list[LayerRow]:
        """The layers that the configuration and the manifest together describe; sizes are not known yet."""
        diff_ids = config.rootfs.diff_ids
        if len(diff_ids) != len(blobs):
            raise Invalid(f"invalid manifest, layers length mismatch: expected {len(blobs)}, got {len(diff_ids)}")
        return [
            LayerRow(chain_id, Layer(diff_id, blob.digest, blob.size_bytes, blob.media_type, 0))
            for chain_id, diff_id, blob in zip(chain_ids(diff_ids), diff_ids, blobs, strict=True)
        ]

    def stored_layer(self, diff_ids: Sequence[str]) -> StoredLayer | None:
        """The stored blob of the layer on top of these, when it is one that was compressed here and is extracted."""
        chain_id = chain_ids(diff_ids)[-1]
        layer = self._rows.layer_of_chain(chain_id)
        if layer is None or layer.media_type != mediatypes.OCI_LAYER_GZIP or not self._snapshots.has(chain_id):
            return None
        return StoredLayer(layer.diff_id, layer.blob, layer.blob_bytes)


def created_nanoseconds(config: ImageConfig) -> int:
    """When the image says it was made, in nanoseconds since 1970; 0 when it does not say or nobody could read it."""
    try:
        return parse_moment(config.created, 0) if config.created else 0
    except Invalid:
        return 0


__all__ = ["Candidate", "LayerBlob", "Registrar", "created_nanoseconds"]
