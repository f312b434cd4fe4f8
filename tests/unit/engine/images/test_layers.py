"""Layers compressed into the content store."""

import bz2
import gzip
import io
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from tests.unit.engine.images.archives import digest, tar
from wherry.engine.content import ContentStore
from wherry.engine.images.layers import store_compressed, store_written
from wherry.engine.images.sweep import Sweeper
from wherry.engine.snapshots.model import Diff, Limits, Sink
from wherry.kit.errors import Invalid
from wherry.oci.digest import Digest

WORK = Sweeper(lambda name: False, lambda name: None).work()
LAYER = tar({"a": b"x" * 100_000})


@pytest.fixture
def content(tmp_path: Path) -> ContentStore:
    return ContentStore(tmp_path)


@pytest.mark.parametrize(
    "compress", [bytes, gzip.compress, bz2.compress, lzma.compress, zstandard.ZstdCompressor().compress]
)
def test_every_compression_gives_the_same_blob(content: ContentStore, compress: Callable[[bytes], bytes]) -> None:
    stored = store_compressed(content, WORK, io.BytesIO(compress(LAYER)))
    plain = store_compressed(content, WORK, io.BytesIO(LAYER))
    assert stored == plain
    assert stored.diff_id == digest(LAYER)
    data = content.read(Digest.parse(stored.blob))
    assert gzip.decompress(data) == LAYER and len(data) == stored.blob_bytes < 5000


def test_nothing_is_a_layer_too(content: ContentStore) -> None:
    assert store_compressed(content, WORK, io.BytesIO(b"")).diff_id == digest(b"")


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (Limits(bytes=50_000), "larger than 50000 bytes"),
        (Limits(ratio=10, ratio_free_bytes=10), "decompression bomb"),
    ],
)
def test_too_much_is_refused_and_leaves_nothing(content: ContentStore, limits: Limits, message: str) -> None:
    with pytest.raises(Invalid, match=message):
        store_compressed(content, WORK, io.BytesIO(gzip.compress(LAYER)), limits)
    assert list(content.blobs()) == []


@pytest.mark.parametrize("data", [gzip.compress(LAYER)[:-10], lzma.compress(LAYER)[:-10], b"\x1f\x8b\x08nonsense"])
def test_damage_is_refused_and_leaves_nothing(content: ContentStore, data: bytes) -> None:
    with pytest.raises(Invalid):
        store_compressed(content, WORK, io.BytesIO(data))
    assert list(content.blobs()) == []


def test_a_layer_that_is_written_gives_the_same_blob(content: ContentStore) -> None:
    def write(sink: Sink) -> Diff:
        for at in range(0, len(LAYER), 777):
            sink.write(memoryview(LAYER)[at : at + 777])
        return Diff(digest(LAYER), 7, 1)

    stored, written = store_written(content, WORK, write)
    assert stored == store_compressed(content, WORK, io.BytesIO(LAYER))
    assert written.size_bytes == 7


def test_a_layer_that_cannot_be_written_leaves_nothing(content: ContentStore) -> None:
    def write(sink: Sink) -> Diff:
        sink.write(LAYER)
        raise Invalid("no layer")

    with pytest.raises(Invalid, match="no layer"):
        store_written(content, WORK, write)
    assert list(content.blobs()) == []
