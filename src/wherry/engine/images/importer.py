"""``docker import``: a root file system, as a tar with or without compression, becomes an image of one layer."""

from collections.abc import AsyncIterator, Callable, Sequence

from wherry import __version__
from wherry.engine.content import ContentStore
from wherry.engine.images.changes import apply_changes
from wherry.engine.images.feed import through
from wherry.engine.images.layers import store_compressed
from wherry.engine.images.model import Description, StoredLayer
from wherry.engine.images.registrar import Candidate, LayerBlob, Registrar
from wherry.engine.images.sweep import Work
from wherry.engine.images.threads import in_thread
from wherry.kit.durations import format_moment
from wherry.kit.errors import Invalid
from wherry.oci import mediatypes
from wherry.oci.digest import Digest
from wherry.oci.model import ContainerConfig, Descriptor, History, ImageConfig, Manifest, RootFs, encode
from wherry.oci.platform import LINUX, Platform


class Importer:
    """``now`` is the time in nanoseconds since 1970."""

    def __init__(self, content: ContentStore, registrar: Registrar, now: Callable[[], int]) -> None:
        self._content = content
        self._registrar = registrar
        self._now = now

    async def run(self, work: Work, chunks: AsyncIterator[bytes], description: Description) -> str:
        """Store, extract and register; the image's id."""
        platform = Platform.parse(description.platform)
        if platform.os != LINUX:
            raise Invalid("operating system is not supported")
        settings = apply_changes(ContainerConfig(), description.changes)
        layer = await through(chunks, lambda stream: store_compressed(self._content, work, stream))
        created = format_moment(self._now())
        message = description.message or "Imported from -"
        config = ImageConfig(
            architecture=platform.architecture,
            variant=platform.variant,
            os=platform.os,
            created=created,
            comment=message,
            docker_version=__version__,
            config=settings,
            rootfs=RootFs(diff_ids=[layer.diff_id]),
            history=[History(created=created, comment=message)],
        )
        candidate = await in_thread(store_image, self._content, work, config, [layer])
        return await self._registrar.register(work, candidate, config)


def store_image(
    content: ContentStore, work: Work, config: ImageConfig, layers: Sequence[StoredLayer], config_bytes: bytes = b""
) -> Candidate:
    """Write configuration and manifest of layers that :func:`store_compressed` stored."""
    config_bytes = config_bytes or encode(config)
    blobs = [LayerBlob(layer.blob, layer.blob_bytes, mediatypes.OCI_LAYER_GZIP) for layer in layers]
    return store_documents(content, work, config_bytes, blobs)


def store_documents(content: ContentStore, work: Work, config_bytes: bytes, blobs: Sequence[LayerBlob]) -> Candidate:
    """Write a configuration, and the manifest of layers whose blobs are there. Blocks."""
    manifest = Manifest(
        media_type=mediatypes.OCI_MANIFEST,
        config=Descriptor(
            media_type=mediatypes.OCI_CONFIG, digest=str(Digest.of(config_bytes)), size=len(config_bytes)
        ),
        layers=[Descriptor(media_type=blob.media_type, digest=blob.digest, size=blob.size_bytes) for blob in blobs],
    )
    work.blob(str(content.write(config_bytes)))
    digest = str(content.write(encode(manifest)))
    work.blob(digest)
    return Candidate(config_bytes, digest, mediatypes.OCI_MANIFEST, blobs)
