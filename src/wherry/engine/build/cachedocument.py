"""A build cache as a document: which steps made which layers. It travels as an OCI artifact, in a registry or a
directory (image-spec 1.1, manifest.md, "Guidelines for Artifact Usage"). Pure.
"""

from collections.abc import Iterable, Mapping

import msgspec

from wherry.engine.build.cache import CachedLayer
from wherry.kit.errors import Invalid
from wherry.oci import mediatypes
from wherry.oci.digest import Digest
from wherry.oci.model import Descriptor, Manifest, encode

ARTIFACT = "application/vnd.wherry.buildcache.v1"
CONFIG = "application/vnd.wherry.buildcache.config.v1+json"
_VERSION = 1
_KEY_LENGTH = 64


class _Step(msgspec.Struct, frozen=True):
    """One step: its key, and the layer that it made. Bytes of the blob, and of the files in it."""

    key: str
    diff_id: str
    blob: str
    blob_bytes: int
    unpacked_bytes: int


class _Document(msgspec.Struct, frozen=True):
    version: int
    steps: list[_Step]


def document(steps: Mapping[str, CachedLayer]) -> bytes:
    """The configuration of the artifact: keys with their layers, in the order of the keys."""
    found = [
        _Step(key, layer.diff_id, layer.blob, layer.blob_bytes, layer.unpacked_bytes)
        for key, layer in sorted(steps.items())
    ]
    return msgspec.json.encode(_Document(_VERSION, found))


def manifest(config: bytes, layers: Iterable[CachedLayer]) -> bytes:
    """The manifest of the artifact; each blob once."""
    sizes = {layer.blob: layer.blob_bytes for layer in layers}
    blobs = [
        Descriptor(media_type=mediatypes.OCI_LAYER_GZIP, digest=blob, size=size) for blob, size in sorted(sizes.items())
    ]
    return encode(
        Manifest(
            media_type=mediatypes.OCI_MANIFEST,
            artifact_type=ARTIFACT,
            config=Descriptor(media_type=CONFIG, digest=str(Digest.of(config)), size=len(config)),
            layers=blobs,
        )
    )


def parse(config: bytes, source: str) -> dict[str, CachedLayer]:
    """Keys with what their steps made. Invalid names the source. A layer's place on a chain is not known yet."""
    try:
        found = msgspec.json.decode(config, type=_Document)
    except msgspec.DecodeError as error:
        raise Invalid(f"{source} is no build cache: {error}") from error
    if found.version != _VERSION:
        raise Invalid(f"{source} is a build cache of version {found.version}; this Wherry reads {_VERSION}")
    steps: dict[str, CachedLayer] = {}
    for step in found.steps:
        if len(step.key) != _KEY_LENGTH:
            raise Invalid(f"{source} has a step with a key that is none")
        for digest in (step.diff_id, step.blob):
            Digest.parse(digest)
        steps[step.key] = CachedLayer("", step.diff_id, step.blob, step.blob_bytes, step.unpacked_bytes)
    return steps
