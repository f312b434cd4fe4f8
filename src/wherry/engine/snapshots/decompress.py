"""Decompression of layers in this process: no external program, bounded memory, all members of a stream.

Formats are told by their first bytes, as Docker does (go-archive compression.Detect): media types may lie.
"""

import bz2
import io
import lzma
import secrets
import zlib
from collections.abc import Callable, Iterator
from typing import IO, Any, BinaryIO, cast

import zstandard
from isal import igzip_lib, isal_zlib

from wherry.kit.errors import Invalid

ZSTD_WINDOW_LIMIT_BYTES = 32 << 20
"""A frame that needs more is refused: ``zstd -19`` needs 8 MiB, ``--ultra -20`` 32; RFC 8878 asks for 8 at least."""

XZ_MEMORY_LIMIT_BYTES = 80 << 20
"""``xz -9`` needs 65 MiB to decompress (xz(1))."""

_INPUT_BYTES = 256 << 10
_OUTPUT_BYTES = 512 << 10  # below what malloc(3) maps and unmaps each time
_MAGIC = {b"\x1f\x8b\x08": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz", b"\x28\xb5\x2f\xfd": "zstd"}
_MAGIC_BYTES = 6
_ZSTD_HEADER_BYTES = 18  # at most (RFC 8878 3.1.1)
_ERRORS: tuple[type[Exception], ...] = (
    OSError,
    EOFError,
    ValueError,
    zlib.error,
    lzma.LZMAError,
    zstandard.ZstdError,
    cast(type[Exception], isal_zlib.error),  # whose stubs call it an exception
)


def detect(first: bytes) -> str:
    """``gzip``, ``bzip2``, ``xz``, ``zstd``, or empty for anything else, from at least the first six bytes."""
    for magic, name in _MAGIC.items():
        if first.startswith(magic):
            return name
    # RFC 8878 3.1.2: a zstd stream may begin with a skippable frame, 0x184D2A50 … 0x184D2A5F little endian.
    return "zstd" if first[1:4] == b"\x2a\x4d\x18" and first[0] & 0xF0 == 0x50 else ""


class Decompressed(io.RawIOBase):
    """The uncompressed bytes of ``stream``; ``compressed_bytes`` is how many were read of it.

    Raises Invalid for damaged or truncated data. Sequential; does not close ``stream``.
    """

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self.compressed_bytes = 0
        self._stream = stream
        first = b""
        while len(first) < _MAGIC_BYTES and (more := self._pull()):
            first += more
        self.compression = detect(first)
        self._chunks = self._decode(first)
        self._rest = memoryview(b"")

    def chunk(self) -> bytes:
        """The next bytes, at most 512 KiB; empty at the end."""
        try:
            return next(self._chunks, b"")
        except _ERRORS as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise  # reading the source failed; what bz2 raises for damaged data has no errno
            raise Invalid(f"layer is not valid {self.compression}: {error}") from error

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # any writable buffer
        if not self._rest:
            self._rest = memoryview(self.chunk())
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def _pull(self) -> bytes:
        data = self._stream.read(_INPUT_BYTES)
        self.compressed_bytes += len(data)
        return data

    def _decode(self, first: bytes) -> Iterator[bytes]:
        match self.compression:
            case "gzip":
                return self._members(first, lambda: igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP))
            case "bzip2":
                return self._members(first, bz2.BZ2Decompressor)
            case "xz":
                return self._members(first, _xz)
            case "zstd":
                return self._zstd(first)
        return self._plain(first)

    def _plain(self, data: bytes) -> Iterator[bytes]:
        while data:
            yield data
            data = self._pull()

    def _members(self, data: bytes, make: Callable[[], Any]) -> Iterator[bytes]:
        """Members one after the other, zero bytes between and after them passed over (RFC 1952 2.2, xz format 2.2)."""
        while data:
            member = make()
            yield from self._member(member, data)
            data = member.unused_data.lstrip(b"\0")
            while not data and (more := self._pull()):
                data = more.lstrip(b"\0")

    def _member(self, member: Any, data: bytes) -> Iterator[bytes]:
        """The output of one decompressor of the bz2 and lzma kind (igzip_lib has the same interface)."""
        while True:
            output = member.decompress(data, _OUTPUT_BYTES)
            if output:
                yield output
            if member.eof:
                return
            data = b""
            if member.needs_input:
                data = self._pull()
                if not data:
                    raise EOFError("the stream is truncated")

    def _zstd(self, first: bytes) -> Iterator[bytes]:
        """All frames. The library says nothing of a truncated one: a frame of ours put behind must come out last.

        Its checksum keeps the frame itself from ending in ``end``, should it be taken for the inside of a cut block.
        """
        end = secrets.token_bytes(16)
        frame = zstandard.ZstdCompressor(level=1, write_checksum=True).compress(end)
        source = _WithEnd(first, self._pull, frame)
        decompressor = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW_LIMIT_BYTES)
        reader = decompressor.stream_reader(
            cast(IO[bytes], source), read_size=_INPUT_BYTES, read_across_frames=True, closefd=False
        )
        held = b""
        while data := reader.read(_OUTPUT_BYTES):
            held += data
            if len(held) > len(end):
                yield held[: -len(end)]
                held = held[-len(end) :]
        if held != end:
            raise EOFError("the stream is truncated")


def _xz() -> lzma.LZMADecompressor:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=XZ_MEMORY_LIMIT_BYTES)


class _WithEnd:
    """``first``, then what ``pull`` gives, then ``end``.

    The last bytes come in one piece with ``end``: a frame header of which the library has only seen a part is forgotten
    when the next piece begins with another one, and a stream cut there would pass for a complete one.
    """

    def __init__(self, first: bytes, pull: Callable[[], bytes], end: bytes) -> None:
        self._ready = first
        self._pull = pull
        self._end = end

    def read(self, size: int) -> bytes:
        while self._end and len(self._ready) <= _ZSTD_HEADER_BYTES:
            more = self._pull()
            if not more:
                more, self._end = self._end, b""
            self._ready += more
        count = min(size, len(self._ready) - _ZSTD_HEADER_BYTES) if self._end else size
        data, self._ready = self._ready[:count], self._ready[count:]
        return data


def decompressed(stream: BinaryIO) -> BinaryIO:
    """``stream`` as a buffered reader of its uncompressed bytes; raises Invalid while reading damaged data."""
    return io.BufferedReader(Decompressed(stream), _OUTPUT_BYTES)
