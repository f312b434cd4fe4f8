"""``docker save``: an archive that Docker of any age, podman, skopeo and OCI tools read.

As Docker 25 and later write it (moby image/tarexport/save.go): an OCI image layout that also has ``manifest.json`` and
``repositories``. The blobs are the stored ones, byte for byte, so that what is loaded again has the same digests.
"""

import io
import json
import tarfile
from collections.abc import AsyncIterator, Container, Sequence
from dataclasses import dataclass, field
from typing import Any

from wherry.engine.content import ContentStore
from wherry.engine.images.model import Image
from wherry.engine.images.threads import in_thread
from wherry.oci import mediatypes
from wherry.oci.digest import Digest
from wherry.oci.reference import Reference

_CHUNK_BYTES = 1 << 20
_BLOCK = 512


@dataclass(slots=True)
class Saved:
    """An image to save under ``tags`` (canonical), none or more of those it has."""

    image: Image
    tags: list[Reference] = field(default_factory=list)


async def archive(content: ContentStore, images: Sequence[Saved], layers: dict[str, str]) -> AsyncIterator[bytes]:
    """The archive's bytes. ``layers``: blob → media type, of every layer. Raises Corrupt when a blob is damaged."""
    documents = _documents(content, images, layers)
    created = max((saved.image.created_nanoseconds for saved in images), default=0) // 1_000_000_000
    yield _directory("blobs/") + _directory("blobs/sha256/")
    for digest in _blobs(images):
        yield _header(_path(digest), content.size(digest), created)
        async for chunk in _blob(content, digest):
            yield chunk
    for name, document in documents.items():
        data = json.dumps(document, separators=(",", ":")).encode() + b"\n"
        yield _header(name, len(data)) + data + _padding(len(data))
    yield b"\0" * (2 * _BLOCK)


def _blobs(images: Sequence[Saved]) -> list[Digest]:
    """Every blob once, in a stable order."""
    names = {name for saved in images for name in (saved.image.id, saved.image.manifest, *saved.image.layers)}
    return [Digest.parse(name) for name in sorted(names)]


def _documents(content: ContentStore, images: Sequence[Saved], layers: dict[str, str]) -> dict[str, Any]:
    """The four files that describe the blobs, by name, in the order in which they are written."""
    ids = {saved.image.id for saved in images}
    return {
        "index.json": {
            "schemaVersion": 2,
            "mediaType": mediatypes.OCI_INDEX,
            "manifests": [entry for saved in images for entry in _index_entries(content, saved)],
        },
        "manifest.json": [_manifest_item(content, saved, layers, ids) for saved in images],
        "oci-layout": {"imageLayoutVersion": "1.0.0"},
        "repositories": _repositories(images),
    }


def _index_entries(content: ContentStore, saved: Saved) -> list[dict[str, Any]]:
    image = saved.image
    entry = {
        "mediaType": image.manifest_type,
        "digest": image.manifest,
        "size": content.size(Digest.parse(image.manifest)),
        "platform": _platform(image),
    }
    names = [
        {"io.containerd.image.name": str(tag), "org.opencontainers.image.ref.name": str(tag.tag)} for tag in saved.tags
    ]
    return [{**entry, "annotations": name} for name in names] or [entry]


def _platform(image: Image) -> dict[str, str]:
    config = image.config
    platform = {"architecture": config.architecture, "os": config.os or "linux"}
    return {**platform, "variant": config.variant} if config.variant else platform


def _manifest_item(
    content: ContentStore, saved: Saved, layers: dict[str, str], among: Container[str]
) -> dict[str, Any]:
    """An entry of manifest.json (moby manifestItem); ``among``: the ids of all images saved."""
    image = saved.image
    sources = {
        diff_id: {"mediaType": layers[blob], "size": content.size(Digest.parse(blob)), "digest": blob}
        for diff_id, blob in zip(image.diff_ids, image.layers, strict=True)
    }
    item = {
        "Config": _path(Digest.parse(image.id)),
        "RepoTags": [tag.familiar() for tag in saved.tags] or None,
        "Layers": [_path(Digest.parse(blob)) for blob in image.layers],
        "LayerSources": sources,
    }
    return {**item, "Parent": image.parent} if image.parent in among else item


def _repositories(images: Sequence[Saved]) -> dict[str, dict[str, str]]:
    """What Docker before 1.10 read: repository → tag → top layer."""
    repositories: dict[str, dict[str, str]] = {}
    for saved in images:
        for tag in saved.tags:
            top = saved.image.layers[-1] if saved.image.layers else saved.image.id
            repositories.setdefault(tag.familiar_name, {})[str(tag.tag)] = Digest.parse(top).hex
    return repositories


def _path(digest: Digest) -> str:
    return f"blobs/{digest.algorithm}/{digest.hex}"


async def _blob(content: ContentStore, digest: Digest) -> AsyncIterator[bytes]:
    """A blob's bytes, verified as they pass, and the padding of a tar member."""
    size = 0
    with content.open(digest) as reader:
        buffered = io.BufferedReader(reader, _CHUNK_BYTES)
        while chunk := await in_thread(buffered.read, _CHUNK_BYTES):
            size += len(chunk)
            yield chunk
    yield _padding(size)


def _padding(size: int) -> bytes:
    return b"\0" * (-size % _BLOCK)


def _directory(name: str) -> bytes:
    info = tarfile.TarInfo(name)
    info.type, info.mode = tarfile.DIRTYPE, 0o755
    return info.tobuf(tarfile.GNU_FORMAT)


def _header(name: str, size: int, modified_seconds: int = 0) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = size, 0o644, modified_seconds
    return info.tobuf(tarfile.GNU_FORMAT)
