import hashlib
import io
import os
import tarfile
from pathlib import Path

import pytest

from wherry.engine.snapshots import header as tar
from wherry.engine.snapshots.header import Header
from wherry.engine.snapshots.tarwriter import TarWriter


class Pieces:
    """A sink that keeps what it got, piece by piece."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview, /) -> None:
        self.pieces.append(bytes(data))

    @property
    def all(self) -> bytes:
        return b"".join(self.pieces)


def regular(name: bytes, size: int) -> Header:
    return Header(name, tar.REGULAR, b"", 0o644, 0, 0, size, 0)


def add(writer: TarWriter, directory: Path, name: str, content: bytes, size: int | None = None) -> None:
    (directory / name).write_bytes(content)
    fd = os.open(directory / name, os.O_RDONLY)
    writer.entry(regular(name.encode(), len(content) if size is None else size))
    writer.content(fd, len(content) if size is None else size)
    os.close(fd)


def contents(archive: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as read:
        return {member.name: read.extractfile(member).read() for member in read}  # type: ignore[union-attr]


def test_the_digest_is_that_of_what_the_sink_got(tmp_path: Path) -> None:
    sink = Pieces()
    writer = TarWriter(sink)
    add(writer, tmp_path, "file", b"content")
    digest = writer.finish()
    assert digest == "sha256:" + hashlib.sha256(sink.all).hexdigest()
    assert writer.position == len(sink.all) == 4 * 512
    assert contents(sink.all) == {"file": b"content"}


def test_nothing_but_an_end_is_an_archive_too() -> None:
    sink = Pieces()
    TarWriter(sink).finish()
    assert sink.all == bytes(1024)


def test_without_a_digest_the_bytes_are_the_same(tmp_path: Path) -> None:
    sinks = Pieces(), Pieces()
    for sink, hashed in zip(sinks, (True, False), strict=True):
        writer = TarWriter(sink, hashed)
        add(writer, tmp_path, "file", b"content")
        assert bool(writer.finish()) is hashed
    assert sinks[0].all == sinks[1].all


def test_small_files_go_out_together_and_large_ones_in_pieces(tmp_path: Path) -> None:
    sink = Pieces()
    writer = TarWriter(sink)
    expected = {f"small{number}": b"%d" % number for number in range(100)} | {"large": os.urandom((5 << 20) + 3)}
    for name, content in expected.items():
        add(writer, tmp_path, name, content)
    writer.finish()
    assert contents(sink.all) == expected
    assert len(sink.pieces) == 8  # the small ones, six of the large one, the end
    assert max(map(len, sink.pieces)) <= 1 << 20


@pytest.mark.parametrize("size", [100, 200_000, 3 << 20])
def test_a_file_that_is_shorter_than_was_said_is_filled_up_with_zeros(tmp_path: Path, size: int) -> None:
    sink = Pieces()
    writer = TarWriter(sink)
    add(writer, tmp_path, "file", b"short", size)
    add(writer, tmp_path, "next", b"next")
    writer.finish()
    assert contents(sink.all) == {"file": b"short".ljust(size, b"\0"), "next": b"next"}


def test_a_file_that_is_longer_than_was_said_is_cut(tmp_path: Path) -> None:
    sink = Pieces()
    writer = TarWriter(sink)
    add(writer, tmp_path, "file", b"x" * 100_000, 70_000)
    writer.finish()
    assert contents(sink.all) == {"file": b"x" * 70_000}


def test_an_error_of_the_sink_passes_through(tmp_path: Path) -> None:
    class Full:
        def write(self, data: bytes | bytearray | memoryview, /) -> None:
            raise OSError(28, "full")

    writer = TarWriter(Full())
    add(writer, tmp_path, "file", b"content")
    with pytest.raises(OSError, match="full"):
        writer.finish()
