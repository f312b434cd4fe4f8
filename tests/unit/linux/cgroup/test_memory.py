"""Memory and swap in both versions' terms."""

import errno
from pathlib import Path

import pytest

from tests.unit.linux.cgroup.conftest import MakeFiles
from wherry.linux.cgroup import memory
from wherry.linux.errors import KernelError

V1 = ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.soft_limit_in_bytes", "memory.swappiness")
V2 = ("memory.max", "memory.swap.max", "memory.low")


def test_version_1_takes_the_values_as_they_are(control: MakeFiles, tmp_path: Path) -> None:
    memory.limit_v1(control(*V1), {"limit": 100, "swap": 300, "reservation": 50, "swappiness": 0})
    assert [(tmp_path / name).read_text() for name in V1] == ["100", "300", "50", "0"]


def test_version_1_without_swap_accounting_limits_memory_alone(control: MakeFiles, tmp_path: Path) -> None:
    memory.limit_v1(control("memory.limit_in_bytes"), {"limit": 100, "swap": 300})
    assert (tmp_path / "memory.limit_in_bytes").read_text() == "100"


def test_version_1_unlimited_memory_makes_swap_unlimited(control: MakeFiles, tmp_path: Path) -> None:
    memory.limit_v1(control(*V1), {"limit": -1})
    assert (tmp_path / "memory.memsw.limit_in_bytes").read_text() == "-1"


def test_version_2_takes_swap_alone(control: MakeFiles, tmp_path: Path) -> None:
    memory.limit_v2(control(*V2), {"limit": 100, "swap": 300, "reservation": 50})
    assert [(tmp_path / name).read_text() for name in V2] == ["100", "200", "50"]


def test_version_2_unlimited_is_max(control: MakeFiles, tmp_path: Path) -> None:
    memory.limit_v2(control(*V2), {"limit": -1})
    assert [(tmp_path / name).read_text() for name in V2] == ["max", "max", ""]


def test_version_2_swap_changed_alone_counts_from_the_limit_in_force(control: MakeFiles, tmp_path: Path) -> None:
    memory.limit_v2(control("memory.swap.max", memory__max="100\n"), {"swap": 150})
    assert (tmp_path / "memory.swap.max").read_text() == "50"


@pytest.mark.parametrize("limit, swap, expected", [(100, 100, 0), (100, 300, 200), (100, -1, -1), (-1, -1, -1)])
def test_swap_alone(limit: int, swap: int, expected: int) -> None:
    assert memory.swap_alone(limit, swap) == expected


@pytest.mark.parametrize("limit, swap", [(0, 100), (-1, 100), (200, 100)])
def test_swap_that_makes_no_sense_is_refused(limit: int, swap: int) -> None:
    with pytest.raises(KernelError) as caught:
        memory.swap_alone(limit, swap)
    assert caught.value.errno == errno.EINVAL


def test_a_limit_below_the_usage_is_refused_when_asked_to(control: MakeFiles) -> None:
    directory = control(*V2, memory__current="500\n")
    memory.limit_v2(directory, {"limit": 100})
    with pytest.raises(KernelError, match="limit memory to 100 bytes below the 500 in use"):
        memory.limit_v2(directory, {"limit": 100, "checkBeforeUpdate": True})


def test_figures_of_version_1(control: MakeFiles) -> None:
    directory = control(
        memory__usage_in_bytes="900\n",
        memory__limit_in_bytes="9223372036854771712\n",
        memory__stat="cache 1\ninactive_file 1\ntotal_inactive_file 300\ntotal_swap 7\n",
        memory__oom_control="oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
    )
    stats = memory.stats_v1(directory)
    assert (stats.usage_bytes, stats.limit_bytes, stats.swap_bytes, stats.working_set_bytes) == (900, None, 7, 600)
    assert memory.oom_kills_v1(directory) == 2


def test_figures_of_version_2(control: MakeFiles) -> None:
    directory = control(
        memory__current="900\n",
        memory__max="1000\n",
        memory__peak="950\n",
        memory__stat="anon 600\ninactive_file 300\n",
        memory__events="low 0\nhigh 0\nmax 4\noom 1\noom_kill 2\n",
    )
    stats = memory.stats_v2(directory)
    assert (stats.limit_bytes, stats.max_usage_bytes, stats.failures, stats.working_set_bytes) == (1000, 950, 4, 600)
    assert memory.oom_kills_v2(directory) == 2


def test_a_cgroup_that_is_gone_has_used_nothing(tmp_path: Path) -> None:
    assert memory.stats_v1(str(tmp_path / "gone")).usage_bytes == 0
    assert memory.stats_v2(str(tmp_path / "gone")).usage_bytes == 0
    assert memory.oom_kills_v1(str(tmp_path / "gone")) == 0
