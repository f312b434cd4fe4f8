"""Looking into a stack of layers, or writing on top of it, without a mount that anybody sees."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wherry.linux import mount
from wherry.linux.overlay import Stack, assemble
from wherry.linux.privately import with_own_mounts
from wherry.linux.trees import remove_tree

VIEW = "view-"


@contextmanager
def viewed(stack: Stack, tmp: Path) -> Iterator[int]:
    """A descriptor of the root directory of ``stack``, nowhere mounted, until the end.

    ``tmp`` is where a directory to mount on is made for a moment.
    """
    _renew_work(stack)
    tree = with_own_mounts(lambda: _mounted(stack, tmp))
    try:
        attributes = mount.ATTR_NODEV | mount.ATTR_NOSUID | (0 if stack.upper else mount.ATTR_RDONLY)
        mount.set_attributes(tree, add=attributes)
        fd = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=tree)
        try:
            yield fd
        finally:
            os.close(fd)
    finally:
        os.close(tree)
        _renew_work(stack)


def _mounted(stack: Stack, tmp: Path) -> int:
    scratch = tmp / (VIEW + secrets.token_hex(16))
    scratch.mkdir(mode=0o700)
    try:
        return assemble(stack, str(scratch))
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
