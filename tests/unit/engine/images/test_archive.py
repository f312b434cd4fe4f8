"""Members of a hostile tar, by name."""

import gzip
import io
import os
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import tars
from tests.unit.engine.images.archives import tar
from wherry.engine.images import archive as module
from wherry.engine.images.archive import Archive, clean
from wherry.engine.snapshots.model import Limits
from wherry.kit.errors import Invalid, NotFound


@contextmanager
def received(data: bytes, limits: Limits | None = None) -> Iterator[Archive]:
    with tempfile.TemporaryFile() as file:
        yield Archive.receive(io.BytesIO(data), file.fileno(), limits or Limits())


def test_a_member_is_read_by_name() -> None:
    with received(tar({"a/b": b"hello", "c": b""})) as archive:
        assert "a/b" in archive and "c" in archive and "d" not in archive
        assert archive.read("a/b", 100) == b"hello"
        assert archive.size("./a/b") == 5
        assert archive.open("a/b").readall() == b"hello"


@pytest.mark.parametrize("compress", [gzip.compress, lambda data: data])
def test_compression_does_not_matter(compress: object) -> None:
    assert callable(compress)
    with received(compress(tar({"a": b"hello"}))) as archive:
        assert archive.read("a", 100) == b"hello"


def test_links_inside_the_archive_are_followed() -> None:
    links = {"one/layer.tar": "../two/layer.tar", "three": "one/layer.tar"}
    with received(tar({"two/layer.tar": b"data"}, links)) as archive:
        assert archive.read("one/layer.tar", 10) == b"data"
        assert archive.read("three", 10) == b"data"


def test_links_out_of_the_archive_stay_inside() -> None:
    with received(tar({"etc/passwd": b"ours"}, {"evil": "../../../etc/passwd", "abs": "/etc/passwd"})) as archive:
        assert archive.read("evil", 10) == b"ours"
        assert archive.read("abs", 10) == b"ours"


def test_links_in_a_circle_end() -> None:
    with received(tar({}, {"a": "b", "b": "a", "c": "c"})) as archive:
        assert "a" not in archive and "c" not in archive
        with pytest.raises(NotFound, match="invalid archive: does not contain a"):
            archive.read("a", 1)


def test_a_large_member_is_not_read_whole() -> None:
    refused = pytest.raises(Invalid, match="has 100 bytes, at most 99 are read")
    with received(tar({"manifest.json": b"x" * 100})) as archive, refused:
        archive.read("manifest.json", 99)


def test_long_and_strange_names() -> None:
    name = "d/" * 100 + "file"
    buffer = io.BytesIO()
    for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=form) as out:
            info = tarfile.TarInfo(name)
            info.size = 4
            out.addfile(info, io.BytesIO(b"data"))
        with received(buffer.getvalue()) as archive:
            assert archive.read(name, 10) == b"data"


@pytest.mark.parametrize(
    "data", [b"not a tar" * 200, tar({"a": b"x" * 2000})[:1024], gzip.compress(b"x" * 5000)[:-10], b"\x1f\x8bgarbage"]
)
def test_what_is_no_whole_tar_is_refused(data: bytes) -> None:
    with pytest.raises(Invalid), received(data):
        pass


def test_too_many_members_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MEMBER_LIMIT", 3)
    with pytest.raises(Invalid, match="more than 3 members"), received(tar({str(n): b"" for n in range(4)})):
        pass


@pytest.mark.parametrize("part", [tars.folder("d"), tars.file("same"), tars.fifo("f")])
def test_what_is_no_member_counts_too(monkeypatch: pytest.MonkeyPatch, part: bytes) -> None:
    monkeypatch.setattr(module, "MEMBER_LIMIT", 3)
    with pytest.raises(Invalid, match="more than 3 members"), received(tars.archive(*[part] * 4)):
        pass


@pytest.mark.parametrize("part", [tars.file("x" * 1000), tars.symlink("s", "x" * 1000), tars.folder("./" * 500)])
def test_the_names_together_have_a_limit(monkeypatch: pytest.MonkeyPatch, part: bytes) -> None:
    monkeypatch.setattr(module, "NAMES_LIMIT_BYTES", 10_100)
    with received(tars.archive(*[part] * 10)):
        pass
    with pytest.raises(Invalid, match="too long"), received(tars.archive(*[part] * 11)):
        pass


def test_a_bomb_is_refused() -> None:
    limits = Limits(ratio=10, ratio_free_bytes=1000)
    with pytest.raises(Invalid), received(gzip.compress(tar({"zeros": bytes(100_000)})), limits):
        pass


@given(st.dictionaries(st.text("abc./", min_size=1, max_size=12), st.binary(max_size=1500), max_size=6))
def test_the_index_agrees_with_tarfile(files: dict[str, bytes]) -> None:
    files = {clean(name): data for name, data in files.items() if clean(name) and not clean(name).endswith("/")}
    data = tar(files)
    with received(data) as archive, tarfile.open(fileobj=io.BytesIO(data)) as reference:
        for member in reference.getmembers():
            found = reference.extractfile(member)
            assert found is not None
            assert archive.read(member.name, 10_000) == found.read()


@given(st.data())
def test_a_changed_byte_never_does_worse_than_a_refusal(data: st.DataObject) -> None:
    image = bytearray(tar({"a": b"x" * 600, "b": b"y"}, {"c": "a"}))
    image[data.draw(st.integers(0, len(image) - 1))] = data.draw(st.integers(0, 255))
    try:
        with received(bytes(image)) as archive:
            for name in ("a", "b", "c"):
                if name in archive:
                    assert len(archive.read(name, 1 << 20)) == archive.size(name)
    except Invalid:
        pass


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [("./a", "a"), ("/a/b", "a/b"), ("../../a", "a"), ("a/../b", "b"), ("a//b/", "a/b"), ("", "")],
)
def test_names_are_relative_to_the_archive(name: str, cleaned: str) -> None:
    assert clean(name) == cleaned


def test_reading_does_not_move_the_file() -> None:
    with tempfile.TemporaryFile() as file:
        archive = Archive.receive(io.BytesIO(tar({"a": b"hello"})), file.fileno())
        position = os.lseek(file.fileno(), 0, os.SEEK_CUR)
        archive.read("a", 10)
        assert os.lseek(file.fileno(), 0, os.SEEK_CUR) == position
