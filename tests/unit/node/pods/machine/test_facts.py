"""What the machine is."""

import os
from pathlib import Path

from wherry.node.pods.machine.facts import ImaginedMachine, ThisMachine


def test_this_one(tmp_path: Path) -> None:
    found = ThisMachine(tmp_path).hardware()
    assert found.cpus == os.cpu_count()
    assert found.memory_bytes > 1 << 20
    assert found.storage_bytes > 0
    assert found.kernel == os.uname().release
    assert len(found.boot_id) == 36


def test_what_is_left_of_it(tmp_path: Path) -> None:
    machine = ThisMachine(tmp_path)
    found, whole = machine.measure(), machine.hardware()
    assert 0 < found.memory_available_bytes <= whole.memory_bytes
    assert 0 <= found.storage_available_bytes <= found.storage_bytes == whole.storage_bytes
    assert 0 < found.pids < found.pids_limit


def test_an_imagined_one_is_never_full() -> None:
    machine = ImaginedMachine(cpus=2)
    assert machine.hardware().cpus == 2
    assert machine.measure().memory_available_bytes == machine.hardware().memory_bytes
