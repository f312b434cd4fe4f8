import os
from pathlib import Path

import pytest

from wherry.engine.snapshots.inherit import Inheritance
from wherry.engine.snapshots.model import CommitOptions
from wherry.engine.snapshots.stubs import Stubs


@pytest.fixture
def below(tmp_path: Path) -> Path:
    (tmp_path / "below").mkdir()
    return tmp_path / "below"


@pytest.fixture
def upper(tmp_path: Path) -> Path:
    (tmp_path / "upper").mkdir()
    return tmp_path / "upper"


def skipped(upper: Path, below: Path, path: str, *stubs: str) -> bool:
    where = upper / path
    with Inheritance([below]) as inheritance:
        # As if the container's root were whoever runs the tests.
        recognised = Stubs(CommitOptions(os.getuid(), stubs=frozenset(stubs)), inheritance)
        fd = os.open(where.parent, os.O_RDONLY)
        try:
            return recognised.skip(path.encode(), where.lstat(), fd)
        finally:
            os.close(fd)


def test_an_empty_file_at_a_mount_point_is_a_stub(upper: Path, below: Path) -> None:
    (upper / "hosts").touch()
    assert skipped(upper, below, "hosts", "/hosts")
    assert not skipped(upper, below, "hosts")


def test_a_file_with_content_is_none(upper: Path, below: Path) -> None:
    (upper / "hosts").write_text("127.0.0.1")
    assert not skipped(upper, below, "hosts", "hosts")


def test_a_file_that_the_layers_below_have_is_none(upper: Path, below: Path) -> None:
    (below / "hosts").write_text("127.0.0.1")
    (upper / "hosts").touch()
    assert not skipped(upper, below, "hosts", "hosts")


def test_directories_on_the_way_are_stubs_when_there_is_nothing_else(upper: Path, below: Path) -> None:
    (upper / "a" / "b").mkdir(parents=True)
    (upper / "a" / "b" / "point").touch()
    assert skipped(upper, below, "a", "a/b/point")
    (upper / "a" / "other").touch()
    assert not skipped(upper, below, "a", "a/b/point")
    assert skipped(upper, below, "a/b", "a/b/point")


def test_a_directory_with_another_mode_than_below_is_none(upper: Path, below: Path) -> None:
    for directory in (upper / "d", below / "d"):
        directory.mkdir()
        directory.chmod(0o750)
    assert skipped(upper, below, "d", "d/point")
    (upper / "d").chmod(0o700)
    assert not skipped(upper, below, "d", "d/point")


def test_a_link_at_a_mount_point_is_none(upper: Path, below: Path) -> None:
    (upper / "proc").symlink_to("/etc")
    assert not skipped(upper, below, "proc", "proc")
