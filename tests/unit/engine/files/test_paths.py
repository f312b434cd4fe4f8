import os
import stat
from pathlib import Path

import pytest

from wherry.engine.files import paths
from wherry.kit.errors import Invalid, NotFound


@pytest.mark.parametrize(
    ("path", "cleaned"),
    [
        ("/", "/"),
        ("a", "/a"),
        ("/a/b", "/a/b"),
        ("//a///b", "/a/b"),
        ("/a/", "/a/"),
        ("/a//", "/a/"),
        ("/a/.", "/a/."),
        ("/a/./", "/a/./"),
        (".", "/."),
        ("./", "/./"),
        ("/a/./b", "/a/b"),
        ("/a/../b", "/b"),
        ("../../a", "/a"),
        ("/..", "/"),
        ("/a/..", "/"),
    ],
)
def test_paths_are_cleaned_and_keep_their_ends(path: str, cleaned: str) -> None:
    assert paths.clean(path) == cleaned


@pytest.mark.parametrize("path", ["", "a\0b"])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(Invalid, match="'path' must name"):
        paths.clean(path)


@pytest.mark.parametrize(
    ("cleaned", "base"), [("/", "/"), ("/a", "a"), ("/a/", "a"), ("/a/.", "."), ("/.", "."), ("/a/b", "b")]
)
def test_the_last_name(cleaned: str, base: str) -> None:
    assert paths.base(cleaned) == base


def test_a_file_s_facts(root: int, tree: Path) -> None:
    os.utime(tree / "etc" / "file", ns=(0, 1_500_000_000_123_456_789))
    (tree / "etc" / "file").chmod(0o4640)
    found = paths.stat_of(root, "/etc/file")
    assert (found.name, found.size_bytes, found.modified_nanoseconds) == ("file", 6, 1_500_000_000_123_456_789)
    assert found.mode == 0o640 | 1 << 23
    assert (found.link_target, found.is_directory) == ("", False)


def test_a_link_is_itself_meant_unless_the_path_ends_in_a_directory(root: int) -> None:
    link = paths.stat_of(root, "/directory")
    assert (link.mode & 1 << 27, link.link_target, link.is_directory) == (1 << 27, "/etc", False)
    for path in ("/directory/", "/directory/."):
        assert paths.stat_of(root, path).is_directory


@pytest.mark.parametrize("path", ["/abs", "/up"])
def test_links_lead_to_places_inside(root: int, path: str) -> None:
    assert paths.stat_of(root, path).link_target == "/etc/file"


def test_links_that_lead_nowhere_are_followed_as_far_as_they_go(root: int, tree: Path) -> None:
    assert paths.stat_of(root, "/out").link_target == str(tree.parent / "outside")
    (tree / "one").symlink_to("directory/two")
    (tree / "etc" / "two").symlink_to("../three/./four")
    assert paths.followed(root, "/one/five") == "/three/four/five"


def test_links_in_a_circle_are_refused(root: int, tree: Path) -> None:
    (tree / "a").symlink_to("b")
    (tree / "b").symlink_to("a")
    with pytest.raises(Invalid, match="too many symbolic links"):
        paths.stat_of(root, "/a")


@pytest.mark.parametrize("path", ["/missing", "/etc/file/below", "/etc/file/", "/out/file", "/" + "a" * 300])
def test_what_is_not_there(root: int, path: str) -> None:
    with pytest.raises(NotFound, match="Could not find the file"):
        paths.stat_of(root, path)


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (stat.S_IFREG | 0o644, 0o644),
        (stat.S_IFDIR | 0o1777, 1 << 31 | 1 << 20 | 0o777),
        (stat.S_IFLNK | 0o777, 1 << 27 | 0o777),
        (stat.S_IFBLK | 0o600, 1 << 26 | 0o600),
        (stat.S_IFCHR | 0o600, 1 << 26 | 1 << 21 | 0o600),
        (stat.S_IFIFO | 0o600, 1 << 25 | 0o600),
        (stat.S_IFSOCK | 0o600, 1 << 24 | 0o600),
        (stat.S_IFREG | 0o6755, 1 << 23 | 1 << 22 | 0o755),
    ],
)
def test_modes_are_those_of_go(mode: int, expected: int) -> None:
    assert paths.go_mode(mode) == expected
