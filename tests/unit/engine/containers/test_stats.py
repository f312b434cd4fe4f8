"""Figures of a running container in Docker's JSON."""

import os

from tests.unit.engine.containers.harness import Daemon
from tests.unit.engine.containers.rows import row
from wherry.engine.containers.stats import document, interfaces, system_nanoseconds
from wherry.linux.cgroup import Stats
from wherry.linux.cgroup.stats import BlockEntry, BlockStats, CpuStats, MemoryStats, PidsStats

FIGURES = Stats(
    2,
    MemoryStats(usage_bytes=4096, limit_bytes=1 << 26, detail={"inactive_file": 5}),
    CpuStats(total_nanoseconds=7, user_nanoseconds=4, system_nanoseconds=3, periods=2),
    PidsStats(3, 50),
    BlockStats((BlockEntry(8, 0, "read", 512),)),
)


def test_a_sample_has_what_docker_stats_shows() -> None:
    sample = document(row(pid=os.getpid()), FIGURES, 1_700_000_000_000_000_000, None)
    assert sample["memory_stats"]["usage"] == 4096
    assert sample["memory_stats"]["limit"] == 1 << 26
    assert sample["memory_stats"]["stats"] == {"inactive_file": 5}
    assert sample["cpu_stats"]["cpu_usage"]["total_usage"] == 7
    assert sample["cpu_stats"]["system_cpu_usage"] > 0
    assert sample["pids_stats"] == {"current": 3, "limit": 50}
    (entry,) = sample["blkio_stats"]["io_service_bytes_recursive"]
    assert entry == {"major": 8, "minor": 0, "op": "read", "value": 512}
    assert sample["name"] == "/web"


def test_the_processors_figures_of_before_are_those_of_the_sample_before() -> None:
    first = document(row(), FIGURES, 1, None)
    second = document(row(), FIGURES, 2, first)
    assert second["precpu_stats"] == first["cpu_stats"]
    assert second["preread"] == first["read"]


def test_what_does_not_run_has_none() -> None:
    sample = document(row(), None, 1, None)
    assert sample["memory_stats"] == {}
    assert sample["cpu_stats"]["cpu_usage"]["total_usage"] == 0


def test_without_a_limit_the_machines_memory_is_the_limit() -> None:
    figures = FIGURES._replace(memory=MemoryStats(usage_bytes=1))
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert document(row(), figures, 1, None)["memory_stats"]["limit"] == total


def test_loopback_is_not_counted_and_a_process_that_is_gone_has_no_network() -> None:
    assert "lo" not in interfaces(os.getpid())
    assert interfaces(1 << 30) == {}


def test_the_systems_time_goes_on() -> None:
    before = system_nanoseconds()
    assert system_nanoseconds() >= before > 0


async def test_one_sample_at_once(daemon: Daemon) -> None:
    container = await daemon.run()
    sample = await daemon.containers.stats(container, one_shot=True)
    assert sample["memory_stats"]["usage"] == 4096


async def test_samples_end_with_the_container(daemon: Daemon) -> None:
    container = await daemon.run()
    samples = daemon.containers.stats_stream(container)
    assert (await anext(samples))["memory_stats"]["usage"] == 4096
    await daemon.containers.remove(container, force=True)
    assert [sample async for sample in samples] == []
