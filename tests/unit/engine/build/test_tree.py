"""Trees that files are copied from."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from wherry.engine.build.ignore import Matcher
from wherry.engine.build.tree import Tree
from wherry.kit.errors import Invalid


@pytest.fixture
def top(tmp_path: Path) -> Path:
    root = tmp_path / "context"
    (root / "dir/deep").mkdir(parents=True)
    (root / "file").write_text("1")
    (root / "dir/inner").write_text("2")
    (root / "dir/deep/last").write_text("3")
    (root / "link").symlink_to("/dir")
    (root / "out").symlink_to("../../outside")
    (root / "nowhere").symlink_to("missing")
    (tmp_path / "outside").write_text("secret")
    return root


@pytest.fixture
def tree(top: Path) -> Iterator[Tree]:
    fd = os.open(top, os.O_RDONLY | os.O_DIRECTORY)
    yield Tree(fd)
    os.close(fd)


def test_links_are_followed_inside(tree: Tree) -> None:
    found = tree.find("link/inner")
    assert found is not None
    assert found.path == "dir/inner"
    assert tree.find("link") is not None
    assert tree.find("") is not None


def test_nothing_outside_is_found(tree: Tree) -> None:
    assert tree.find("out") is None
    assert tree.find("../outside") is None
    assert tree.find("nowhere") is None
    assert tree.find("file/below") is None


def test_a_link_may_be_the_answer(tree: Tree) -> None:
    found = tree.look("link")
    assert found is not None
    assert (found.path, found.link) == ("link", "/dir")
    assert tree.look("missing") is None
    assert tree.look("") is not None


def test_a_walk_is_sorted_and_follows_nothing(tree: Tree) -> None:
    assert [entry.path for entry in tree.walk("")] == [
        "dir", "dir/deep", "dir/deep/last", "dir/inner", "file", "link", "nowhere", "out",
    ]  # fmt: skip


def test_what_is_excluded_is_not_there(top: Path) -> None:
    fd = os.open(top, os.O_RDONLY | os.O_DIRECTORY)
    tree = Tree(fd, Matcher(["file", "dir/deep"]))
    assert [entry.path for entry in tree.walk("dir")] == ["dir/inner"]
    assert tree.find("file") is None
    assert tree.find("link/deep/last") is None
    assert tree.look("file") is None
    os.close(fd)


def test_an_exception_below_what_is_excluded_brings_its_directories(top: Path) -> None:
    fd = os.open(top, os.O_RDONLY | os.O_DIRECTORY)
    tree = Tree(fd, Matcher(["dir", "!dir/deep/last"]))
    assert [entry.path for entry in tree.walk("") if entry.path.startswith("dir")] == [
        "dir", "dir/deep", "dir/deep/last",
    ]  # fmt: skip
    os.close(fd)


def test_a_file_that_becomes_a_link_is_not_read(tree: Tree, top: Path) -> None:
    entry = tree.find("file")
    assert entry is not None
    os.close(tree.open(entry))
    (top / "file").unlink()
    (top / "file").symlink_to("dir/inner")
    with pytest.raises(Invalid, match="cannot be read"):
        tree.open(entry)
    (top / "file").unlink()
    os.mkfifo(top / "file")
    with pytest.raises(Invalid, match="changed while it was read"):
        tree.open(entry)


def test_how_a_contexts_directory_was_made_is_no_part_of_it(top: Path) -> None:
    top.chmod(0o700)
    fd = os.open(top, os.O_RDONLY | os.O_DIRECTORY)
    tree = Tree(fd, root_mode=0o755)
    for path, mode in (("", 0o755), ("dir/..", 0o755), ("dir", (top / "dir").stat().st_mode & 0o777)):
        entry = tree.find(path)
        assert entry is not None
        assert entry.mode & 0o777 == mode
    os.close(fd)
