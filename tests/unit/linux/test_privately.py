"""Work in a thread with mounts of its own: nobody else sees them, and what it made stays."""

import os
import threading
from pathlib import Path

import pytest

from tests.unit.linux.apart import apart
from wherry.linux import mount
from wherry.linux.privately import with_own_mounts


def mounted(path: Path) -> bool:
    return f" {path} " in Path("/proc/thread-self/mountinfo").read_text()


@apart
def test_a_mount_is_seen_by_the_work_alone(tmp_path: Path) -> None:
    def work() -> int:
        mount.move_to_path(mount.create("tmpfs"), str(tmp_path))
        assert mounted(tmp_path)
        (tmp_path / "made").touch()
        os.chdir(tmp_path)
        return mount.clone_tree(str(tmp_path))

    before, threads = os.getcwd(), threading.active_count()
    tree = with_own_mounts(work)
    assert not mounted(tmp_path)
    assert (os.getcwd(), threading.active_count()) == (before, threads)
    assert os.listdir(f"/proc/self/fd/{tree}") == ["made"]
    assert list(tmp_path.iterdir()) == []


@apart
def test_what_the_work_raises_is_raised(tmp_path: Path) -> None:
    def fail() -> None:
        raise ValueError(str(tmp_path))

    with pytest.raises(ValueError, match=str(tmp_path)):
        with_own_mounts(fail)
