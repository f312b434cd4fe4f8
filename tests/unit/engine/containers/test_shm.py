"""Shared memory of containers that others may join, in a mount namespace that nobody else sees."""

import os
from pathlib import Path

import pytest

from tests.unit.linux.apart import apart
from wherry.engine.containers.shm import mount_shm, unmount_shm
from wherry.linux.errors import KernelError


@apart
def test_it_is_a_tmpfs_for_everybody_that_runs_nothing(tmp_path: Path) -> None:
    path = mount_shm(tmp_path, 1 << 20)
    assert path == tmp_path / "shm"
    assert path.is_mount()
    assert path.stat().st_mode & 0o7777 == 0o1777
    status = os.statvfs(path)
    assert status.f_blocks * status.f_frsize == 1 << 20
    wanted = os.ST_NOSUID | os.ST_NODEV | os.ST_NOEXEC
    assert status.f_flag & wanted == wanted


@apart
def test_it_is_mounted_once_and_keeps_what_is_in_it(tmp_path: Path) -> None:
    (mount_shm(tmp_path, 1 << 20) / "file").write_text("x")
    assert (mount_shm(tmp_path, 2 << 20) / "file").read_text() == "x"
    unmount_shm(tmp_path)
    assert list(tmp_path.iterdir()) == []


@apart
def test_it_goes_however_often_it_was_mounted_and_whoever_uses_it(tmp_path: Path) -> None:
    path = mount_shm(tmp_path, 1 << 20)
    with (path / "file").open("w") as file:
        unmount_shm(tmp_path)
        file.write("those who have it keep it")
    unmount_shm(tmp_path)
    assert not path.exists()


@apart
def test_one_is_made_anew_after_it_went(tmp_path: Path) -> None:
    (mount_shm(tmp_path, 1 << 20) / "file").touch()
    unmount_shm(tmp_path)
    assert os.listdir(mount_shm(tmp_path, 1 << 20)) == []


def test_what_was_never_mounted_is_unmounted_already(tmp_path: Path) -> None:
    unmount_shm(tmp_path)
    (tmp_path / "shm").mkdir()
    unmount_shm(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_shared_memory_is_left_alone_and_told(tmp_path: Path) -> None:
    (tmp_path / "shm").mkdir()
    (tmp_path / "shm/mine").write_text("x")
    with pytest.raises(KernelError, match=f"unmount shared memory {tmp_path}/shm: Directory not empty"):
        unmount_shm(tmp_path)
    assert (tmp_path / "shm/mine").exists()
