"""Directories of a layer by their path in the archive."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.descriptors import open_descriptors
from wherry.engine.snapshots.directories import Directories, is_opaque, is_whiteout
from wherry.kit.errors import Invalid
from wherry.linux.errors import KernelError

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


class Layer:
    """A layer's root with its directories; ``adorned`` are the paths that nobody described."""

    def __init__(self, path: Path, depth: int = 10) -> None:
        path.mkdir()
        self.path = path
        self.adorned: list[bytes] = []
        self._root = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        self.directories = Directories(self._root, depth, self._adorn)

    def _adorn(self, path: bytes, fd: int) -> None:
        assert os.path.samestat(os.fstat(fd), os.stat(os.fsencode(self.path) + b"/" + path))
        self.adorned.append(path)

    def where(self, path: bytes) -> str:
        """Where a path of the archive leads, made if need be."""
        return os.fsdecode(self.directories.real_path(self.directories.get(path)))

    def close(self) -> None:
        if self._root >= 0:
            self.directories.close()
            os.close(self._root)
        self._root = -1


@pytest.fixture
def layer(tmp_path: Path) -> Iterator[Layer]:
    before = set(os.listdir("/proc/self/fd"))
    made = Layer(tmp_path / "fs")
    yield made
    made.close()
    assert set(os.listdir("/proc/self/fd")) <= before  # the collector may have closed some of others
    assert [entry.name for entry in tmp_path.iterdir()] == ["fs"]


def test_the_root_is_there(layer: Layer) -> None:
    assert layer.directories.get(b"") is layer.directories.root
    assert layer.directories.real_path(layer.directories.root) == b""
    assert layer.directories.root.depth == 0


def test_what_is_missing_is_made_for_everybody_to_read(layer: Layer) -> None:
    before = os.umask(0o077)
    try:
        directory = layer.directories.get(b"a/b/c")
    finally:
        os.umask(before)
    assert directory.depth == 3
    assert stat.S_IMODE(os.fstat(directory.fd).st_mode) == 0o755
    assert layer.adorned == [b"a", b"a/b", b"a/b/c"]
    assert layer.directories.made == 3
    assert layer.directories.get(b"a/b/c") is directory
    assert layer.directories.made == 3


def test_what_is_there_is_found(layer: Layer) -> None:
    (layer.path / "a/b").mkdir(parents=True)
    assert layer.directories.existing(b"a/b") is layer.directories.get(b"a/b")
    assert layer.directories.made == 0


def test_what_is_missing_can_be_asked_for(layer: Layer) -> None:
    (layer.path / "file").touch()
    (layer.path / "dangling").symlink_to("nowhere")
    for path in (b"a", b"a/b", b"file", b"file/x", b"dangling", b"dangling/x"):
        assert layer.directories.existing(path) is None
    assert layer.directories.made == 0


def test_a_directory_has_one_object_whatever_the_path(layer: Layer) -> None:
    (layer.path / "a/b").mkdir(parents=True)
    (layer.path / "l").symlink_to("a")
    (layer.path / "a/up").symlink_to("..")
    assert layer.directories.get(b"l/b") is layer.directories.get(b"a/b")
    assert layer.directories.get(b"a/b").depth == 2
    assert layer.directories.get(b"a/up") is layer.directories.root


def test_the_depth_behind_a_link_is_the_real_one(layer: Layer) -> None:
    (layer.path / "a/b/c/d").mkdir(parents=True)
    (layer.path / "l").symlink_to("/a/b/c")
    assert layer.directories.get(b"l/d").depth == 4


@pytest.mark.parametrize(
    ("links", "path", "real"),
    [
        ({"l": "new"}, b"l/x", "new/x"),
        ({"l": "/new/er"}, b"l/x", "new/er/x"),
        ({"l": "../../../new"}, b"l/x", "new/x"),
        ({"l": "new/../other/."}, b"l/x", "other/x"),
        ({"l": "m", "m": "n", "n": "new"}, b"l/x", "new/x"),
        ({"l": "m/x/../y", "m": "/deep/er"}, b"l/z", "deep/er/y/z"),
        ({"d/l": "../new"}, b"d/l/x", "new/x"),
        ({"d/l": "/d/../new"}, b"d/l", "new"),
        ({"l": "/"}, b"l/x", "x"),
    ],
)
def test_the_target_of_a_dangling_link_is_made_inside(
    layer: Layer, links: dict[str, str], path: bytes, real: str
) -> None:
    for name, target in links.items():
        (layer.path / name).parent.mkdir(exist_ok=True)
        (layer.path / name).symlink_to(target)
    assert layer.where(path) == real
    assert layer.where(path) == real
    assert layer.directories.made == len(layer.adorned) > 0


@pytest.mark.parametrize("target", ["l", "m", "../l/x", "x/../l"])
def test_a_loop_of_links_is_refused(layer: Layer, target: str) -> None:
    (layer.path / "l").symlink_to(target)
    (layer.path / "m").symlink_to("l")
    with pytest.raises(KernelError) as caught:
        layer.directories.get(b"l/x")
    assert caught.value.errno == 40  # ELOOP


def test_a_chain_of_dangling_links_is_refused(layer: Layer) -> None:
    for number in range(60):
        (layer.path / f"l{number}").symlink_to(f"new{number}/../l{number + 1}")
    with pytest.raises(KernelError) as caught:
        layer.directories.get(b"l0")
    assert caught.value.errno == 40


@pytest.mark.parametrize("target", ["d/" * 2000, "/d/../" + "e/" * 1000])
def test_a_link_of_thousands_of_names_is_refused(layer: Layer, target: str) -> None:
    (layer.path / "l").symlink_to(target)
    with pytest.raises(Invalid, match="deeper than 10 names"):
        layer.directories.get(b"l/x")


def test_depth_is_limited(layer: Layer) -> None:
    assert layer.directories.get(b"/".join([b"d"] * 10)).depth == 10
    with pytest.raises(Invalid, match="deeper than 10 names"):
        layer.directories.get(b"/".join([b"d"] * 11))
    with pytest.raises(Invalid, match="deeper than 10 names"):
        layer.directories.get(b"/".join([b"x"] * 2000))


def test_depth_behind_links_is_limited(layer: Layer) -> None:
    layer.directories.get(b"/".join([b"d"] * 8))
    (layer.path / "l").symlink_to("/d/d/d/d/d/d/d/d")
    assert layer.directories.get(b"l/a/b").depth == 10
    with pytest.raises(Invalid, match="deeper than 10 names"):
        layer.directories.get(b"l/a/b/c")


def test_a_file_on_the_way_is_refused(layer: Layer) -> None:
    (layer.path / "file").touch()
    (layer.path / "link").symlink_to("file")
    for path in (b"file", b"file/x", b"link/x"):
        with pytest.raises(NotADirectoryError):
            layer.directories.get(path)


def test_a_link_to_a_marked_name_is_refused(layer: Layer) -> None:
    (layer.path / "l").symlink_to(".wh.x/y")
    with pytest.raises(Invalid, match="below a whiteout"):
        layer.directories.get(b"l")


def test_times_are_as_before(layer: Layer) -> None:
    (layer.path / "a").mkdir()
    os.utime(layer.path / "a", ns=(1, 123_456_789))
    layer.directories.get(b"a/b")
    layer.directories.root.mtime = 77
    layer.directories.forget()
    assert (layer.path / "a").stat().st_mtime_ns == 123_456_789
    directory = layer.directories.get(b"a")
    layer.directories.refresh(os.stat(layer.path / "a"), 0o2755, 99)
    assert directory.inherits_group
    layer.close()
    assert (layer.path / "a").stat().st_mtime_ns == 99
    assert layer.path.stat().st_mtime_ns == 77


def test_what_was_forgotten_is_looked_up_again(layer: Layer) -> None:
    first = layer.directories.get(b"a")
    (layer.path / "a").rmdir()
    (layer.path / "b").mkdir()
    (layer.path / "a").symlink_to("b")
    assert layer.directories.get(b"a") is first
    layer.directories.forget()
    assert layer.where(b"a") == "b"


def test_few_descriptors_are_open(layer: Layer) -> None:
    before = open_descriptors()
    for number in range(500):
        layer.directories.get(b"d%d/e" % number)
        layer.directories.get(b"d0")
    assert open_descriptors() - before < 150
    assert layer.directories.made == 1000


@needs_root
def test_a_set_gid_directory_gives_its_group_to_nothing(layer: Layer) -> None:
    (layer.path / "d").mkdir()
    os.chown(layer.path / "d", 5, 50)
    (layer.path / "d").chmod(0o2775)
    status = os.fstat(layer.directories.get(b"d/e").fd)
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (0, 0, 0o755)


@needs_root
def test_a_directory_over_a_whiteout_hides_what_is_below(layer: Layer) -> None:
    os.mknod(layer.path / "a", stat.S_IFCHR, 0)
    assert is_whiteout(os.lstat(layer.path / "a"))
    assert is_opaque(layer.directories.get(b"a").fd)
    assert layer.adorned == []
    assert not is_opaque(layer.directories.get(b"a/b").fd)


def test_other_things_are_no_whiteouts(layer: Layer) -> None:
    os.mkfifo(layer.path / "fifo")
    assert not any(is_whiteout(os.stat(path)) for path in (layer.path / "fifo", layer.path, "/dev/null"))
    assert not is_opaque(layer.directories.root.fd)
