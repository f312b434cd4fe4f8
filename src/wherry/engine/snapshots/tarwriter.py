"""A tar archive on its way out: headers and contents, gathered into big pieces, hashed."""

import hashlib
import os

from wherry.engine.snapshots.encode import END, encode, padding
from wherry.engine.snapshots.header import Header
from wherry.engine.snapshots.model import Sink

_PIECE_BYTES = 1 << 20
_SMALL_BYTES = 64 << 10
"""What is copied to be gathered with others; what is larger goes out as it was read."""


class TarWriter:
    """Writes to ``sink``. :meth:`finish` once at the end. Errors of the sink pass through.

    ``hashed`` False: nobody wants to know the digest.
    """

    def __init__(self, sink: Sink, hashed: bool = True) -> None:
        self.position = 0
        self._sink = sink
        self._hash = hashlib.sha256() if hashed else None
        self._pending = bytearray()
        self._buffer: memoryview | None = None

    def entry(self, header: Header) -> None:
        self._add(encode(header))

    def content(self, fd: int, size: int) -> None:
        """``size`` bytes of the file ``fd`` from its position on, zeros in the place of what it does not have."""
        if size <= _SMALL_BYTES:
            self._small(fd, size)
        else:
            self._large(fd, size)
        self._add(bytes(padding(size)))

    def finish(self) -> str:
        """Write the end of the archive; the digest of all of it: a layer's diff id."""
        self._add(END)
        self._flush()
        return f"sha256:{self._hash.hexdigest()}" if self._hash is not None else ""

    def _small(self, fd: int, size: int) -> None:
        left = size
        while left and (data := os.read(fd, left)):
            self._add(data)
            left -= len(data)
        self._add(bytes(left))

    def _large(self, fd: int, size: int) -> None:
        self._flush()
        if self._buffer is None:
            self._buffer = memoryview(bytearray(_PIECE_BYTES))
        left = size
        while left:
            count = os.readv(fd, [self._buffer[:left]])
            if not count:  # it has become shorter
                count = min(left, _PIECE_BYTES)
                self._buffer[:count] = bytes(count)
            self._out(self._buffer[:count])
            left -= count

    def _add(self, data: bytes) -> None:
        self._pending += data
        if len(self._pending) >= _PIECE_BYTES - _SMALL_BYTES - 2 * len(END):
            self._flush()

    def _flush(self) -> None:
        if self._pending:
            self._out(self._pending)
            self._pending.clear()

    def _out(self, data: bytearray | memoryview) -> None:
        if self._hash is not None:
            self._hash.update(data)
        self._sink.write(data)
        self.position += len(data)
