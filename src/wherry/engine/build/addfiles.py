"""Parts of a copy that are whole trees of their own: an unpacked archive, a repository, a downloaded file."""

import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from wherry.engine.build.copying import Files, Later, files_mark
from wherry.engine.build.selection import Item
from wherry.engine.build.stepping import Step
from wherry.engine.build.tree import Tree
from wherry.engine.build.unpack import unpack


def archive(step: Step, opened: Callable[[], int], digest: str) -> Later:
    """An archive's files, unpacked when they are needed. ``opened`` gives a descriptor of it. Invalid then; blocks."""
    name = f"archive:{digest}"

    def make(stack: ExitStack) -> Files:
        directory = stack.enter_context(step.job.engine.scratch()) / "files"
        directory.mkdir(mode=0o755)
        with os.fdopen(opened(), "rb") as stream:
            unpack(stream, directory)
        return _tree(directory, name, stack, keeps=True)

    return Later(files_mark(name, True), make)


def whole(directory: Path, digest: str, stack: ExitStack) -> Files:
    """Everything in a directory, as root's, with the build's time."""
    return _tree(directory, digest, stack, keeps=False)


def digested(path: Path, digest: str, stack: ExitStack) -> Files:
    """One file, with its own time; it goes to the destination itself, or into it when that is a directory."""
    tree = _opened(path.parent, stack)
    entry = tree.find(path.name)
    assert entry is not None
    return Files(tree, [Item(entry, path.name, into=True)], digest, keeps=True)


def _tree(directory: Path, digest: str, stack: ExitStack, keeps: bool) -> Files:
    tree = _opened(directory, stack)
    top = tree.find("")
    assert top is not None
    items = [Item(top, "", top=True), *(Item(entry, entry.path) for entry in tree.walk(""))]
    return Files(tree, items, digest, keeps)


def _opened(directory: Path, stack: ExitStack) -> Tree:
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    stack.callback(os.close, fd)
    return Tree(fd)
