"""What pods take of the disk. Blocks."""

import os
from dataclasses import dataclass
from pathlib import Path

from wherry.node.pods.runtime import Container

_BLOCK_BYTES = 512
"""Of st_blocks (stat(2))."""


@dataclass(frozen=True, slots=True)
class Taken:
    bytes: int = 0
    inodes: int = 0

    def __add__(self, other: "Taken") -> "Taken":
        return Taken(self.bytes + other.bytes, self.inodes + other.inodes)


def written(run: Container) -> Taken:
    """By a container: its layer, and its log with those before it."""
    found = tree(Path(run.layer)) if run.layer else Taken()
    if run.log:
        log = Path(run.log)
        for each in log.parent.glob(f"{log.name}*"):
            found += tree(each)
    return found


def tree(path: Path) -> Taken:
    """A file, or a directory with all in it. Links are not followed; what vanishes is left out."""
    try:
        found = _of(path.lstat())
    except OSError:
        return Taken()
    for _, directories, files, descriptor in os.fwalk(path, follow_symlinks=False, onerror=None):
        for name in (*directories, *files):
            try:
                found += _of(os.stat(name, dir_fd=descriptor, follow_symlinks=False))
            except OSError:
                continue
    return found


def _of(known: os.stat_result) -> Taken:
    return Taken(known.st_blocks * _BLOCK_BYTES, 1)
