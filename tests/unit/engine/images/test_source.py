"""Layers are extracted from wherever their bytes come, and the row waits until all blobs are stored."""

import gzip
import io
from collections.abc import Callable
from typing import BinaryIO, TypeVar

import pytest

from tests.unit.engine.images.archives import config, digest, tar
from tests.unit.engine.images.conftest import Shelf
from wherry.engine.content import Corrupt
from wherry.engine.images.importer import store_image
from wherry.engine.images.model import StoredLayer
from wherry.engine.images.source import LayerBlob, StoredLayers
from wherry.kit.errors import Invalid, Unavailable
from wherry.oci.decode import decode_config
from wherry.oci.digest import Digest

T = TypeVar("T")
LAYERS = [tar({"a": b"1"}), tar({"b": b"2"})]
PACKED = [gzip.compress(layer, mtime=0) for layer in LAYERS]


class Arriving:
    """A source whose blobs are not in the store until :meth:`settle`; ``fail`` is raised instead of the last end."""

    def __init__(self, shelf: Shelf, fail: Exception | None = None) -> None:
        self.shelf = shelf
        self.fail = fail
        self.seen: list[str] = []

    at_once = 1

    async def read(self, layer: LayerBlob, consume: Callable[[BinaryIO], T]) -> T:
        self.seen.append(f"read {layer.digest}")
        data = next(packed for packed in PACKED if digest(packed) == layer.digest)
        return consume(Failing(data, self.fail if data is PACKED[-1] else None))

    def ready(self, layer: LayerBlob) -> None:
        self.seen.append(f"ready {layer.digest}")

    async def settle(self) -> None:
        self.seen.append("settle")
        assert self.shelf.images.count() == 0


class Failing(io.BytesIO):
    def __init__(self, data: bytes, fail: Exception | None) -> None:
        super().__init__(data)
        self.fail = fail

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        if not data and self.fail is not None:
            raise self.fail
        return data


async def register(shelf: Shelf, source: Arriving) -> str:
    registrar = shelf.images.registrar
    settings = config(LAYERS)
    layers = [
        StoredLayer(digest(layer), digest(packed), len(packed)) for layer, packed in zip(LAYERS, PACKED, strict=True)
    ]
    async with registrar.work() as work:
        decoded = decode_config(settings)
        candidate = store_image(shelf.content, work, decoded, layers, settings)
        return await registrar.register(work, candidate, decoded, source)


async def test_layers_are_read_in_order_and_the_row_is_last(shelf: Shelf) -> None:
    source = Arriving(shelf)
    image = await register(shelf, source)
    assert source.seen == [
        *(f"{what} {digest(packed)}" for packed in PACKED for what in ("read", "ready")),
        "settle",
    ]
    assert shelf.images.get(image).layers == tuple(digest(packed) for packed in PACKED)


async def test_a_layer_that_turns_out_wrong_at_its_end_leaves_nothing(shelf: Shelf) -> None:
    with pytest.raises(Unavailable, match="broke"):
        await register(shelf, Arriving(shelf, Unavailable("broke")))
    assert shelf.images.count() == 0
    assert shelf.snapshots.list() == []
    assert shelf.blobs() == set()


async def test_stored_layers_are_verified_while_read(shelf: Shelf) -> None:
    stored = shelf.content.write(PACKED[0])
    layer = LayerBlob(str(stored), len(PACKED[0]), "")
    source = StoredLayers(shelf.content)
    assert await source.read(layer, lambda file: file.read()) == PACKED[0]
    shelf.content.path(Digest.parse(str(stored))).write_bytes(b"rotten")
    with pytest.raises(Corrupt):
        await source.read(layer, lambda file: file.read())


async def test_the_count_of_layers_must_agree(shelf: Shelf) -> None:
    registrar = shelf.images.registrar
    async with registrar.work() as work:
        decoded = decode_config(config(LAYERS))
        candidate = store_image(shelf.content, work, decoded, [])
        with pytest.raises(Invalid, match="length mismatch"):
            await registrar.register(work, candidate, decoded, Arriving(shelf))
