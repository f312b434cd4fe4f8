"""Tests here boot a machine: marked ``vm``, and skipped where there is no qemu (./test installs it)."""

import os
import shutil
from pathlib import Path

import pytest

from tests.vm.machine import QEMU


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = str(Path(__file__).parent)
    for item in items:
        if str(item.path).startswith(here):
            item.add_marker(pytest.mark.vm)
            if shutil.which(QEMU) is None:
                item.add_marker(pytest.mark.skip(reason=f"{QEMU} is not installed (package qemu-system-x86)"))
            if os.uname().machine != "x86_64":
                item.add_marker(pytest.mark.skip(reason="the emulated machine is an x86-64 one"))
