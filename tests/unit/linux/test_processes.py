import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from wherry.linux import processes

SOURCE = str(Path(processes.__file__).parents[2])
LEFT = """
import json, os, sys
sys.path.insert(0, sys.argv[1])
from wherry.linux import processes
for number in range(3, 40):
    os.dup2(0, number)
processes.close_all_but(*json.loads(sys.argv[2]))
print([number for number in range(100) if os.path.exists(f"/proc/self/fd/{number}")])
"""
HIDDEN = """
import sys
sys.path.insert(0, sys.argv[1])
from wherry.linux import processes
processes.hide_arguments()
print(open("/proc/self/cmdline").read().strip(chr(0)), sys.argv[2], end="")
"""


def run(program: str, *arguments: str) -> str:
    command = [sys.executable, "-I", "-S", "-c", program, SOURCE, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("keep", [[], [3], [39], [5, 6], [30, 4, 17], [1, 2, 9], [200]], ids=str)
def test_all_descriptors_but_those_asked_for_and_the_streams_are_closed(keep: list[int]) -> None:
    assert json.loads(run(LEFT, json.dumps(keep))) == sorted({0, 1, 2, *keep} - {200})


def test_nobody_can_read_hidden_arguments_but_the_program_still_has_them() -> None:
    assert run(HIDDEN, "secret") == " secret"


def test_a_sealed_copy_is_the_program_and_cannot_be_written_to() -> None:
    copy = processes.sealed_copy("/proc/self/exe")
    try:
        assert os.pread(copy, 1 << 30, 0) == Path("/proc/self/exe").read_bytes()
        with pytest.raises(PermissionError):
            os.write(copy, b"x")
        with pytest.raises(PermissionError):
            os.ftruncate(copy, 0)
    finally:
        os.close(copy)
