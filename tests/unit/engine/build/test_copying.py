"""COPY, ADD and WORKDIR as layers."""

import os
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.unit.engine.build.workshop import Workshop
from wherry.engine.build.copying import Document, Files, Later, Part, Shape, copy, files_mark, make_directory
from wherry.engine.build.layers import Target
from wherry.engine.build.selection import Request, select
from wherry.engine.build.tree import Tree

EPOCH = 1_000_000


def files(context: Path, source: str, keeps: bool = False) -> Files:
    tree = Tree(os.open(context, os.O_RDONLY | os.O_DIRECTORY))
    return Files(tree, select(tree, Request([source])), "digest", keeps)


def made(workshop: Workshop, shape: Shape, *parts: Part, below: tuple[str, ...] = ()) -> Path:
    target = Target(list(below), EPOCH, workshop.images.work())
    return workshop.snapshots.path(copy(workshop.engine, shape, parts, target).chain_id)


def test_marks_say_what_counts() -> None:
    document = Document("a", b"x")
    others = [Document("b", b"x"), Document("a", b"y"), Document("a", b"x", 0o755), Document("a", b"x", time=1)]
    assert len({one.mark for one in (document, *others)}) == 5
    assert Document("a", b"x").mark == document.mark
    assert files_mark("d", True) != files_mark("d", False)


def test_everything_of_a_copy_is_in_its_key() -> None:
    shape = Shape("/x")
    others = [
        Shape("/y"), Shape("/x", into=True), Shape("/x", chown="1"), Shape("/x", chmod="1"), Shape("/x", link=True)
    ]  # fmt: skip
    keys = {one.key(["m"], "parent", 0) for one in (shape, *others)}
    keys |= {shape.key(["n"], "parent", 0), shape.key(["m"], "other", 0), shape.key(["m"], "parent", None)}
    assert len(keys) == 9
    assert shape.key(["m"], "parent", 0) in keys


def test_a_file_has_the_builds_time_and_a_keepsake_its_own(workshop: Workshop, context: Path) -> None:
    os.utime(context / "file", (5, 5))
    tree = made(workshop, Shape("/a"), files(context, "file"))
    assert ((tree / "a").read_text(), (tree / "a").stat().st_mtime) == ("file", EPOCH)
    tree = made(workshop, Shape("/b"), files(context, "file", keeps=True))
    assert (tree / "b").stat().st_mtime == 5


def test_modes(workshop: Workshop, context: Path) -> None:
    tree = made(workshop, Shape("/d/", into=True, chmod="u=rwX,go="), files(context, "d"))
    assert [(tree / name).stat().st_mode & 0o777 for name in ("d", "d/inner")] == [0o700, 0o700]


def test_documents(workshop: Workshop) -> None:
    one, two = Document("one", b"1"), Document("two", b"2", time=7)
    assert (made(workshop, Shape("/name"), one) / "name").read_text() == "1"
    tree = made(workshop, Shape("/d", into=True), one, two)
    assert [(tree / f"d/{name}").stat().st_mtime for name in ("one", "two")] == [EPOCH, 7]


def test_a_document_into_a_directory_that_is_there(workshop: Workshop) -> None:
    target = Target([], EPOCH, workshop.images.work())
    below = copy(workshop.engine, Shape("/d/", into=True), [Document("old", b"0")], target)
    tree = made(workshop, Shape("/d"), Document("new", b"1"), below=(below.chain_id,))
    assert sorted(path.name for path in (tree / "d").iterdir()) == ["new", "old"]


def test_what_is_made_later_goes_with_the_copy(workshop: Workshop, context: Path) -> None:
    ended = []

    def make(stack: ExitStack) -> Files:
        stack.callback(ended.append, True)
        return files(context, "file")

    tree = made(workshop, Shape("/a"), Later("mark", make))
    assert (tree / "a").read_text() == "file"
    assert ended == [True]


@pytest.mark.parametrize("user", ["", f"{os.getuid()}:{os.getgid()}"])
def test_a_directory_is_made_unless_it_is_there(workshop: Workshop, user: str) -> None:
    target = Target([], EPOCH, workshop.images.work())
    layer = make_directory(workshop.engine, "/a/b", user, target)
    assert layer is not None
    assert (workshop.snapshots.path(layer.chain_id) / "a/b").is_dir()
    again = Target([layer.chain_id], EPOCH, target.work)
    assert make_directory(workshop.engine, "/a", user, again) is None
