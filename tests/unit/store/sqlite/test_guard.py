"""The file that keeps others out and finds lost commits."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from wherry.kit.errors import Unavailable
from wherry.store.model import Corrupt
from wherry.store.sqlite.guard import Guard, acknowledged


def test_a_second_one_is_kept_out_and_told_by_whom(tmp_path: Path) -> None:
    guard = Guard(tmp_path / "state")
    with pytest.raises(Unavailable, match=f"in use by another process, pid {os.getpid()}"):
        Guard(tmp_path / "state")
    guard.close()
    guard.close()
    Guard(tmp_path / "state").close()


def test_the_lock_goes_with_the_process(tmp_path: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path; from wherry.store.sqlite.guard import Guard\n"
        "guard = Guard(Path(sys.argv[1])); guard.acknowledge(7); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "state")], check=False)
    guard = Guard(tmp_path / "state")
    assert guard.acknowledged == 7
    guard.close()


def test_what_was_acknowledged_is_remembered(tmp_path: Path) -> None:
    assert acknowledged(tmp_path / "state") == 0
    guard = Guard(tmp_path / "state")
    assert guard.acknowledged == 0
    for revision in (1, 12345678901234567, 3):
        guard.acknowledge(revision)
        assert guard.acknowledged == acknowledged(tmp_path / "state") == revision
    guard.close()


def test_a_database_that_is_behind_has_lost_something(tmp_path: Path) -> None:
    guard = Guard(tmp_path / "state")
    guard.check(1)
    guard.acknowledge(7)
    guard.check(7)
    guard.check(8)
    with pytest.raises(Corrupt, match="lost its commits from revision 6 to 7"):
        guard.check(5)
    guard.close()


@pytest.mark.parametrize("position", [0, 19, 20, 21, 28])
def test_a_damaged_guard_says_so(tmp_path: Path, position: int) -> None:
    guard = Guard(tmp_path / "state")
    guard.acknowledge(7)
    content = bytearray(guard.path.read_bytes())
    content[position] ^= 2
    guard.path.write_bytes(content)
    with pytest.raises(Corrupt, match="remove that file"):
        guard.check(7)
    guard.close()


def test_a_guard_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="No such file"):
        Guard(tmp_path / "missing" / "state")
