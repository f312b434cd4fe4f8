"""A layer that comes as a plain or any-compressed tar, put into the content store.

Layers that a manifest names are stored as they came, so that the manifest's digest stays true. Layers without one
(``docker import``, archives of ``docker save`` before 25) are stored as gzip: a third of the size beside their
extracted form, and every registry and engine reads it (image-spec layer.md). The same tar gives the same blob always.
"""

import hashlib
import io
from dataclasses import dataclass
from typing import BinaryIO, cast

from isal import isal_zlib

from wherry.engine.content import ContentStore
from wherry.engine.snapshots.decompress import Decompressed
from wherry.engine.snapshots.model import DEFAULT_LIMITS, Limits
from wherry.kit.errors import Invalid

_CHUNK_BYTES = 1 << 20
_LEVEL = 1
_GZIP_WINDOW = 31  # 2^15 window with gzip header; its time field is zero


@dataclass(frozen=True, slots=True)
class StoredLayer:
    """``diff_id`` is the digest of the tar, ``blob`` of the gzip around it."""

    diff_id: str
    blob: str
    blob_bytes: int


class _Bounded(io.RawIOBase):
    """Decompressed bytes, until they are more than a layer may have or than honest data would become."""

    def __init__(self, stream: BinaryIO, limits: Limits) -> None:
        super().__init__()
        self._source = Decompressed(stream)
        self._limits = limits
        self._size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed: any writable buffer
        count = self._source.readinto(buffer)
        self._size += count
        limits = self._limits
        if self._size > limits.bytes:
            raise Invalid(f"archive is larger than {limits.bytes} bytes")
        if self._size > limits.ratio_free_bytes and self._size > limits.ratio * self._source.compressed_bytes:
            raise Invalid(f"archive is more than {limits.ratio} times as large as its compressed form")
        return count


def plain(stream: BinaryIO, limits: Limits = DEFAULT_LIMITS) -> BinaryIO:
    """``stream`` decompressed, whatever it is compressed with; raises Invalid for damage and for bombs."""
    return cast(BinaryIO, io.BufferedReader(_Bounded(stream, limits), _CHUNK_BYTES))


def store_compressed(content: ContentStore, tar: BinaryIO) -> StoredLayer:
    """Compress an uncompressed tar into the content store, reading it once to its end. Blocks: call in a thread."""
    compressor = isal_zlib.compressobj(level=_LEVEL, wbits=_GZIP_WINDOW)
    hashed = hashlib.sha256()
    with content.writer() as ingest:
        while chunk := tar.read(_CHUNK_BYTES):
            hashed.update(chunk)
            if packed := compressor.compress(chunk):
                ingest.write(packed)
        ingest.write(compressor.flush())
        size = ingest.offset
        return StoredLayer(f"sha256:{hashed.hexdigest()}", str(ingest.commit()), size)
