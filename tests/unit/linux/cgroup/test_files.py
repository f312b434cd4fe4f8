"""Writes that name what was refused."""

import errno

import pytest

from tests.unit.linux.cgroup.conftest import MakeFiles
from wherry.linux.cgroup import files
from wherry.linux.errors import KernelError


def test_a_refused_write_names_value_and_file(control: MakeFiles) -> None:
    with pytest.raises(KernelError, match=r"write '5' to .*/pids\.max: No such file") as caught:
        files.write(control(), "pids.max", 5)
    assert caught.value.errno == errno.ENOENT


def test_settle_retries_what_depends_on_another_value(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel that keeps limit below limit with swap, both at 10 now."""
    values = {"limit": 10, "swap": 10}

    def write(directory: str, name: str, value: str | int) -> None:
        after = {**values, name: int(value)}
        if after["limit"] > after["swap"]:
            raise KernelError(errno.EINVAL, f"write {value} to", name)
        values.update(after)

    monkeypatch.setattr(files, "write", write)
    files.settle("", [("limit", 30), ("swap", 30)])
    assert values == {"limit": 30, "swap": 30}
    files.settle("", [("swap", 5), ("limit", 5)])
    assert values == {"limit": 5, "swap": 5}
    with pytest.raises(KernelError):
        files.settle("", [("limit", 50)])


def test_settle_gives_up_at_once_on_other_errors(control: MakeFiles) -> None:
    with pytest.raises(KernelError, match="first"):
        files.settle(control("second"), [("first", 1), ("second", 2)])


@pytest.mark.parametrize("text, expected", [("17\n", 17), ("max\n", -1), ("", -1)])
def test_a_number_or_otherwise(text: str, expected: int) -> None:
    assert files.number(text, -1) == expected


def test_a_flat_keyed_file_skips_what_is_no_count() -> None:
    assert files.table("low 0\noom_kill 3\nsome avg10=0.00 total=5\n") == {"low": 0, "oom_kill": 3}
