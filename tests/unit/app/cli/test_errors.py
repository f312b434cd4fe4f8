"""Docker's exit statuses of what could not be started."""

import pytest

from wherry.app.cli.errors import start_status
from wherry.engine.runtime import process


@pytest.mark.parametrize(
    ("message", "status"),
    [
        ('exec: "x": executable file not found in $PATH', 127),
        ('exec: "/x": stat /x: no such file or directory', 127),
        ('exec: "/x": permission denied', 126),
        ('exec: "/tmp": is a directory', 126),
        ("exec /x: exec format error", 125),
        ("driver failed programming external connectivity: port is already allocated", 125),
        ("", 125),
    ],
)
def test_a_shell_learns_why(message: str, status: int) -> None:
    assert start_status(message) == status


@pytest.mark.parametrize(("errno", "status"), [(2, 127), (13, 126), (21, 126)])
def test_the_runtimes_own_words_are_understood(errno: int, status: int) -> None:
    assert start_status(process._exec_failure("/x", errno).message) == status
