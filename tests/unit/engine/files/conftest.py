"""A tree that belongs to somebody else, and a place outside of it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """``tree/etc/file`` and links: ``abs`` and ``up`` lead to it inside of the tree, ``out`` to what is not in it."""
    root = tmp_path / "tree"
    (root / "etc").mkdir(parents=True)
    (root / "etc" / "file").write_text("inside")
    (root / "abs").symlink_to("/etc/file")
    (root / "up").symlink_to("../../../etc/file")
    (root / "directory").symlink_to("/etc")
    (root / "out").symlink_to(tmp_path / "outside")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "file").write_text("outside")
    return root


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    return tmp_path / "outside"


@pytest.fixture
def root(tree: Path) -> Iterator[int]:
    """A descriptor of the tree's root."""
    fd = os.open(tree, os.O_PATH)
    yield fd
    os.close(fd)
