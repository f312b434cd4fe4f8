"""Layers compressed into the content store."""

import bz2
import gzip
import io
import lzma
import random
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
import zstandard

from tests.unit.engine.images.archives import digest, tar
from wherry.engine.content import ContentStore
from wherry.engine.images.layers import GzipCompressor, store_compressed
from wherry.engine.images.sweep import Sweeper
from wherry.engine.snapshots.model import Limits
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


def test_the_blob_does_not_depend_on_how_the_tar_came_in_pieces() -> None:
    choice = random.Random(7)
    data = b"".join(choice.randbytes(40_000) + b"a" * 30_000 for _ in range(50))

    def compressed(cuts: list[int]) -> bytes:
        compressor = GzipCompressor()
        pieces = [data[start:end] for start, end in pairwise([0, *cuts, len(data)])]
        return b"".join(map(compressor.compress, pieces)) + compressor.flush()

    whole = compressed([])
    assert gzip.decompress(whole) == data
    assert all(compressed(sorted(choice.sample(range(len(data)), 9))) == whole for _ in range(5))
