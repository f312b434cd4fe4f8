"""``docker commit``: what a container has written becomes a layer on its image."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from wherry import __version__
from wherry.engine.content import ContentStore
from wherry.engine.images.changes import apply_changes
from wherry.engine.images.importer import store_documents
from wherry.engine.images.layers import store_written
from wherry.engine.images.ledger import Ledger
from wherry.engine.images.model import Image, StoredLayer
from wherry.engine.images.registrar import Candidate, LayerBlob, Registrar
from wherry.engine.images.sweep import Work
from wherry.engine.images.threads import in_thread
from wherry.engine.snapshots.encode import END
from wherry.engine.snapshots.model import Diff, Sink
from wherry.kit.durations import format_moment
from wherry.oci import mediatypes
from wherry.oci.digest import Digest
from wherry.oci.model import ContainerConfig, History, ImageConfig, RootFs, encode
from wherry.oci.reference import Reference

_EMPTY = str(Digest.of(END))
"""The diff id of a layer without entries, which no image gets (moby, layer.DigestSHA256EmptyTar)."""

_OCI_TYPES = {
    mediatypes.DOCKER_LAYER_GZIP: mediatypes.OCI_LAYER_GZIP,
    mediatypes.DOCKER_LAYER: mediatypes.OCI_LAYER,
}


@dataclass(frozen=True, slots=True)
class Commitment:
    """What a commit says of its image besides the files.

    ``config`` is the container's, before ``changes``; ``command`` what it ran, for the history. Without ``repository``
    the image has no name.
    """

    config: ContainerConfig
    command: Sequence[str] = ()
    changes: Sequence[str] = ()
    comment: str = ""
    author: str = ""
    repository: str = ""
    tag: str = ""


class Committer:
    def __init__(self, ledger: Ledger, registrar: Registrar, content: ContentStore) -> None:
        self._ledger = ledger
        self._registrar = registrar
        self._content = content

    async def run(
        self, base: Image, write: Callable[[Sink], Diff], wanted: Commitment, reference: Reference | None
    ) -> Image:
        """See :meth:`wherry.engine.images.Images.commit`."""
        settings = apply_changes(wanted.config, wanted.changes)
        async with self._registrar.work() as work:
            config, candidate = await in_thread(self._store, work, base, write, wanted, settings)
            image = self._ledger.catalogue.by_id(
                await self._registrar.register(work, candidate, config, name=lambda id: self._name(id, reference))
            )
            if image.id != base.id and not image.parent:
                self._ledger.rows.set_parent(image.id, base.id)
                self._ledger.changed()
            self._name(image.id, reference)
        if reference is not None:
            self._ledger.publish("tag", image, reference.familiar())
        return self._ledger.catalogue.by_id(image.id)

    def _name(self, image: str, reference: Reference | None) -> None:
        if reference is not None:
            self._ledger.name(self._ledger.catalogue.by_id(image), [reference])

    def _store(
        self, work: Work, base: Image, write: Callable[[Sink], Diff], wanted: Commitment, settings: ContainerConfig
    ) -> tuple[ImageConfig, Candidate]:
        layer, _ = store_written(self._content, work, write)
        is_empty = layer.diff_id == _EMPTY
        config = self._config(base, None if is_empty else layer, wanted, settings)
        blobs = [
            LayerBlob(row.layer.blob, row.layer.blob_bytes, _OCI_TYPES.get(row.layer.media_type, row.layer.media_type))
            for row in self._ledger.rows.layers(base.id)
        ]
        if not is_empty:
            blobs.append(LayerBlob(layer.blob, layer.blob_bytes, mediatypes.OCI_LAYER_GZIP))
        return config, store_documents(self._content, work, encode(config), blobs)

    def _config(
        self, base: Image, layer: StoredLayer | None, wanted: Commitment, settings: ContainerConfig
    ) -> ImageConfig:
        created = format_moment(self._ledger.now())
        step = History(
            created=created,
            created_by=" ".join(wanted.command),
            author=wanted.author,
            comment=wanted.comment,
            empty_layer=layer is None,
        )
        return msgspec.structs.replace(
            base.config,
            created=created,
            author=wanted.author,
            comment=wanted.comment,
            docker_version=__version__,
            config=settings,
            rootfs=RootFs(diff_ids=[*base.diff_ids, *([layer.diff_id] if layer is not None else [])]),
            history=[*base.config.history, step],
            container="",
            container_config=None,
            parent="",
        )
