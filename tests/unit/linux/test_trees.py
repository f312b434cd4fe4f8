"""Looking through trees that others have filled, and deleting them."""

import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.descriptors import open_descriptors
from wherry.linux import trees
from wherry.linux.errors import KernelError
from wherry.linux.trees import remove_tree, statuses, sync_file_system


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[int]:
    """A descriptor of ``tmp_path``."""
    fd = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    yield fd
    os.close(fd)


def chain(directory: int, name: str, depth: int) -> None:
    """``depth`` directories inside each other, each with a file beside the next; longer than any path may be."""
    at = os.dup(directory)
    for _ in range(depth):
        os.mkdir(name, dir_fd=at)
        below = os.open(name, os.O_RDONLY | os.O_DIRECTORY, dir_fd=at)
        os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=below))
        os.close(at)
        at, name = below, "d" * 100
    os.close(at)


def descriptors() -> int:
    return open_descriptors()


@pytest.mark.parametrize("depth", [1, 63, 64, 65, 129, 1000])
def test_a_tree_of_any_depth_is_gone(tmp_path: Path, directory: int, depth: int) -> None:
    chain(directory, "tree", depth)
    before = descriptors()
    remove_tree(directory, "tree")
    assert os.listdir(tmp_path) == []
    assert descriptors() == before


def test_a_wide_and_deep_tree_is_gone(tmp_path: Path, directory: int) -> None:
    """Several deep branches that part below the depth to which directories are kept open."""
    chain(directory, "tree", 70)
    at = os.dup(directory)
    for name in ["tree"] + ["d" * 100] * 69:
        below = os.open(name, os.O_RDONLY | os.O_DIRECTORY, dir_fd=at)
        os.close(at)
        at = below
        if name != "tree":
            chain(at, "branch", 3)
    os.close(at)
    remove_tree(directory, "tree")
    assert os.listdir(tmp_path) == []


def test_what_lies_deep_is_never_beside_the_tree(
    tmp_path: Path, directory: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever deletes the tree after a crash knows its name only."""
    chain(directory, "tree", 200)
    seen: list[list[str]] = []
    rename = os.rename

    def watched(*arguments: Any, **more: Any) -> None:
        rename(*arguments, **more)
        seen.append(os.listdir(tmp_path))

    monkeypatch.setattr(trees.os, "rename", watched)
    remove_tree(directory, "tree")
    assert len(seen) > 1
    assert all(names == ["tree"] for names in seen)


@pytest.mark.parametrize("name", ["file", b"file", "dangling", "link", "fifo", "folder"])
def test_whatever_it_is_goes_and_what_it_points_to_stays(tmp_path: Path, directory: int, name: str | bytes) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("kept")
    (tmp_path / "file").touch()
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "link").symlink_to(precious)
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/link").symlink_to(precious)
    (tmp_path / "folder/up").symlink_to("..")
    remove_tree(directory, name)
    assert not os.path.lexists(tmp_path / os.fsdecode(name))
    assert (precious / "file").read_text() == "kept"


def test_what_is_not_there_is_no_error(directory: int) -> None:
    remove_tree(directory, "nothing")


def test_names_need_not_be_text(tmp_path: Path, directory: int) -> None:
    os.makedirs(os.fsencode(tmp_path) + b"/\xff\n/\x01\xfe")
    remove_tree(directory, b"\xff\n")
    assert os.listdir(tmp_path) == []


def test_a_refusal_names_the_step_and_the_thing(directory: int) -> None:
    with pytest.raises(KernelError, match="delete") as caught:
        remove_tree(directory, "n" * 300)
    assert caught.value.errno == 36  # ENAMETOOLONG


def test_a_file_system_is_synced(tmp_path: Path) -> None:
    sync_file_system(tmp_path)
    with pytest.raises(FileNotFoundError):
        sync_file_system(tmp_path / "nothing")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount")
@pytest.mark.parametrize("kind", ["tmpfs", "bind"])
def test_a_mount_is_not_entered(tmp_path: Path, directory: int, kind: str) -> None:
    inside, precious = tmp_path / "tree/deep/mount", tmp_path / "precious"
    inside.mkdir(parents=True)
    precious.mkdir()
    (precious / "file").touch()
    (tmp_path / "tree/other").touch()
    command = ["mount", "-t", "tmpfs", "test", inside] if kind == "tmpfs" else ["mount", "--bind", precious, inside]
    subprocess.run(command, check=True)
    try:
        (inside / "file").touch()
        with pytest.raises(KernelError) as caught:
            remove_tree(directory, "tree")
        assert caught.value.errno in (16, 18)  # EBUSY, EXDEV
        assert (inside / "file").exists()
    finally:
        subprocess.run(["umount", inside], check=True)
    remove_tree(directory, "tree")
    assert (precious / "file").exists()
    assert not (tmp_path / "tree").exists()


def test_everything_below_a_directory_is_found_once(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/file").write_bytes(b"12345")
    (tmp_path / "a/other name").hardlink_to(tmp_path / "a/b/file")
    (tmp_path / "link").symlink_to("/usr")
    found = sorted((stat.S_IFMT(one.st_mode), one.st_ino) for one in statuses(tmp_path))
    below = [tmp_path / name for name in ("a", "a/b", "a/b/file", "link")]
    assert found == sorted((stat.S_IFMT(path.lstat().st_mode), path.lstat().st_ino) for path in below)


def test_a_directory_that_is_not_there_has_nothing_below_it(tmp_path: Path) -> None:
    assert list(statuses(tmp_path / "absent")) == []


def test_a_tree_deeper_than_any_path_is_looked_through_as_far_as_paths_go(tmp_path: Path, directory: int) -> None:
    chain(directory, "tree", 1000)
    before = descriptors()
    assert 30 < sum(stat.S_ISREG(one.st_mode) for one in statuses(tmp_path)) < 50
    assert descriptors() == before
    remove_tree(directory, "tree")


def test_more_levels_than_functions_can_call_each_other_are_no_matter(tmp_path: Path, directory: int) -> None:
    path = str(tmp_path)
    for _ in range(1500):
        path += "/d"
        os.mkdir(path)
    assert sum(1 for _ in statuses(tmp_path)) == 1500
    remove_tree(directory, "d")


def test_what_goes_meanwhile_is_left_out(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name / "below").mkdir(parents=True)
    found = statuses(tmp_path)
    next(found)
    for name in ("one", "other"):
        (tmp_path / name / "below").rmdir()
        (tmp_path / name).rmdir()
    assert sum(1 for _ in found) <= 1
