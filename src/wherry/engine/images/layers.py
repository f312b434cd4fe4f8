"""A layer that comes as a plain or any-compressed tar, put into the content store.

Layers that a manifest names are stored as they came, so that the manifest's digest stays true. Layers without one
(``docker import``, archives of ``docker save`` before 25) are stored as gzip: a third of the size beside their
extracted form, and every registry and engine reads it (image-spec layer.md). The same tar gives the same blob always.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from isal import isal_zlib

from wherry.engine.content import ContentStore
from wherry.engine.images.model import StoredLayer
from wherry.engine.images.sweep import Work
from wherry.engine.snapshots.decompress import Decompressed
from wherry.engine.snapshots.model import DEFAULT_LIMITS, Diff, Limits, Sink
from wherry.kit.errors import Invalid

_LEVEL = 1
_CUT_BYTES = 1 << 20  # a third quicker than 256 KiB
_GZIP_WINDOW = 31  # 2^15 window with gzip header; its time field is zero


def store_compressed(
    content: ContentStore, work: Work, stream: BinaryIO, limits: Limits = DEFAULT_LIMITS
) -> StoredLayer:
    """Store the tar in ``stream``, itself compressed in any way or not at all, reading it once to its end.

    ``work`` learns of the blob before it is there.
    Raises Invalid for damaged data and for what is over a limit. Blocks: call in a thread.
    """
    tar = Decompressed(stream)
    compressor = GzipCompressor()
    hashed = hashlib.sha256()
    size = 0
    with content.writer() as ingest:
        while chunk := tar.chunk():
            size += len(chunk)
            _check(size, tar.compressed_bytes, limits)
            hashed.update(chunk)
            if packed := compressor.compress(chunk):
                ingest.write(packed)
        ingest.write(compressor.flush())
        work.blob(str(ingest.digest))
        return StoredLayer(f"sha256:{hashed.hexdigest()}", str(ingest.commit()), ingest.offset)


def store_written(content: ContentStore, work: Work, write: Callable[[Sink], Diff]) -> StoredLayer:
    """Store the layer whose tar ``write(sink)`` writes. Blocks; raises what ``write`` raises, leaving nothing."""
    with content.writer() as ingest:
        compressor = GzipCompressor()
        written = write(_Compressing(compressor, ingest.write))
        ingest.write(compressor.flush())
        work.blob(str(ingest.digest))
        return StoredLayer(written.diff_id, str(ingest.commit()), ingest.offset)


@dataclass(frozen=True, slots=True)
class _Compressing:
    """A sink that passes what it gets on, compressed."""

    compressor: "GzipCompressor"
    store: Callable[[bytes], object]

    def write(self, data: bytes | bytearray | memoryview, /) -> None:
        if packed := self.compressor.compress(data):
            self.store(packed)


class GzipCompressor:
    """What every layer made here is compressed with: the same tar gives the same blob, wherever it comes from.

    The interface of zlib.compressobj. isal's output depends on how its input is cut, and a tar that comes through a
    pipe or a socket is cut by chance: it is cut anew.
    """

    def __init__(self) -> None:
        self._compressor = isal_zlib.compressobj(level=_LEVEL, wbits=_GZIP_WINDOW)
        self._pending = bytearray()

    def compress(self, data: bytes | bytearray | memoryview) -> bytes:
        """Compressed bytes that are ready, perhaps none."""
        self._pending += data
        ready = len(self._pending) // _CUT_BYTES * _CUT_BYTES
        if not ready:
            return b""
        with memoryview(self._pending) as view:
            packed = b"".join(
                self._compressor.compress(view[at : at + _CUT_BYTES]) for at in range(0, ready, _CUT_BYTES)
            )
        del self._pending[:ready]
        return packed

    def flush(self) -> bytes:
        """The rest."""
        last = self._compressor.compress(self._pending)
        self._pending.clear()
        return bytes(last + self._compressor.flush())


def _check(size_bytes: int, compressed_bytes: int, limits: Limits) -> None:
    if size_bytes > limits.bytes:
        raise Invalid(f"layer is larger than {limits.bytes} bytes uncompressed")
    if size_bytes > limits.ratio_free_bytes and size_bytes > limits.ratio * compressed_bytes:
        raise Invalid(f"layer unpacks to more than {limits.ratio} times its size: refused as a decompression bomb")
