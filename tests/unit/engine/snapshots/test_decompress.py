"""Decompression: every format, every damage, and little memory."""

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.engine.snapshots.sources import Trickle
from wherry.engine.snapshots.decompress import Decompressed, decompressed, detect
from wherry.kit.errors import Invalid


def zstd(data: bytes, **more: int) -> bytes:
    return zstandard.ZstdCompressor(level=3, **more).compress(data)


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstd,
    "": bytes,
}
DATA = b"".join(b"line %d\n" % number for number in range(50_000))
SKIPPABLE = b"\x53\x2a\x4d\x18\x05\0\0\0hello"


def read(packed: bytes, piece_bytes: int = 1 << 20) -> bytes:
    stream = Decompressed(Trickle(packed, piece_bytes))
    chunks = []
    while chunk := stream.chunk():
        assert len(chunk) <= 1 << 20
        chunks.append(chunk)
    assert stream.chunk() == b""
    return b"".join(chunks)


@pytest.mark.parametrize("kind", PACKERS)
def test_every_format_is_recognised_and_read(kind: str) -> None:
    packed = PACKERS[kind](DATA)
    stream = Decompressed(io.BytesIO(packed))
    assert stream.compression == detect(packed) == kind
    assert stream.readall() == DATA
    assert stream.compressed_bytes == len(packed)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(PACKERS)), st.binary(max_size=5000), st.integers(1, 2000))
def test_any_bytes_in_any_pieces_are_read_back(kind: str, data: bytes, piece_bytes: int) -> None:
    if not kind and detect(data.ljust(6, b"\0")):
        return
    assert read(PACKERS[kind](data), piece_bytes) == data


@pytest.mark.parametrize("kind", ["gzip", "bzip2", "xz", "zstd"])
def test_all_members_of_a_stream_are_read(kind: str) -> None:
    pack = PACKERS[kind]
    assert read(pack(b"one") + pack(b"") + pack(DATA) + pack(b"two"), 100) == b"one" + DATA + b"two"


@pytest.mark.parametrize("kind", ["gzip", "bzip2", "xz"])
def test_zeros_between_and_behind_members_are_passed_over(kind: str) -> None:
    pack = PACKERS[kind]
    assert read(pack(b"one") + bytes(8) + pack(b"two") + bytes(1000), 7) == b"onetwo"


def test_a_zstd_stream_may_begin_with_a_skippable_frame() -> None:
    assert read(SKIPPABLE + zstd(DATA) + SKIPPABLE + zstd(b"x")) == DATA + b"x"


@pytest.mark.parametrize("kind", ["gzip", "bzip2", "xz", "zstd"])
def test_truncation_is_noticed_everywhere(kind: str) -> None:
    packed = PACKERS[kind](DATA[:3000])
    for cut in range(6, len(packed)):
        with pytest.raises(Invalid, match=f"not valid {kind}"):
            read(packed[:cut])


@pytest.mark.parametrize("kind", ["gzip", "bzip2", "xz", "zstd"])
def test_truncation_of_a_second_member_is_noticed(kind: str) -> None:
    packed = PACKERS[kind](DATA[:3000])
    for cut in (*range(1, 20), len(packed) // 2, len(packed) - 1):
        for piece_bytes in (7, len(packed), 1 << 20):
            with pytest.raises(Invalid):
                read(packed + packed[:cut], piece_bytes)


@pytest.mark.parametrize("kind", ["gzip", "bzip2", "xz", "zstd"])
def test_damage_is_noticed(kind: str) -> None:
    """zstd has a checksum only when it is asked for one: what it decompresses to is then for the digest to judge."""
    packed = PACKERS[kind](DATA) if kind != "zstd" else zstandard.ZstdCompressor(write_checksum=True).compress(DATA)
    for at in range(len(packed) // 3, len(packed), len(packed) // 7):
        damaged = packed[:at] + bytes([packed[at] ^ 0xFF]) + packed[at + 1 :]
        with pytest.raises(Invalid):
            read(damaged)


@pytest.mark.parametrize("kind", ["gzip", "bzip2", "xz", "zstd"])
@pytest.mark.parametrize("junk", [b"junk", b"\0\0junk", b"\x1f\x8b\x08"])
def test_junk_behind_the_last_member_is_refused(kind: str, junk: bytes) -> None:
    with pytest.raises(Invalid):
        read(PACKERS[kind](DATA) + junk)


@given(st.sampled_from([b"\x1f\x8b\x08", b"BZh9", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b""]), st.binary(max_size=300))
def test_random_bytes_are_read_or_refused(magic: bytes, data: bytes) -> None:
    try:
        read(magic + data, 50)
    except Invalid:
        pass


def test_a_zstd_window_that_needs_much_memory_is_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=27, enable_ldm=False)
    packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    packed = packer.compress(bytes(1000)) + packer.flush()
    with pytest.raises(Invalid, match="zstd"):
        read(packed)


def test_an_xz_dictionary_that_needs_much_memory_is_refused() -> None:
    packed = bytearray(lzma.compress(b"small", filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 20}]))
    at = 12  # behind the stream header: the block header (xz file format 3.1), whose filter has one property byte
    size = (packed[at] + 1) * 4
    packed[packed.index(b"\x21\x01", at) + 2] = 38  # 2 GiB
    packed[at + size - 4 : at + size] = zlib.crc32(packed[at : at + size - 4]).to_bytes(4, "little")
    with pytest.raises(Invalid, match="xz"):
        read(bytes(packed))


def test_what_the_strongest_packers_write_is_read() -> None:
    assert read(lzma.compress(DATA, preset=9)) == DATA
    assert read(zstandard.ZstdCompressor(level=19).compress(DATA)) == DATA


class Failing(io.RawIOBase):
    """A source whose second read fails."""

    def __init__(self, first: bytes) -> None:
        super().__init__()
        self._first = first

    def read(self, size: int = -1) -> bytes:
        if not self._first:
            raise OSError(5, "Input/output error")
        data, self._first = self._first, b""
        return data


@pytest.mark.parametrize("kind", PACKERS)
def test_a_source_that_fails_is_not_called_damaged(kind: str) -> None:
    stream = Decompressed(Failing(PACKERS[kind](DATA)[:2000]))
    with pytest.raises(OSError, match="Input/output error"):
        while stream.chunk():
            pass


def test_it_can_be_read_like_a_file() -> None:
    stream = decompressed(io.BytesIO(gzip.compress(DATA)))
    assert stream.read(10) == DATA[:10]
    assert stream.readline() == DATA[10:].splitlines(keepends=True)[0]
    assert stream.read() == DATA[10:].partition(b"\n")[2]
    assert stream.read(1) == b""
