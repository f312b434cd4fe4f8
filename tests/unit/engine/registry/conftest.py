"""A registry on a temporary directory, and how a client would fill it."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.unit.engine.images.conftest import shelf  # noqa: F401  # a fixture of ours too
from wherry.engine.content import ContentStore
from wherry.engine.database import Database
from wherry.engine.registry.familiar import ImageSource
from wherry.engine.registry.keeper import Alone
from wherry.engine.registry.owner import RegistryOwner
from wherry.engine.registry.registry import Registry
from wherry.engine.registry.rows import RegistryRows
from wherry.engine.registry.uploads import Chunk
from wherry.oci import mediatypes
from wherry.oci.digest import Digest


def chunk(*pieces: bytes, start: int | None = None, length: int | None = None) -> Chunk:
    async def data() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    return Chunk(data(), start, length)


def descriptor(data: bytes, media_type: str = mediatypes.OCI_LAYER_GZIP, **more: Any) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": str(Digest.of(data)), "size": len(data), **more}


def manifest_of(*layers: bytes, config: bytes = b"{}", **more: Any) -> bytes:
    """An OCI image manifest."""
    document = {
        "schemaVersion": 2,
        "mediaType": mediatypes.OCI_MANIFEST,
        "config": descriptor(config, mediatypes.OCI_CONFIG),
        "layers": [descriptor(layer) for layer in layers],
        **more,
    }
    return json.dumps(document).encode()


def index_of(*manifests: bytes, **more: Any) -> bytes:
    """An OCI image index."""
    children = [descriptor(data, mediatypes.OCI_MANIFEST) for data in manifests]
    document = {"schemaVersion": 2, "mediaType": mediatypes.OCI_INDEX, "manifests": children, **more}
    return json.dumps(document).encode()


class Clock:
    """Seconds since 1970, as a test wants them."""

    def __init__(self) -> None:
        self.seconds = 1_767_225_600

    def __call__(self) -> int:
        return self.seconds


@dataclass
class Depot:
    """A registry alone; :meth:`again` is what a new process would have."""

    root: Path
    clock: Clock
    rows: RegistryRows
    content: ContentStore
    keeper: Alone
    registry: Registry

    @classmethod
    def at(cls, root: Path, clock: Clock | None = None, images: ImageSource | None = None) -> "Depot":
        clock = clock or Clock()
        rows = RegistryRows(Database(root / "registry.sqlite"))
        content = ContentStore(root / "content")
        keeper = Alone(RegistryOwner(rows.database), content)
        keeper.recover()
        registry = Registry(rows, content, keeper, images, clock)
        registry.uploads.recover()
        return cls(root, clock, rows, content, keeper, registry)

    def again(self) -> "Depot":
        self.registry.uploads.close()
        self.rows.database.close()
        return Depot.at(self.root, self.clock)

    async def push_blob(self, repository: str, data: bytes) -> Digest:
        digest = Digest.of(data)
        upload = self.registry.uploads.begin(repository)
        await self.registry.uploads.finish(repository, upload, digest, chunk(data))
        return digest

    async def push_image(
        self, repository: str, tag: str | None, *layers: bytes, config: bytes = b"{}", **more: Mapping[str, Any]
    ) -> Digest:
        """Blobs, then the manifest, by tag or by digest alone."""
        for data in (config, *layers):
            await self.push_blob(repository, data)
        data = manifest_of(*layers, config=config, **more)
        await self.registry.manifests.put(repository, tag or Digest.of(data), data, mediatypes.OCI_MANIFEST)
        return Digest.of(data)

    def blobs(self) -> set[str]:
        return {str(digest) for digest in self.content.blobs()}


@pytest.fixture
def depot(tmp_path: Path) -> Depot:
    return Depot.at(tmp_path)
