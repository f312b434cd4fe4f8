"""Archives that are no layers: an uploaded build context, an archive named by ADD. As hostile as layers."""

import os
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

from wherry.engine.snapshots.decompress import Decompressed
from wherry.engine.snapshots.extractor import Extractor
from wherry.engine.snapshots.inherit import Inheritance
from wherry.engine.snapshots.model import Limits
from wherry.engine.snapshots.source import BLOCK_BYTES, Source
from wherry.kit.errors import Unavailable

CONTEXT_LIMITS = Limits(entries=5_000_000)


class _Archive(Source):
    """May end without the padding of its last entry: the docker command sends such a context when it has put the
    Dockerfile into it (moby, archive.ReplaceFileTarWrapper)."""

    def padding(self, count: int) -> None:
        while count and (self._at < self._end or self._next()):
            count -= len(self._part(count))


def unpack(stream: BinaryIO, directory: Path, limits: Limits = CONTEXT_LIMITS) -> None:
    """Extract a tar, compressed or not, into an empty directory. Invalid; Unavailable when the disk is full. Blocks."""
    root = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        source = _Archive(Decompressed(stream), limits)
        with Inheritance([]) as nothing, closing(Extractor(root, source, limits, nothing)) as extractor:
            extractor.run()
    except OSError as error:
        raise Unavailable(f"cannot extract an archive: {error}") from error
    finally:
        os.close(root)


def is_archive(stream: BinaryIO) -> bool:
    """Whether ADD unpacks it: a tar, plain or compressed with gzip, bzip2, xz or zstd. Reads the stream's beginning."""
    try:
        reader = Decompressed(stream)
        block = b""
        while len(block) < BLOCK_BYTES and (chunk := reader.chunk()):
            block += chunk
    except Exception:  # damaged: it is a file like others
        return False
    return len(block) >= BLOCK_BYTES and _is_header(block[:BLOCK_BYTES])


def _is_header(block: bytes) -> bool:
    """By its checksum (the sum of all bytes with the checksum itself as blanks: pax, ustar Interchange Format)."""
    try:
        written = int(block[148:156].strip(b"\0 ") or b"x", 8)
    except ValueError:
        return False
    return written == sum(block[:148]) + 8 * 0x20 + sum(block[156:])
