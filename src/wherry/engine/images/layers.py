"""A layer that comes as a plain or any-compressed tar, put into the content store.

Layers that a manifest names are stored as they came, so that the manifest's digest stays true. Layers without one
(``docker import``, archives of ``docker save`` before 25) are stored as gzip: a third of the size beside their
extracted form, and every registry and engine reads it (image-spec layer.md). The same tar gives the same blob always.
"""

import hashlib
from collections.abc import Callable
from typing import BinaryIO, TypeVar

from wherry.engine.content import ContentStore
from wherry.engine.images.model import StoredLayer
from wherry.engine.images.packing import GzipCompressor, Packing
from wherry.engine.images.sweep import Work
from wherry.engine.snapshots.decompress import Decompressed
from wherry.engine.snapshots.model import DEFAULT_LIMITS, Diff, Limits, Sink
from wherry.kit.errors import Invalid

D = TypeVar("D", bound=Diff)


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


def store_written(content: ContentStore, work: Work, write: Callable[[Sink], D]) -> tuple[StoredLayer, D]:
    """Store the layer whose tar ``write(sink)`` writes; what ``write`` has returned besides.

    Walking and hashing files is one thread's work, compressing and storing another's: both release the interpreter.
    Blocks; raises what ``write`` raises, and OSError, leaving nothing.
    """
    with content.writer() as ingest:
        with Packing(ingest.write) as packing:
            written = write(packing)
        work.blob(str(ingest.digest))
        return StoredLayer(written.diff_id, str(ingest.commit()), ingest.offset), written


def _check(size_bytes: int, compressed_bytes: int, limits: Limits) -> None:
    if size_bytes > limits.bytes:
        raise Invalid(f"layer is larger than {limits.bytes} bytes uncompressed")
    if size_bytes > limits.ratio_free_bytes and size_bytes > limits.ratio * compressed_bytes:
        raise Invalid(f"layer unpacks to more than {limits.ratio} times its size: refused as a decompression bomb")
