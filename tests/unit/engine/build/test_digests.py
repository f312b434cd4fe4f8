"""Digests of files and selections."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from wherry.engine.build.cache import BuildCache
from wherry.engine.build.digests import FileDigests, digest_of
from wherry.engine.build.tree import Entry, Tree
from wherry.engine.database import Database


class CountingTree(Tree):
    reads = 0

    def open(self, entry: Entry) -> int:
        self.reads += 1
        return super().open(entry)


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[CountingTree]:
    (tmp_path / "one").write_text("1")
    (tmp_path / "two").write_text("2")
    fd = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    yield CountingTree(fd)
    os.close(fd)


@pytest.fixture
def cache() -> BuildCache:
    return BuildCache(Database(":memory:"))


def whole(tree: Tree, files: FileDigests, with_owners: bool = False) -> str:
    return digest_of([(entry.path, entry) for entry in tree.walk("")], files, with_owners)


def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """An hour has passed since the files were written."""
    later = time.time_ns() + 3600 * 10**9
    monkeypatch.setattr(time, "time_ns", lambda: later)


def test_what_did_not_change_is_not_read_again(
    tree: CountingTree, cache: BuildCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled(monkeypatch)
    files = FileDigests(cache, tree)
    before = whole(tree, files)
    files.save()
    assert tree.reads == 2
    assert whole(tree, FileDigests(cache, tree)) == before
    assert tree.reads == 2
    (tmp_path / "one").write_text("x")
    assert whole(tree, FileDigests(cache, tree)) != before
    assert tree.reads == 3


def test_a_file_written_a_moment_ago_is_read_again(tree: CountingTree, cache: BuildCache) -> None:
    files = FileDigests(cache, tree)
    whole(tree, files)
    files.save()
    whole(tree, FileDigests(cache, tree))
    assert tree.reads == 4


def test_a_passing_tree_is_not_remembered(
    tree: CountingTree, cache: BuildCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled(monkeypatch)
    for _ in range(2):
        files = FileDigests(cache, tree, remember=False)
        whole(tree, files)
        files.save()
    assert tree.reads == 4


def test_modes_and_names_count_and_times_do_not(tree: CountingTree, cache: BuildCache, tmp_path: Path) -> None:
    files = FileDigests(cache, tree)
    before = whole(tree, files)
    os.utime(tmp_path / "one", (1, 1))
    assert whole(tree, files) == before
    (tmp_path / "one").chmod(0o600)
    changed = whole(tree, files)
    assert changed != before
    (tmp_path / "one").chmod(0o644)
    assert whole(tree, files) == before
    (tmp_path / "one").rename(tmp_path / "three")
    assert whole(tree, files) != before
    (tmp_path / "link").symlink_to("two")
    linked = whole(tree, files)
    (tmp_path / "link").unlink()
    (tmp_path / "link").symlink_to("three")
    assert whole(tree, files) != linked


def test_owners_count_where_they_are_kept(tree: CountingTree, cache: BuildCache) -> None:
    files = FileDigests(cache, tree)
    assert whole(tree, files, with_owners=True) != whole(tree, files)


def test_names_that_are_no_text(tree: CountingTree, cache: BuildCache, tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff\xfe")).write_text("")
    (tmp_path / "\u00fc").write_text("")
    assert len(whole(tree, FileDigests(cache, tree))) == 64
