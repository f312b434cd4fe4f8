"""Archives that are no layers."""

import bz2
import gzip
import io
import lzma
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from wherry.engine.build.unpack import is_archive, unpack
from wherry.engine.snapshots.model import Limits
from wherry.kit.errors import Invalid

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.compress,
}


def archive(*names: str, content: bytes = b"content") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name in names:
            entry = tarfile.TarInfo(name)
            entry.size, entry.uid, entry.gid = len(content), os.getuid(), os.getgid()
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


@pytest.mark.parametrize("packer", PACKERS)
def test_an_archive_of_any_kind(packer: str, tmp_path: Path) -> None:
    data = PACKERS[packer](archive("d/file", "other"))
    assert is_archive(io.BytesIO(data))
    unpack(io.BytesIO(data), tmp_path)
    assert (tmp_path / "d/file").read_text() == "content"


def test_the_last_entry_need_not_be_padded(tmp_path: Path) -> None:
    """As the docker command sends a context with a Dockerfile from elsewhere."""
    data = archive("a", "b")
    cut = 3 * 512 + len("content")  # of the second entry nothing but its content
    unpack(io.BytesIO(data[:cut]), tmp_path)
    assert (tmp_path / "b").read_text() == "content"
    (tmp_path / "empty").mkdir()
    with pytest.raises(Invalid, match="ends in the middle"):
        unpack(io.BytesIO(data[: cut - 1]), tmp_path / "empty")


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/../x"])
def test_names_that_lead_out(name: str, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    with pytest.raises(Invalid, match="leads outside"):
        unpack(io.BytesIO(archive(name)), tmp_path / "in")
    assert os.listdir(tmp_path) == ["in"]


def test_limits(tmp_path: Path) -> None:
    with pytest.raises(Invalid):
        unpack(io.BytesIO(archive("a", "b", "c")), tmp_path, Limits(entries=2))


@pytest.mark.parametrize(
    "data",
    [b"", b"text", b"x" * 600, bytes(1024), gzip.compress(b"text"), gzip.compress(b"x" * 600), b"\x1f\x8bbroken" * 99],
    ids=["nothing", "short", "long", "zeros", "packed text", "packed noise", "broken"],
)
def test_files_that_are_no_archives(data: bytes) -> None:
    assert not is_archive(io.BytesIO(data))


def test_only_the_beginning_decides() -> None:
    data = archive("a", content=b"x" * 100_000)
    assert is_archive(io.BytesIO(data[:600]))
    assert not is_archive(io.BytesIO(data[1:]))
