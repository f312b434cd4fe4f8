"""``docker load``: the images of an archive, stored, checked, extracted and registered."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from wherry.engine.content import ContentStore
from wherry.engine.images.archive import Archive
from wherry.engine.images.archived import ArchivedImage, ArchivedLayer
from wherry.engine.images.importer import store_image
from wherry.engine.images.layers import store_compressed
from wherry.engine.images.model import StoredLayer
from wherry.engine.images.progress import Report
from wherry.engine.images.registrar import Candidate, LayerBlob, Registrar
from wherry.engine.images.sweep import Work
from wherry.engine.images.threads import in_thread
from wherry.kit.errors import Invalid
from wherry.oci.decode import decode_config
from wherry.oci.digest import Digest
from wherry.oci.model import ImageConfig

_CHUNK_BYTES = 1 << 20


@contextmanager
def scratch_file(directory: Path) -> Iterator[int]:
    """A nameless file below ``directory``: gone with its descriptor, whatever happens (open(2) O_TMPFILE)."""
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=directory, buffering=0) as file:
        yield file.fileno()


class Loader:
    """Brings archived images into the stores and the rows; naming them is the caller's."""

    def __init__(self, content: ContentStore, registrar: Registrar) -> None:
        self._content = content
        self._registrar = registrar

    async def add(self, work: Work, archive: Archive, image: ArchivedImage, report: Report) -> str:
        """The image's id. Raises Invalid; what was stored by then goes with ``work``."""
        config = decode_config(image.config)
        if config.os not in ("linux", ""):
            raise Invalid(f"cannot load {config.os} image on linux")
        expected, found = len(image.layers), len(config.rootfs.diff_ids)
        if expected != found:
            raise Invalid(f"invalid manifest, layers length mismatch: expected {expected}, got {found}")
        if image.manifest is None:
            candidate = await self._compressed(work, archive, image, config, report)
        else:
            candidate = await self._verbatim(work, archive, image, image.manifest, report)
        return await self._registrar.register(work, candidate, config)

    async def _verbatim(
        self, work: Work, archive: Archive, image: ArchivedImage, manifest: bytes, report: Report
    ) -> Candidate:
        """Every blob as it came, checked against its descriptor: the manifest's digest stays true."""
        blobs: list[LayerBlob] = []
        for layer in image.layers:
            assert layer.descriptor is not None
            digest, size = layer.descriptor.digest, layer.descriptor.size
            work.blob(digest)
            if not self._content.has(Digest.parse(digest)):
                await in_thread(self._copy, archive, layer)
            blobs.append(LayerBlob(digest, size, layer.descriptor.media_type))
            _loaded(report, digest, size)
        for document in (image.config, manifest):
            work.blob(str(Digest.of(document)))
            await in_thread(self._content.write, document)
        return Candidate(image.config, str(Digest.of(manifest)), image.manifest_type, blobs)

    def _copy(self, archive: Archive, layer: ArchivedLayer) -> None:
        assert layer.descriptor is not None
        size = layer.descriptor.size
        if archive.size(layer.member) != size:
            raise Invalid(f"blob {layer.descriptor.digest} has {archive.size(layer.member)} bytes, expected {size}")
        with archive.open(layer.member) as source, self._content.writer(limit_bytes=size) as ingest:
            while chunk := source.read(_CHUNK_BYTES):
                ingest.write(chunk)
            ingest.commit(Digest.parse(layer.descriptor.digest), size)

    async def _compressed(
        self, work: Work, archive: Archive, image: ArchivedImage, config: ImageConfig, report: Report
    ) -> Candidate:
        """Layers without a manifest: those already here are taken from here, the others are compressed."""
        stored: list[StoredLayer] = []
        for position, (layer, diff_id) in enumerate(zip(image.layers, config.rootfs.diff_ids, strict=True)):
            found = self._registrar.stored_layer(config.rootfs.diff_ids[: position + 1])
            if found is None:
                found = await in_thread(self._compress, work, archive, layer.member)
            if found.diff_id != diff_id:
                raise Invalid(f'invalid diffID for layer {position}: expected "{diff_id}", got "{found.diff_id}"')
            stored.append(found)
            _loaded(report, diff_id, archive.size(layer.member))
        return await in_thread(store_image, self._content, work, config, stored, image.config)

    def _compress(self, work: Work, archive: Archive, member: str) -> StoredLayer:
        with archive.open(member) as source:
            return store_compressed(self._content, work, cast(BinaryIO, source))


def _loaded(report: Report, digest: str, size_bytes: int) -> None:
    """Docker's progress of a layer, which the CLI draws as a bar; here it is done when it is told."""
    detail = {"current": size_bytes, "total": size_bytes}
    short = digest.removeprefix("sha256:")[:12]
    report({"status": "Loading layer", "progressDetail": detail, "id": short})
