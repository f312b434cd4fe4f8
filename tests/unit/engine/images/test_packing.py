"""Compression of layers: always the same, in a thread that cannot be forgotten."""

import gzip
import random
import threading
from itertools import pairwise

import pytest

from wherry.engine.images.packing import GzipCompressor, Packing


def test_the_blob_does_not_depend_on_how_the_tar_came_in_pieces() -> None:
    choice = random.Random(7)
    data = b"".join(choice.randbytes(40_000) + b"a" * 30_000 for _ in range(50))

    def compressed(cuts: list[int]) -> bytes:
        compressor = GzipCompressor()
        pieces = [data[start:end] for start, end in pairwise([0, *cuts, len(data)])]
        return b"".join(map(compressor.compress, pieces)) + compressor.flush()

    whole = compressed([])
    assert gzip.decompress(whole) == data
    assert all(compressed(sorted(choice.sample(range(len(data)), 9))) == whole for _ in range(5))


def test_what_is_written_is_stored_compressed_when_the_block_ends() -> None:
    stored: list[bytes] = []
    threads = threading.active_count()
    with Packing(stored.append) as packing:
        for number in range(5000):
            packing.write(b"%d" % number * 100)
    assert gzip.decompress(b"".join(stored)) == b"".join(b"%d" % number * 100 for number in range(5000))
    assert threading.active_count() <= threads


def test_what_cannot_be_stored_is_an_error_of_the_writer() -> None:
    def full(data: bytes) -> None:
        raise OSError(28, "full")

    with pytest.raises(OSError, match="full"), Packing(full) as packing:
        for _ in range(100):
            packing.write(random.randbytes(1 << 20))


def test_the_writer_s_own_error_is_the_one_that_counts() -> None:
    threads = threading.active_count()
    with pytest.raises(ValueError, match="mine"), Packing(lambda data: None) as packing:
        packing.write(b"x")
        raise ValueError("mine")
    assert threading.active_count() <= threads
