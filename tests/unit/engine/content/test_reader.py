"""Readers that cannot skip verification."""

import io
from pathlib import Path

import pytest

from wherry.engine.content import BlobReader, Corrupt
from wherry.oci.digest import Digest


@pytest.fixture
def blob(tmp_path: Path) -> Path:
    path = tmp_path / "blob"
    path.write_bytes(b"0123456789" * 1000)
    return path


def test_reading_to_the_end_verifies(blob: Path) -> None:
    digest = Digest.of(blob.read_bytes())
    with io.BufferedReader(BlobReader(blob, digest)) as reader:
        assert reader.read() == blob.read_bytes()


def test_the_end_of_a_damaged_blob_is_an_error(blob: Path) -> None:
    with BlobReader(blob, Digest.of(b"other")) as reader:
        assert len(reader.read(5000)) == 5000
        with pytest.raises(Corrupt):
            reader.readall()


def test_a_shortened_blob_is_an_error(blob: Path) -> None:
    digest = Digest.of(blob.read_bytes())
    blob.write_bytes(blob.read_bytes()[:-1])
    with pytest.raises(Corrupt), BlobReader(blob, digest) as reader:
        reader.readall()


def test_one_who_stops_early_can_ask(blob: Path) -> None:
    good, bad = Digest.of(blob.read_bytes()), Digest.of(b"other")
    with BlobReader(blob, good) as reader:
        reader.read(10)
        reader.verify()
    with BlobReader(blob, bad) as reader, pytest.raises(Corrupt):
        reader.read(10)
        reader.verify()


def test_a_deleted_blob_stays_readable(blob: Path) -> None:
    digest = Digest.of(blob.read_bytes())
    with BlobReader(blob, digest) as reader:
        blob.unlink()
        assert len(reader.readall() or b"") == 10_000


def test_the_size_is_known_before_reading(blob: Path) -> None:
    with BlobReader(blob, Digest.of(blob.read_bytes())) as reader:
        assert reader.size_bytes == 10_000
