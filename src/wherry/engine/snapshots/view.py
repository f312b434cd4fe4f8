"""Looking into a stack of layers, or writing on top of it, without a mount that anybody sees."""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from wherry.linux import mount
from wherry.linux.overlay import Stack, assemble
from wherry.linux.privately import with_own_mounts
from wherry.linux.trees import remove_tree

VIEW = "view-"


@contextmanager
def viewed(stack: Stack, tmp: Path, furnish: Callable[[int], None] | None = None) -> Iterator[int]:
    """A descriptor of the root directory of ``stack``, nowhere mounted, until the end.

    ``tmp`` is where a directory to mount on is made for a moment. ``furnish``: see :class:`model.Guise`.
    """
    _renew_work(stack)
    tree = with_own_mounts(lambda: _mounted(stack, tmp, furnish))
    try:
        mount.set_attributes(tree, add=mount.ATTR_NODEV | mount.ATTR_NOSUID, recursive=True)
        if not stack.upper:
            mount.set_attributes(tree, add=mount.ATTR_RDONLY)
        with _opened(tree) as fd:
            yield fd
    finally:
        os.close(tree)
        _renew_work(stack)


@contextmanager
def untouched(directory: Path) -> Iterator[int]:
    """A descriptor of a directory that somebody else may be writing to, so that looking at it does it no harm.

    Its devices are dead, its links lead nowhere, and nothing can be written.
    """
    tree = mount.clone_tree(str(directory))
    try:
        attributes = mount.ATTR_RDONLY | mount.ATTR_NODEV | mount.ATTR_NOSUID | mount.ATTR_NOSYMFOLLOW
        mount.set_attributes(tree, add=attributes, path=str(directory))
        with _opened(tree) as fd:
            yield fd
    finally:
        os.close(tree)


@contextmanager
def _opened(tree: int) -> Iterator[int]:
    """The root directory of a detached mount, to be read."""
    fd = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=tree)
    try:
        yield fd
    finally:
        os.close(fd)


def _mounted(stack: Stack, tmp: Path, furnish: Callable[[int], None] | None) -> int:
    scratch = tmp / (VIEW + secrets.token_hex(16))
    scratch.mkdir(mode=0o700)
    try:
        return assemble(stack, str(scratch), furnish)
    finally:
        scratch.rmdir()


def _renew_work(stack: Stack) -> None:
    """Overlayfs refuses the work directory of a volatile mount: it cannot know that nothing crashed meanwhile."""
    if stack.volatile:
        work = os.open(stack.work, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            remove_tree(work, "work")
        finally:
            os.close(work)
