"""A layer that comes as a plain or any-compressed tar, put into the content store.

Layers that a manifest names are stored as they came, so that the manifest's digest stays true. Layers without one
(``docker import``, archives of ``docker save`` before 25) are stored as gzip: a third of the size beside their
extracted form, and every registry and engine reads it (image-spec layer.md). The same tar gives the same blob always.
"""

import hashlib
from typing import Any, BinaryIO

from isal import isal_zlib

from wherry.engine.content import ContentStore
from wherry.engine.images.model import StoredLayer
from wherry.engine.images.sweep import Work
from wherry.engine.snapshots.decompress import Decompressed
from wherry.engine.snapshots.model import DEFAULT_LIMITS, Limits
from wherry.kit.errors import Invalid

_LEVEL = 1
_GZIP_WINDOW = 31  # 2^15 window with gzip header; its time field is zero


def store_compressed(
    content: ContentStore, work: Work, stream: BinaryIO, limits: Limits = DEFAULT_LIMITS
) -> StoredLayer:
    """Store the tar in ``stream``, itself compressed in any way or not at all, reading it once to its end.

    ``work`` learns of the blob before it is there.
    Raises Invalid for damaged data and for what is over a limit. Blocks: call in a thread.
    """
    tar = Decompressed(stream)
    compressor = gzip_compressor()
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


def gzip_compressor() -> Any:  # isal has no stubs; the interface of zlib.compressobj
    """What every layer made here is compressed with: the same tar gives the same blob, wherever it comes from."""
    return isal_zlib.compressobj(level=_LEVEL, wbits=_GZIP_WINDOW)


def _check(size_bytes: int, compressed_bytes: int, limits: Limits) -> None:
    if size_bytes > limits.bytes:
        raise Invalid(f"layer is larger than {limits.bytes} bytes uncompressed")
    if size_bytes > limits.ratio_free_bytes and size_bytes > limits.ratio * compressed_bytes:
        raise Invalid(f"layer unpacks to more than {limits.ratio} times its size: refused as a decompression bomb")
