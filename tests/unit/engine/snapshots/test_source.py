"""A layer's bytes, cut up, hashed and counted."""

import gzip
import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.engine.snapshots.sources import source
from wherry.engine.snapshots.model import Limits
from wherry.kit.errors import Invalid

DATA = bytes(range(256)) * 40


@given(st.lists(st.integers(0, 3000), max_size=8), st.integers(1, 5000))
def test_bytes_come_as_asked_for_whatever_the_pieces(counts: list[int], piece_bytes: int) -> None:
    stream = source(DATA, piece_bytes=piece_bytes)
    at = 0
    for number, count in enumerate(counts):
        if at + count > len(DATA):
            break
        if number % 2:
            stream.skip(count)
        else:
            assert stream.take(count) == DATA[at : at + count]
        at += count
        assert stream.position == at
    stream.drain()
    assert stream.diff_id == "sha256:" + hashlib.sha256(DATA).hexdigest()


@pytest.mark.parametrize("piece_bytes", [1, 100, 512, 1000, 1 << 20])
def test_blocks_come_until_the_end(piece_bytes: int) -> None:
    stream = source(DATA[:1536], piece_bytes=piece_bytes)
    assert [stream.block() for _ in range(4)] == [DATA[:512], DATA[512:1024], DATA[1024:1536], b""]


@pytest.mark.parametrize("piece_bytes", [100, 1 << 20])
def test_an_end_inside_is_refused(piece_bytes: int) -> None:
    stream = source(DATA[:600], piece_bytes=piece_bytes)
    stream.block()
    with pytest.raises(Invalid, match="ends in the middle"):
        stream.block()
    for call in ("take", "skip"):
        with pytest.raises(Invalid, match="ends in the middle"):
            getattr(source(DATA[:600], piece_bytes=piece_bytes), call)(601)


def test_bytes_are_written_to_a_file(tmp_path: Path) -> None:
    stream = source(DATA, piece_bytes=777)
    fd = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    try:
        stream.copy(fd, 5000)
        stream.copy(fd, 0)
    finally:
        os.close(fd)
    assert (tmp_path / "file").read_bytes() == DATA[:5000]
    assert stream.position == 5000


def test_too_many_bytes_are_refused() -> None:
    with pytest.raises(Invalid, match="larger than 10000"):
        source(DATA, Limits(bytes=10_000), 1000).drain()
    source(DATA, Limits(bytes=len(DATA)), 1000).drain()


def test_a_bomb_is_refused_but_a_small_one_is_harmless() -> None:
    packed = gzip.compress(bytes(1 << 20))
    with pytest.raises(Invalid, match="bomb"):
        source(packed, Limits(ratio=100, ratio_free_bytes=1 << 19)).drain()
    source(packed, Limits(ratio=100, ratio_free_bytes=1 << 20)).drain()
    source(packed, Limits(ratio=2000, ratio_free_bytes=1 << 19)).drain()
