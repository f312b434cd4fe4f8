"""Parts of volumes, found beneath their root and nowhere else (raced for: tests/kernel/test_pod_mounts.py)."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.descriptors import open_descriptors
from tests.unit.linux.apart import apart
from wherry.engine.containers.row import MountPoint
from wherry.engine.containers.treemounts import TreeMaker, open_beneath, part_of
from wherry.kit.errors import Invalid
from wherry.linux.errors import KernelError


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    path = tmp_path / "volume"
    (path / "a" / "b").mkdir(parents=True)
    (path / "file").touch()
    for name, target in (("in", "a/b"), ("out", "/etc"), ("up", ".."), ("loop", "loop"), ("gone", "nowhere/x")):
        (path / name).symlink_to(target)
    path.chmod(0o2770)
    return path


@pytest.fixture
def root(volume: Path) -> Iterator[int]:
    fd = os.open(volume, os.O_PATH)
    yield fd
    os.close(fd)


def found(root: int, path: str) -> str:
    fd = open_beneath(root, path)
    try:
        return os.readlink(f"/proc/self/fd/{fd}")
    finally:
        os.close(fd)


INSIDE = [("a", "a"), ("a/b", "a/b"), ("./a//b/", "a/b"), ("in", "a/b"), ("file", "file")]


@pytest.mark.parametrize(("path", "place"), INSIDE)
def test_what_is_inside_is_found(root: int, volume: Path, path: str, place: str) -> None:
    assert found(root, path) == str(volume / place)


@pytest.mark.parametrize(
    "path", ["/etc", "..", "a/../..", "in/..", "out", "out/passwd", "up", "up/x", "loop", "file/x", "gone"]
)
def test_what_leads_out_or_nowhere_is_not(root: int, volume: Path, path: str) -> None:
    before = sorted(os.listdir(volume.parent))
    with pytest.raises(KernelError):
        found(root, path)
    assert sorted(os.listdir(volume.parent)) == before
    assert not (volume / "nowhere").exists()


def test_what_is_missing_is_made_as_the_volume_is(root: int, volume: Path) -> None:
    os.umask(os.umask(0o077))
    assert found(root, "new/er/part") == str(volume / "new/er/part")
    for path in ("new", "new/er", "new/er/part"):
        assert stat.S_IMODE((volume / path).stat().st_mode) & 0o770 == 0o770
    assert found(root, "in/below") == str(volume / "a/b/below")


names = st.sampled_from(["a", "b", "in", "out", "up", "loop", "gone", "file", "..", ".", "", "new"])


@given(st.lists(names, max_size=6).map("/".join))
def test_nothing_that_can_be_said_leads_out(path: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as directory:
        inside = Path(directory, "outer", "volume")
        (inside / "a" / "b").mkdir(parents=True)
        (inside / "file").touch()
        for name, target in (("in", "a/b"), ("out", "/etc"), ("up", ".."), ("loop", "loop"), ("gone", "nowhere/x")):
            (inside / name).symlink_to(target)
        fd = os.open(inside, os.O_PATH)
        try:
            assert Path(found(fd, path)).is_relative_to(inside)
        except KernelError:
            pass
        finally:
            os.close(fd)
        assert os.listdir(Path(directory, "outer")) == ["volume"]


def point(source: Path, subpath: str) -> MountPoint:
    return MountPoint(kind="bind", destination="/data", source=str(source), subpath=subpath, options=["rbind"])


@pytest.mark.parametrize(("part", "words"), [("out", "leads out of its volume"), ("file/x", "Not a directory")])
def test_a_refusal_names_the_part(volume: Path, part: str, words: str) -> None:
    with pytest.raises(Invalid, match=f"failed to prepare subPath '{part}': .*{words}"):
        part_of(point(volume, part))
    with pytest.raises(Invalid, match="nowhere: No such file"):
        part_of(point(volume / "nowhere", "a"))


def test_a_part_of_a_volume_of_docker_s_must_be_there(volume: Path) -> None:
    kind = MountPoint(kind="volume", destination="/data", source=str(volume), subpath="new/part", options=["rbind"])
    with pytest.raises(Invalid, match="new/part: no such file or directory"):
        part_of(kind)
    assert not (volume / "new").exists()


@apart
def test_a_part_is_a_mount_of_its_own(volume: Path) -> None:
    (volume / "a" / "inside").touch()
    tree = part_of(point(volume, "a"))
    inside = os.open(".", os.O_RDONLY, dir_fd=tree)
    assert sorted(os.listdir(inside)) == ["b", "inside"]
    os.close(inside)
    os.close(tree)


@apart
def test_all_are_made_or_none(volume: Path, tmp_path: Path) -> None:
    good, bad = point(volume, "a"), MountPoint(kind="bind", destination="/x", source=str(volume), subpath="out")
    make = TreeMaker([good, MountPoint(kind="bind", destination="/plain", source="/tmp")], lambda image: [], tmp_path)
    made = make(0, None)
    assert list(made) == ["/data"] and make
    os.close(made["/data"])
    before = open_descriptors()
    with pytest.raises(Invalid):
        TreeMaker([good, bad], lambda image: [], tmp_path)(0, None)
    assert open_descriptors() == before


def test_where_there_is_nothing_to_be_opened_nothing_is_to_be_made(tmp_path: Path) -> None:
    assert not TreeMaker([MountPoint(kind="bind", destination="/x", source="/tmp")], lambda image: [], tmp_path)
    assert TreeMaker([MountPoint(kind="image", destination="/x", source="sha256:1")], lambda image: [], tmp_path)
