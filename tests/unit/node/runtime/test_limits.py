"""Limits in other words."""

from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.containers import resources
from wherry.engine.containers.model import HostConfig
from wherry.node.pods.runtime import Limits
from wherry.node.runtime.limits import class_shares, machine_shares, of_new, of_running, put

ALL = Limits(memory_bytes=1 << 24, cpu_shares=512, cpu_quota_us=50_000, cpu_period_us=100_000, pids=9, oom_score_adj=7)


def test_of_a_new_cgroup_only_what_is_said_is_set() -> None:
    assert of_new(Limits()) == {}
    assert of_new(ALL) == {
        "memory": {"limit": 1 << 24, "swap": 1 << 24},
        "cpu": {"shares": 512, "quota": 50_000, "period": 100_000},
        "pids": {"limit": 9},
    }


def test_of_a_running_one_everything_is() -> None:
    assert of_running(Limits()) == {
        "memory": {"limit": -1, "swap": -1},
        "cpu": {"shares": 1024, "quota": -1, "period": 100_000},
        "pids": {"limit": 0},
    }
    assert of_running(ALL) == of_new(ALL)


def test_a_containers_limits_are_the_engines() -> None:
    host = put(HostConfig(CgroupParent="a"), ALL, -1000)
    assert resources.limits(host) == of_new(ALL)
    assert (host.OomScoreAdj, host.CgroupParent) == (7, "a")
    assert resources.limits(put(host, Limits(), -1000)) == {}


@given(st.integers(-1000, 1000), st.integers(-1000, 1000))
def test_nobody_is_made_safer_than_we_may(wanted: int, least: int) -> None:
    given = put(HostConfig(), Limits(oom_score_adj=wanted), least).OomScoreAdj
    assert given == max(wanted, least)


@given(st.lists(st.one_of(st.none(), st.integers(2, 300_000))))
def test_a_class_gets_what_its_pods_ask_for_within_what_the_kernel_takes(amounts: list[int | None]) -> None:
    pods = [Limits(cpu_shares=amount) for amount in amounts]
    assert 2 <= class_shares("Burstable", pods) <= 262_144
    assert class_shares("Burstable", pods) >= min(sum(amount or 0 for amount in amounts), 262_144)
    assert class_shares("BestEffort", pods) == 2


def test_all_pods_get_what_the_machine_has() -> None:
    assert machine_shares(4) == 4096
    assert machine_shares(1000) == 262_144
