"""What steps mount: the parts that need no kernel. The mounts themselves: tests/kernel/test_builds_mounts.py."""

import os
from pathlib import Path

from tests.descriptors import open_descriptors
from wherry.engine.build.mounts import AgentSocket, BoundTree, SecretFile, Trees, hide_excluded


def test_a_step_without_mounts_needs_nothing_made(tmp_path: Path) -> None:
    trees = Trees(tmp_path)
    assert not trees
    assert trees.make(65536, None) == {}
    for some in (
        Trees(tmp_path, binds=[BoundTree("/x", [])]),
        Trees(tmp_path, sockets=[AgentSocket("/x", tmp_path)]),
        trees.with_file(SecretFile("/x", b"")),
    ):
        assert some


def test_files_are_added(tmp_path: Path) -> None:
    one, two = SecretFile("/1", b"1"), SecretFile("/2", b"2", uid=5, mode=0o440)
    trees = Trees(tmp_path).with_file(one).with_file(two)
    assert trees.secrets == (one, two)
    assert [file.point.destination for file in trees.secrets] == ["/1", "/2"]
    assert (two.point.kind, two.point.options) == ("tree", ["bind"])


def test_what_failed_is_closed(tmp_path: Path) -> None:
    """A socket that is not there: nothing made before it stays open."""
    before = open_descriptors()
    trees = Trees(tmp_path, sockets=[AgentSocket("/x", tmp_path / "missing")])
    try:
        trees.make(os.getuid(), None)
    except FileNotFoundError:
        assert open_descriptors() == before
    else:
        raise AssertionError("there is no socket")


def test_hidden_files_and_the_directories_above_them(tmp_path: Path) -> None:
    context, cover = tmp_path / "context", tmp_path / "cover"
    (context / "a/b").mkdir(parents=True)
    cover.mkdir()
    (context / "a").chmod(0o711)
    (context / "a/b").chmod(0o700)
    os.utime(context / "a", (7, 7))
    asked = []

    def status(path: str) -> os.stat_result:
        asked.append(path)
        return (context / path).stat()

    hide_excluded(cover, ["a/b/1", "a/b/2", "a/3", "4"], status)
    assert asked == ["a", "a/b"]
    assert [(cover / path).stat().st_mode & 0o777 for path in ("a", "a/b")] == [0o711, 0o700]
    assert (cover / "a").stat().st_mtime == 7
    assert all((cover / path).lstat().st_rdev == 0 for path in ("a/b/1", "a/b/2", "a/3", "4"))
    assert all((cover / path).is_char_device() for path in ("a/b/1", "a/b/2", "a/3", "4"))
