"""The spawner's small world (entered as root: tests/kernel/test_runtime.py)."""

import os
import stat
from pathlib import Path

import pytest

from wherry.engine.runtime.home import DEVICES, NEWROOT, SCRATCH


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
