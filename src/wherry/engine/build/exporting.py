"""A finished stage becomes an image: configuration, manifest, row."""

from collections.abc import Mapping

import msgspec

from wherry.engine.build.state import State, moment
from wherry.engine.content import ContentStore
from wherry.engine.images.registrar import Candidate, LayerBlob
from wherry.engine.images.sweep import Work
from wherry.oci import mediatypes
from wherry.oci.digest import Digest
from wherry.oci.model import Descriptor, ImageConfig, Manifest, RootFs, encode

_OCI_TYPES = {
    mediatypes.DOCKER_LAYER_GZIP: mediatypes.OCI_LAYER_GZIP,
    mediatypes.DOCKER_LAYER: mediatypes.OCI_LAYER,
}
"""Docker's names of layers whose bytes are the same: a manifest has names of one kind."""


def image_config(state: State, labels: Mapping[str, str], now_seconds: int) -> ImageConfig:
    """The configuration of the image that a stage is; ``labels`` are added to its own. Pure."""
    created = state.epoch_seconds if state.epoch_seconds is not None else now_seconds
    config = state.config
    if labels:
        merged = dict(sorted({**(config.labels or {}), **labels}.items()))
        config = msgspec.structs.replace(config, labels=merged)
    return ImageConfig(
        created=moment(created),
        author=state.settings.author,
        architecture=state.platform.architecture,
        variant=state.platform.variant,
        os=state.platform.os,
        config=config,
        rootfs=RootFs(diff_ids=[layer.diff_id for layer in state.layers]),
        history=list(state.history),
    )


def store(content: ContentStore, work: Work, state: State, config_bytes: bytes) -> Candidate:
    """Write configuration and manifest; what :meth:`Images.add` then makes an image of. Blocks."""
    blobs = [
        LayerBlob(layer.blob, layer.blob_bytes, _OCI_TYPES.get(layer.media_type, layer.media_type))
        for layer in state.layers
    ]
    manifest = Manifest(
        media_type=mediatypes.OCI_MANIFEST,
        config=Descriptor(
            media_type=mediatypes.OCI_CONFIG, digest=str(Digest.of(config_bytes)), size=len(config_bytes)
        ),
        layers=[Descriptor(media_type=blob.media_type, digest=blob.digest, size=blob.size_bytes) for blob in blobs],
    )
    digests = [str(content.write(document)) for document in (config_bytes, encode(manifest))]
    for digest in digests:
        work.blob(digest)
    return Candidate(config_bytes, digests[1], mediatypes.OCI_MANIFEST, blobs)
