"""A layer's uncompressed bytes, handed out exactly as the tar reader asks, hashed and counted on the way."""

import hashlib
import os

from wherry.engine.snapshots.decompress import Decompressed
from wherry.engine.snapshots.model import Limits
from wherry.kit.errors import Invalid

BLOCK_BYTES = 512


class Source:
    """Reads chunks and cuts them up without copying what goes to a file. Raises Invalid when a limit is passed."""

    def __init__(self, stream: Decompressed, limits: Limits) -> None:
        self._stream = stream
        self._limits = limits
        self._hash = hashlib.sha256()
        self._chunk = b""
        self._at = 0
        self._end = 0
        self._total = 0

    @property
    def diff_id(self) -> str:
        """sha256 of everything read so far: the diff id once :meth:`drain` has returned."""
        return "sha256:" + self._hash.hexdigest()

    @property
    def position(self) -> int:
        """How many bytes were handed out."""
        return self._total - self._end + self._at

    def block(self) -> bytes:
        """The next 512 bytes; empty at the end of the stream. Invalid when it ends inside."""
        at = self._at
        if at + BLOCK_BYTES <= self._end:
            self._at = at + BLOCK_BYTES
            return self._chunk[at : self._at]
        if at == self._end and not self._next():
            return b""
        return self.take(BLOCK_BYTES)

    def take(self, count: int) -> bytes:
        """Exactly ``count`` bytes; the caller keeps it small. Invalid when the stream ends before."""
        parts = []
        while count:
            part = self._part(count)
            parts.append(bytes(part))
            count -= len(part)
        return b"".join(parts)

    def copy(self, fd: int, count: int) -> None:
        """Write exactly ``count`` bytes to ``fd`` at its position. OSError as write(2), Invalid as :meth:`take`."""
        while count:
            part = self._part(count)
            count -= len(part)
            written = os.write(fd, part)
            while written < len(part):
                part = part[written:]
                written = os.write(fd, part)

    def skip(self, count: int) -> None:
        while count:
            count -= len(self._part(count))

    def padding(self, count: int) -> None:
        """Skip ``count`` bytes behind an entry's content. Invalid when the stream ends before."""
        self.skip(count)

    def drain(self) -> None:
        """Read to the end: what follows a tar's end marker belongs to its digest."""
        while self._next():
            pass

    def _part(self, count: int) -> memoryview:
        """Between 1 and ``count`` bytes, valid until the next call."""
        if self._at == self._end and not self._next():
            raise Invalid("layer is not a complete tar archive: it ends in the middle of an entry")
        start = self._at
        self._at = min(start + count, self._end)
        return self._view[start : self._at]

    def _next(self) -> bool:
        """Make the next chunk current; False at the end. The one before must be used up (or is dropped)."""
        chunk = self._stream.chunk()
        self._hash.update(chunk)
        self._chunk = chunk
        self._view = memoryview(chunk)
        self._at, self._end = 0, len(chunk)
        self._total += len(chunk)
        self._check()
        return bool(chunk)

    def _check(self) -> None:
        limits = self._limits
        if self._total > limits.bytes:
            raise Invalid(f"layer is larger than {limits.bytes} bytes uncompressed")
        if self._total > limits.ratio_free_bytes and self._total > limits.ratio * self._stream.compressed_bytes:
            raise Invalid(
                f"layer unpacks to more than {limits.ratio} times its {self._stream.compressed_bytes} bytes: "
                "refused as a decompression bomb"
            )
