"""Which files a COPY copies."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from wherry.engine.build.ignore import Matcher
from wherry.engine.build.selection import Request, select
from wherry.engine.build.tree import Tree
from wherry.kit.errors import NotFound


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Tree]:
    for name in ("a.txt", "b.txt", "c.md", "src/main.c", "src/lib/x.c", "src/lib/y.h", "other/z.c"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / "link").symlink_to("src")
    fd = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    yield Tree(fd)
    os.close(fd)


def places(tree: Tree, *sources: str, parents: bool = False, excluded: str = "") -> list[tuple[str, str]]:
    items = select(tree, Request(sources, parents, Matcher([excluded]) if excluded else None))
    return [(item.entry.path, item.place) for item in items]


def test_a_file_goes_by_its_name(tree: Tree) -> None:
    assert places(tree, "a.txt") == [("a.txt", "a.txt")]
    assert places(tree, "/src/../a.txt") == [("a.txt", "a.txt")]
    assert places(tree, "../../a.txt") == [("a.txt", "a.txt")]


def test_a_directory_stands_for_its_contents(tree: Tree) -> None:
    assert places(tree, "src") == [
        ("src", ""),
        ("src/lib", "lib"),
        ("src/lib/x.c", "lib/x.c"),
        ("src/lib/y.h", "lib/y.h"),
        ("src/main.c", "main.c"),
    ]
    assert places(tree, "src/lib/") == places(tree, "link/lib")


def test_wildcards(tree: Tree) -> None:
    assert places(tree, "*.txt") == [("a.txt", "a.txt"), ("b.txt", "b.txt")]
    assert places(tree, "s*/l*/*.c") == [("src/lib/x.c", "x.c")]
    assert places(tree, "sr?") == places(tree, "src")
    assert places(tree, "**/*.c") == [
        ("other/z.c", "z.c"), ("src/main.c", "main.c"), ("src/lib/x.c", "x.c"),
    ]  # fmt: skip


def test_what_is_not_there(tree: Tree) -> None:
    with pytest.raises(NotFound, match='"/missing": not found'):
        places(tree, "a.txt", "missing")
    with pytest.raises(NotFound, match="no files matched"):
        places(tree, "*.zip")


def test_parents_are_kept_from_the_pivot_on(tree: Tree) -> None:
    assert places(tree, "src/lib/x.c", parents=True) == [
        ("src", "src"), ("src/lib", "src/lib"), ("src/lib/x.c", "src/lib/x.c"),
    ]  # fmt: skip
    assert places(tree, "src/./lib/x.c", parents=True) == [("src/lib", "lib"), ("src/lib/x.c", "lib/x.c")]
    assert places(tree, "./src/lib/*.h", parents=True)[-1] == ("src/lib/y.h", "src/lib/y.h")


def test_exclusions_are_relative_to_the_source(tree: Tree) -> None:
    assert places(tree, "src", excluded="lib/*") == [("src", ""), ("src/lib", "lib"), ("src/main.c", "main.c")]
    assert places(tree, "*.txt", excluded="b*") == [("a.txt", "a.txt")]
