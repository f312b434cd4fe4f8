"""The limit of tasks."""

from pathlib import Path

import pytest

from tests.unit.linux.cgroup.conftest import MakeFiles
from wherry.linux.cgroup import pids
from wherry.linux.cgroup.stats import PidsStats


@pytest.mark.parametrize("limit, written", [(50, "50"), (0, "max"), (-1, "max")])
def test_nothing_and_less_is_unlimited(control: MakeFiles, tmp_path: Path, limit: int, written: str) -> None:
    pids.limit(control("pids.max"), {"limit": limit})
    assert (tmp_path / "pids.max").read_text() == written


def test_figures(control: MakeFiles) -> None:
    assert pids.stats(control(pids__current="3\n", pids__max="max\n")) == PidsStats(3, None)
    assert pids.stats(control(pids__max="9\n")) == PidsStats(3, 9)
