"""Shares, quotas and times in both versions' terms."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.linux.cgroup.conftest import MakeFiles
from wherry.linux.cgroup import cpu
from wherry.linux.errors import KernelError

V1 = ("cpu.shares", "cpu.cfs_period_us", "cpu.cfs_quota_us")


@pytest.mark.parametrize("shares, expected", [(1, 1), (2, 1), (1024, 100), (262144, 10000), (10**9, 10000)])
def test_the_defaults_and_ends_of_both_scales_meet(shares: int, expected: int) -> None:
    assert cpu.weight(shares) == expected


@given(st.integers(0, 300000), st.integers(0, 300000))
def test_more_shares_never_weigh_less(one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert 1 <= cpu.weight(low) <= cpu.weight(high) <= 10000


def test_version_1_takes_the_values_as_they_are(control: MakeFiles, tmp_path: Path) -> None:
    cpu.limit_v1(control(*V1), {"shares": 512, "quota": 50000, "period": 100000})
    assert [(tmp_path / name).read_text() for name in V1] == ["512", "100000", "50000"]


@pytest.mark.parametrize(
    "limits, expected",
    [
        ({"quota": 50000, "period": 100000}, "50000 100000"),
        ({"quota": -1, "period": 100000}, "max 100000"),
        ({"quota": 20000}, "20000"),
        ({"period": 50000}, "max 50000"),
        ({"shares": 2}, ""),
    ],
)
def test_version_2_takes_quota_and_period_together(
    control: MakeFiles, tmp_path: Path, limits: dict[str, int], expected: str
) -> None:
    cpu.limit_v2(control("cpu.max", "cpu.weight"), limits)
    assert (tmp_path / "cpu.max").read_text() == expected


def test_an_idle_group_gets_no_weight(control: MakeFiles, tmp_path: Path) -> None:
    cpu.limit_v2(control("cpu.idle", "cpu.weight"), {"idle": 1, "shares": 1024})
    assert (tmp_path / "cpu.idle").read_text() == "1"
    assert (tmp_path / "cpu.weight").read_text() == ""


def test_version_2_has_no_real_time_limits(control: MakeFiles) -> None:
    with pytest.raises(KernelError, match="real-time"):
        cpu.limit_v2(control(), {"realtimeRuntime": 1000})


def test_times_are_nanoseconds_in_both_versions(control: MakeFiles) -> None:
    directory = control(
        cpu__stat="usage_usec 5000\nuser_usec 3000\nsystem_usec 2000\nnr_periods 9\nnr_throttled 4\nthrottled_usec 7\n",
    )
    stats = cpu.stats_v2(directory)
    assert (stats.total_nanoseconds, stats.user_nanoseconds, stats.system_nanoseconds) == (5000000, 3000000, 2000000)
    assert (stats.periods, stats.throttled_periods, stats.throttled_nanoseconds) == (9, 4, 7000)
    directory = control(
        cpu__stat="nr_periods 9\nnr_throttled 4\nthrottled_time 7000\n",
        cpuacct__usage="5000000\n",
        cpuacct__stat="user 3\nsystem 2\n",
        cpuacct__usage_percpu="4000000 1000000 \n",
    )
    stats = cpu.stats_v1(directory, directory)
    assert (stats.total_nanoseconds, stats.user_nanoseconds, stats.throttled_nanoseconds) == (5000000, 30000000, 7000)
    assert stats.per_cpu_nanoseconds == (4000000, 1000000)
