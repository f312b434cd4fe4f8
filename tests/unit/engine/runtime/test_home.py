"""The spawner's small world (entered as root: tests/kernel/test_runtime.py)."""

import os
import stat
from pathlib import Path

import pytest

from wherry.engine.runtime.home import DEVICES, NEWROOT, SCRATCH, of_others


@pytest.mark.parametrize("name", sorted(DEVICES))
def test_devices_have_the_numbers_that_this_machine_gives_them(name: str) -> None:
    status = Path("/dev", name).stat()
    assert stat.S_ISCHR(status.st_mode)
    assert (os.major(status.st_rdev), os.minor(status.st_rdev)) == DEVICES[name]


def test_no_device_of_a_disk_or_of_memory_is_among_them() -> None:
    assert set(DEVICES) == {"null", "zero", "full", "random", "urandom", "tty"}


def test_a_new_root_and_the_place_for_layers_are_no_place_of_a_container() -> None:
    assert NEWROOT != SCRATCH
    assert not {NEWROOT, SCRATCH} & {"/proc", "/sys", "/dev", "/tmp", "/mnt"}


MOUNTINFO = """22 1 0:21 / / rw - ext4 x rw
23 22 0:5 / /srv/w rw - ext4 x rw
24 23 0:6 / /srv/w/snapshots rw - ext4 other rw
25 23 0:7 / /srv/w/containers/abc/shm rw - tmpfs shm rw
26 23 0:8 / /srv/w/run/sandboxes rw - tmpfs wherry rw
27 26 0:9 / /srv/w/run/sandboxes/a rw - tmpfs wherry rw
28 27 0:4 net:[4] /srv/w/run/sandboxes/a/net rw - nsfs nsfs rw
29 22 0:8 / /run/wherry/sandboxes/b rw - tmpfs wherry rw
30 23 0:7 / /srv/w/pods/u/volumes/x rw - tmpfs x rw
short
"""


def test_what_is_mounted_for_one_container_or_pod_is_left_out() -> None:
    assert of_others(MOUNTINFO, ["/srv/w", "/run/wherry"]) == [
        "/srv/w/pods/u/volumes/x",
        "/run/wherry/sandboxes/b",
        "/srv/w/run/sandboxes/a/net",
        "/srv/w/run/sandboxes/a",
        "/srv/w/containers/abc/shm",
    ]
