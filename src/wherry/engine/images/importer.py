"""``docker import``: a root file system, as a tar with or without compression, becomes an image of one layer."""

import platform as machine
import re
from collections.abc import AsyncIterator, Callable, Sequence

from wherry import __version__
from wherry.engine.content import ContentStore
from wherry.engine.images.changes import apply_changes
from wherry.engine.images.durations import format_moment
from wherry.engine.images.feed import through
from wherry.engine.images.layers import store_compressed
from wherry.engine.images.model import Description, StoredLayer
from wherry.engine.images.registrar import Candidate, LayerBlob, Registrar
from wherry.engine.images.sweep import Work
from wherry.engine.images.threads import in_thread
from wherry.kit.errors import Invalid
from wherry.oci import mediatypes
from wherry.oci.digest import Digest
from wherry.oci.model import ContainerConfig, Descriptor, History, ImageConfig, Manifest, RootFs, encode

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386"}
_COMPONENT = re.compile(r"[A-Za-z0-9_.-]+", re.ASCII)
_ALIASES = {"x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64", "armhf": "arm", "armel": "arm", "i386": "386"}


class Importer:
    """``now`` is the time in nanoseconds since 1970."""

    def __init__(self, content: ContentStore, registrar: Registrar, now: Callable[[], int]) -> None:
        self._content = content
        self._registrar = registrar
        self._now = now

    async def run(self, work: Work, chunks: AsyncIterator[bytes], description: Description) -> str:
        """Store, extract and register; the image's id."""
        architecture, variant = parse_platform(description.platform)
        settings = apply_changes(ContainerConfig(), description.changes)
        layer = await through(chunks, lambda stream: store_compressed(self._content, work, stream))
        created = format_moment(self._now())
        message = description.message or "Imported from -"
        config = ImageConfig(
            architecture=architecture,
            variant=variant,
            os="linux",
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


def parse_platform(text: str) -> tuple[str, str]:
    """Architecture and variant of ``linux[/architecture[/variant]]``; Invalid for another system or nonsense."""
    parts = text.lower().split("/") if text else ["linux"]
    if len(parts) > 3 or not all(_COMPONENT.fullmatch(part) for part in parts):
        raise Invalid(f'"{text}": cannot parse platform specifier: invalid argument')
    if parts[0] != "linux":
        raise Invalid("operating system is not supported")
    here = _ARCHITECTURES.get(machine.machine(), machine.machine())
    architecture = _ALIASES.get(parts[1], parts[1]) if len(parts) > 1 else here
    variant = parts[2] if len(parts) > 2 else ""
    return architecture, "" if (architecture, variant) == ("arm64", "v8") else variant
