import io
import os
import tarfile
from pathlib import Path

import pytest

from wherry.engine.snapshots.model import Limits
from wherry.engine.snapshots.tarwriter import TarWriter
from wherry.engine.snapshots.tree import LayerWriter, Rendering
from wherry.kit.errors import Invalid


def written(root: Path, rendering: Rendering = Rendering()) -> tuple[list[tarfile.TarInfo], LayerWriter]:  # noqa: B008
    sink = io.BytesIO()
    archive = TarWriter(sink)
    writer = LayerWriter(archive, rendering)
    fd = os.open(root, os.O_RDONLY)
    writer.write(fd)
    os.close(fd)
    archive.finish()
    sink.seek(0)
    with tarfile.open(fileobj=sink) as tar:
        return tar.getmembers(), writer


def names(root: Path, rendering: Rendering = Rendering()) -> list[str]:  # noqa: B008
    return [member.name for member in written(root, rendering)[0]]


def test_an_empty_directory_has_no_entries(tmp_path: Path) -> None:
    assert names(tmp_path) == []


def test_entries_are_sorted_a_directory_before_what_is_in_it(tmp_path: Path) -> None:
    for name in ("b", "a", "a-b"):
        (tmp_path / name).mkdir()
    for name in ("a/z", "a/é", "a/B", "b/x"):
        (tmp_path / name).touch()
    assert names(tmp_path) == ["a", "a/B", "a/z", "a/é", "a-b", "b", "b/x"]


def test_an_entry_says_what_the_file_is(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    (tmp_path / "file").chmod(0o640)
    os.utime(tmp_path / "file", ns=(0, 7_900_000_000))
    (tmp_path / "link").symlink_to("../../somewhere")
    os.mkfifo(tmp_path / "pipe")
    (file, link, pipe), writer = written(tmp_path)
    assert (file.size, file.mode, file.mtime, file.uid) == (5, 0o640, 7, os.getuid())
    assert link.issym() and link.linkname == "../../somewhere"
    assert pipe.isfifo()
    assert (writer.entries, writer.size_bytes, writer.opaque) == (3, 5, False)


def test_no_entry_is_younger_than_the_epoch_nor_older_than_1970(tmp_path: Path) -> None:
    for name, seconds in (("before", -3), ("early", 50), ("late", 150)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (seconds, seconds))
    members, _ = written(tmp_path, Rendering(epoch_seconds=100))
    assert [member.mtime for member in members] == [0, 50, 100]


def test_further_names_of_a_file_are_links_to_the_first(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"content")
    os.link(tmp_path / "b", tmp_path / "c")
    (tmp_path / "a").mkdir()
    os.link(tmp_path / "b", tmp_path / "a" / "first")
    members, writer = written(tmp_path)
    assert [(member.name, member.linkname) for member in members[1:]] == [
        ("a/first", ""),
        ("b", "a/first"),
        ("c", "a/first"),
    ]
    assert writer.size_bytes == 7


def test_sockets_and_what_is_to_be_skipped_are_left_out(tmp_path: Path) -> None:
    import socket

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
    (tmp_path / "kept").touch()
    (tmp_path / "skipped").mkdir()
    (tmp_path / "skipped" / "below").touch()
    assert names(tmp_path, Rendering(skip=lambda path, status, directory: path == b"skipped")) == ["kept"]


@pytest.mark.parametrize("name", [".wh.x", ".wh.", ".wh..wh..opq"])
def test_names_that_would_mean_something_else_in_a_layer_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    with pytest.raises(Invalid, match="means a deleted file"):
        names(tmp_path)


def test_ids_outside_of_the_containers_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Invalid, match="who is nobody in the container"):
        names(tmp_path, Rendering(first_id=os.getuid() + 1))


@pytest.mark.parametrize(
    ("limits", "says"),
    [(Limits(entries=1), "more than 1 entries"), (Limits(bytes=9), "larger than 9"), (Limits(depth=1), "too many")],
)
def test_limits(tmp_path: Path, limits: Limits, says: str) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_bytes(b"0123456789")
    with pytest.raises(Invalid, match=says):
        names(tmp_path, Rendering(limits=limits))
