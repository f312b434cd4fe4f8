"""Archives in memory, given to the reader as a layer's stream."""

import io

from wherry.engine.snapshots.decompress import Decompressed
from wherry.engine.snapshots.header import Header
from wherry.engine.snapshots.model import DEFAULT_LIMITS, Limits
from wherry.engine.snapshots.reader import entries
from wherry.engine.snapshots.source import Source


class Trickle(io.RawIOBase):
    """Bytes in pieces of at most ``size``, as a network gives them."""

    def __init__(self, data: bytes, size: int) -> None:
        super().__init__()
        self._data = io.BytesIO(data)
        self._size = size

    def read(self, size: int = -1) -> bytes:
        return self._data.read(self._size if size < 0 else min(size, self._size))


def source(data: bytes, limits: Limits = DEFAULT_LIMITS, piece_bytes: int = 1 << 20) -> Source:
    return Source(Decompressed(Trickle(data, piece_bytes)), limits)


def headers(data: bytes) -> list[Header]:
    """All entries; their data passed over."""
    return list(entries(source(data)))


def contents(data: bytes, piece_bytes: int = 1 << 20) -> list[tuple[Header, bytes]]:
    """All entries with the data that the archive has of them."""
    from_stream = source(data, piece_bytes=piece_bytes)
    return [(header, from_stream.take(header.size)) for header in entries(from_stream)]
