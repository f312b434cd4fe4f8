"""Writing selected files. Needs no root: everything belongs to whoever runs the tests."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from wherry.engine.build.selection import Request, select
from wherry.engine.build.tree import Tree
from wherry.engine.build.writing import Looks, Writer
from wherry.kit.errors import Invalid

MINE = Looks(owner=(os.getuid(), os.getgid()), time=5_000_000_000)


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Tree]:
    root = tmp_path / "source"
    (root / "dir/sub").mkdir(parents=True)
    (root / "file").write_text("content")
    (root / "file").chmod(0o640)
    (root / "dir/sub/leaf").write_text("leaf")
    (root / "dir/sub").chmod(0o700)
    (root / "dir/link").symlink_to("sub/leaf")
    os.mkfifo(root / "dir/fifo")
    fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    yield Tree(fd)
    os.close(fd)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    path = tmp_path / "target"
    path.mkdir()
    return path


def copy(tree: Tree, target: Path, source: str, destination: str, looks: Looks = MINE) -> None:
    fd = os.open(target, os.O_RDONLY | os.O_DIRECTORY)
    try:
        items = select(tree, Request([source]))
        Writer(fd, looks).copy(tree, items, destination, destination.endswith("/"))
    finally:
        os.close(fd)


def test_a_file_to_a_new_name(source: Tree, target: Path) -> None:
    copy(source, target, "file", "/new/name")
    made = target / "new/name"
    assert made.read_text() == "content"
    assert stat.S_IMODE(made.stat().st_mode) == 0o640
    assert made.stat().st_mtime == 5
    assert stat.S_IMODE((target / "new").stat().st_mode) == 0o755


def test_a_file_into_a_directory(source: Tree, target: Path) -> None:
    (target / "there").mkdir()
    copy(source, target, "file", "/there")
    copy(source, target, "file", "/said/")
    assert (target / "there/file").read_text() == (target / "said/file").read_text() == "content"


def test_a_directory_with_all_that_is_in_it(source: Tree, target: Path) -> None:
    (target / "there").mkdir(mode=0o711)
    (target / "there/kept").write_text("kept")
    copy(source, target, "dir", "/there")
    assert sorted(path.name for path in (target / "there").iterdir()) == ["fifo", "kept", "link", "sub"]
    assert stat.S_IMODE((target / "there").stat().st_mode) == 0o711  # it was there before: as it was
    assert stat.S_IMODE((target / "there/sub").stat().st_mode) == 0o700
    assert (target / "there/sub").stat().st_mtime == 5
    assert os.readlink(target / "there/link") == "sub/leaf"
    assert stat.S_ISFIFO((target / "there/fifo").stat().st_mode)


def test_what_is_in_the_way_is_replaced_or_refused(source: Tree, target: Path) -> None:
    (target / "file").symlink_to("elsewhere")
    copy(source, target, "file", "/")
    assert (target / "file").read_text() == "content"
    assert not (target / "file").is_symlink()
    (target / "plain").write_text("")
    with pytest.raises(Invalid, match="cannot copy to non-directory"):
        copy(source, target, "dir", "/plain")
    (target / "x/file/full").mkdir(parents=True)
    with pytest.raises(Invalid, match="cannot copy file to"):
        copy(source, target, "file", "/x/")


def test_no_link_of_the_image_leads_outside(source: Tree, target: Path, tmp_path: Path) -> None:
    (tmp_path / "victim").mkdir()
    (target / "up").symlink_to("../victim")
    (target / "absolute").symlink_to(str(tmp_path / "victim"))
    for destination in ("/up/x", "/absolute/x", "/../../victim/x"):
        try:
            copy(source, target, "file", destination)
        except Invalid:
            pass
    assert list((tmp_path / "victim").iterdir()) == []


def test_a_link_at_the_end_is_written_through(source: Tree, target: Path) -> None:
    (target / "real").write_text("old")
    (target / "alias").symlink_to("/real")
    copy(source, target, "file", "/alias")
    assert (target / "real").read_text() == "content"
    assert (target / "alias").is_symlink()


def test_modes_and_times_of_ones_own(source: Tree, target: Path) -> None:
    looks = Looks(owner=None, mode=lambda bits, is_directory: 0o751 if is_directory else 0o604, time=None)
    copy(source, target, "dir", "/new", looks)
    assert stat.S_IMODE((target / "new/sub").stat().st_mode) == 0o751
    leaf = (target / "new/sub/leaf").stat()
    assert stat.S_IMODE(leaf.st_mode) == 0o604
    found = source.find("dir/sub/leaf")
    assert found is not None
    assert leaf.st_mtime_ns == found.status.st_mtime_ns


def test_a_file_from_memory(target: Path) -> None:
    fd = os.open(target, os.O_RDONLY | os.O_DIRECTORY)
    Writer(fd, MINE).write("/etc/motd", b"hi\n", 0o644, 7)
    Writer(fd, Looks(owner=(os.getuid(), os.getgid()))).write("/etc/motd", b"again\n", 0o600, 7_000_000_000)
    os.close(fd)
    assert (target / "etc/motd").read_text() == "again\n"
    assert (target / "etc/motd").stat().st_mtime == 7
