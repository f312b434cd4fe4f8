"""Limits, in Docker's words and in the runtime specification's."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.containers.model import HostConfig, Resources, ThrottleDevice
from wherry.engine.containers.resources import check, device_rules, limits
from wherry.kit.errors import Invalid

MEGABYTE = 1 << 20


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, {}),
        ({"Memory": 64 * MEGABYTE}, {"memory": {"limit": 64 * MEGABYTE, "swap": 128 * MEGABYTE}}),
        ({"Memory": 64 * MEGABYTE, "MemorySwap": -1}, {"memory": {"limit": 64 * MEGABYTE, "swap": -1}}),
        ({"NanoCpus": 500_000_000}, {"cpu": {"period": 100_000, "quota": 50_000}}),
        ({"CpuPeriod": 50_000, "CpuQuota": 10_000}, {"cpu": {"period": 50_000, "quota": 10_000}}),
        ({"CpuShares": 512, "CpusetCpus": "0"}, {"cpu": {"shares": 512, "cpus": "0"}}),
        ({"PidsLimit": 50}, {"pids": {"limit": 50}}),
        ({"PidsLimit": -1}, {"pids": {"limit": -1}}),
        ({"PidsLimit": 0}, {}),
        ({"BlkioWeight": 100}, {"blockIO": {"weight": 100}}),
        ({"OomKillDisable": True, "MemorySwappiness": 0}, {"memory": {"disableOOMKiller": True, "swappiness": 0}}),
        ({"MemorySwappiness": -1}, {}),
    ],
)
def test_only_what_was_asked_for_is_limited(asked: dict[str, Any], expected: dict[str, Any]) -> None:
    assert limits(HostConfig(**asked)) == expected


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"Memory": -1}, "invalid memory limit"),
        ({"Memory": 6 * MEGABYTE - 1}, "Minimum memory limit allowed is 6MB"),
        ({"MemorySwap": 64 * MEGABYTE}, "You should always set the Memory limit when using Memoryswap limit"),
        ({"Memory": 64 * MEGABYTE, "MemorySwap": 32 * MEGABYTE}, "Minimum memoryswap limit should be larger"),
        ({"MemorySwappiness": 101}, "valid memory swappiness range is 0-100"),
        ({"MemoryReservation": 1}, "Minimum memory reservation allowed is 6MB"),
        ({"Memory": 8 * MEGABYTE, "MemoryReservation": 9 * MEGABYTE}, "can not be less than memory reservation"),
        ({"NanoCpus": 3_000_000_000}, "Range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available"),
        ({"NanoCpus": -1}, "Range of CPUs"),
        ({"NanoCpus": 1_000_000_000, "CpuQuota": 1000}, "Nano CPUs and CPU Quota cannot both be set"),
        ({"CpuPeriod": 999}, "CPU cfs period can not be less than 1ms"),
        ({"CpuQuota": 999}, "CPU cfs quota can not be less than 1ms"),
        ({"CpuShares": -1}, "invalid CPU shares"),
        ({"CpusetCpus": "0-2"}, "Requested CPUs are not available - requested 0-2, available: 0,1"),
        ({"CpusetCpus": "1-0"}, "Invalid value 1-0 for cpuset cpus"),
        ({"CpusetCpus": "0,"}, "Invalid value 0, for cpuset cpus"),
        ({"CpusetMems": "x"}, "Invalid value x for cpuset mems"),
        ({"BlkioWeight": 9}, "Range of blkio weight is from 10 to 1000"),
        ({"BlkioWeightDevice": [ThrottleDevice(Path="/dev/x", Weight=1001)]}, "/dev/x:1001"),
    ],
)
def test_limits_that_cannot_be_are_refused_in_dockers_words(asked: dict[str, Any], words: str) -> None:
    with pytest.raises(Invalid, match=words):
        check(HostConfig(**asked), {0, 1})


@given(st.integers(10_000_000, 2_000_000_000))
def test_a_share_of_the_processors_is_a_quota_of_the_period(nano: int) -> None:
    host = Resources(NanoCpus=nano)
    check(host, {0, 1})
    cpu = limits(host)["cpu"]
    assert abs(cpu["quota"] / cpu["period"] - nano / 1e9) < 0.0001


@given(st.integers(6 * MEGABYTE, 1 << 50), st.one_of(st.just(0), st.just(-1), st.integers(0, 1 << 51)))
def test_what_passes_never_has_less_swap_than_memory(memory: int, swap: int) -> None:
    host = Resources(Memory=memory, MemorySwap=swap)
    try:
        check(host, {0})
    except Invalid:
        return
    written = limits(host)["memory"]
    assert written["swap"] == -1 or written["swap"] >= written["limit"]


@given(st.text("0123456789-,", max_size=12))
def test_a_set_of_processors_is_of_those_there_are_or_refused(text: str) -> None:
    try:
        check(Resources(CpusetCpus=text), {0, 1})
    except Invalid:
        return
    assert set(text) <= set("01-,")


def test_nobody_makes_the_device_file_of_a_disk() -> None:
    rules = device_rules(False, [])
    assert rules[0] == {"allow": False, "access": "rwm"}
    assert not any(rule.get("type") in ("b", "a", None) for rule in rules[1:])


def test_privileged_containers_may_use_every_device() -> None:
    assert device_rules(True, []) == [{"allow": True, "access": "rwm"}]
