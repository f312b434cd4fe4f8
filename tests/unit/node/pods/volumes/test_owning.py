"""Volumes of a group."""

import os
from pathlib import Path

import pytest

from wherry.node.pods.volumes.owning import give

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="gives files to others")


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    place = tmp_path / "volume"
    (place / "dir").mkdir(parents=True)
    (place / "dir/file").write_text("x")
    (place / "dir/file").chmod(0o600)
    (tmp_path / "outside").write_text("x")
    (tmp_path / "outside").chmod(0o600)
    (place / "link").symlink_to(tmp_path / "outside")
    os.mkfifo(place / "fifo")
    return place


def test_all_of_it_becomes_the_groups(volume: Path) -> None:
    give(volume, 1234)
    for path in (volume, volume / "dir"):
        assert (path.stat().st_gid, path.stat().st_mode & 0o7777) == (1234, 0o2775)
    assert ((volume / "dir/file").stat().st_gid, (volume / "dir/file").stat().st_mode & 0o777) == (1234, 0o660)


def test_links_lead_nowhere(volume: Path) -> None:
    give(volume, 1234)
    outside = (volume.parent / "outside").stat()
    assert (outside.st_gid, outside.st_mode & 0o777) == (0, 0o600)
    assert (volume / "link").lstat().st_gid == 1234


def test_where_the_top_is_right_the_rest_can_be_left(volume: Path) -> None:
    give(volume, 1234)
    os.chown(volume / "dir/file", 0, 0)
    give(volume, 1234, "OnRootMismatch")
    assert (volume / "dir/file").stat().st_gid == 0
    give(volume, 1234, "Always")
    assert (volume / "dir/file").stat().st_gid == 1234
