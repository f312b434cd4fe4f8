"""What the layers below show."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.descriptors import open_descriptors
from wherry.engine.snapshots.directories import OPAQUE
from wherry.engine.snapshots.inherit import Inheritance

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")

Layers = Callable[[int], list[Path]]


@pytest.fixture
def layers(tmp_path: Path) -> Layers:
    """So many empty layers, the topmost first."""

    def make(count: int) -> list[Path]:
        made = [tmp_path / f"layer{number}" for number in range(count)]
        for path in made:
            path.mkdir()
        return made

    return make


def adorned(below: list[Path], path: bytes, tmp_path: Path) -> os.stat_result:
    """A fresh directory, after it was made like the one below."""
    (tmp_path / "fresh").mkdir(mode=0o711)
    fd = os.open(tmp_path / "fresh", os.O_RDONLY)
    try:
        with Inheritance(below) as inheritance:
            inheritance.adorn(path, fd)
    finally:
        os.close(fd)
    return (tmp_path / "fresh").stat()


def test_a_directory_gets_mode_and_time_of_the_topmost_below(layers: Layers, tmp_path: Path) -> None:
    below = layers(3)
    for number, mode in ((1, 0o1750), (2, 0o700)):
        (below[number] / "home/me").mkdir(parents=True)
        (below[number] / "home/me").chmod(mode)
        os.utime(below[number] / "home/me", ns=(5, 1000 + number))
    status = adorned(below, b"home/me", tmp_path)
    assert (stat.S_IMODE(status.st_mode), status.st_mtime_ns) == (0o1750, 1001)


@needs_root
def test_a_directory_gets_the_owner_below(layers: Layers, tmp_path: Path) -> None:
    below = layers(1)
    (below[0] / "d").mkdir()
    os.chown(below[0] / "d", 12, 34)
    status = adorned(below, b"d", tmp_path)
    assert (status.st_uid, status.st_gid) == (12, 34)


def test_a_directory_without_one_below_stays(layers: Layers, tmp_path: Path) -> None:
    below = layers(2)
    (below[0] / "file").touch(0o600)
    for path in (b"d", b"file"):
        assert stat.S_IMODE(adorned(below, path, tmp_path).st_mode) == 0o711
        (tmp_path / "fresh").rmdir()


def test_what_is_below_is_found(layers: Layers) -> None:
    below = layers(2)
    (below[1] / "d").mkdir()
    (below[1] / "d/file").write_text("four")
    (below[0] / "link").symlink_to("d")
    with Inheritance(below) as inheritance:
        found = {path: inheritance.find(path) for path in (b"d", b"d/file", b"link", b"nothing", b"d/nothing")}
    assert found[b"nothing"] is found[b"d/nothing"] is None
    assert [stat.S_IFMT(status.st_mode) for status in found.values() if status] == [
        stat.S_IFDIR, stat.S_IFREG, stat.S_IFLNK,
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["file", "link", "loop"])
def test_what_is_no_directory_hides_what_lies_further_below(layers: Layers, kind: str) -> None:
    below = layers(2)
    (below[1] / "a/b").mkdir(parents=True)
    (below[1] / "other/b").mkdir(parents=True)
    (below[0] / "other/b").mkdir(parents=True)
    if kind == "file":
        (below[0] / "a").touch()
    else:
        (below[0] / "a").symlink_to("other" if kind == "link" else "a")
    with Inheritance(below) as inheritance:
        assert inheritance.find(b"a/b") is None


@needs_root
def test_what_was_removed_is_not_found(layers: Layers) -> None:
    below = layers(3)
    (below[2] / "a/b").mkdir(parents=True)
    (below[2] / "c").mkdir()
    os.mknod(below[1] / "a", stat.S_IFCHR, 0)
    (below[0] / "c").mkdir()
    with Inheritance(below) as inheritance:
        assert inheritance.find(b"a") is None
        assert inheritance.find(b"a/b") is None
        assert inheritance.find(b"c") is not None


@needs_root
@pytest.mark.parametrize("opaque", ["a", "a/b"])
def test_an_opaque_directory_hides_what_lies_further_below(layers: Layers, opaque: str) -> None:
    below = layers(2)
    (below[1] / "a/b/c").mkdir(parents=True)
    (below[1] / "d").mkdir()
    (below[0] / "a/b").mkdir(parents=True)
    with Inheritance(below) as inheritance:
        assert inheritance.find(b"a/b/c") is not None
        os.setxattr(below[0] / opaque, OPAQUE, b"y")
        assert inheritance.find(b"a/b/c") is None
        assert inheritance.find(b"a/b") is not None
        assert inheritance.find(b"d") is not None


def test_layers_are_opened_when_they_are_needed_and_closed(layers: Layers) -> None:
    below = layers(5)
    before = open_descriptors()
    with Inheritance(below) as inheritance:
        assert open_descriptors() == before
        inheritance.find(b"x/y/z")
        assert open_descriptors() == before + 5
    assert open_descriptors() == before
