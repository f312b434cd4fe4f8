"""What containers use: whose processes, and samples that need something to sample."""

import os

import pytest

from tests.unit.engine.containers.harness import Daemon, FakeGroup, Machine
from wherry.engine.containers import figures
from wherry.kit.errors import Conflict
from wherry.linux.cgroup import Stats


@pytest.fixture(autouse=True)
def short_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "_SECOND", 0.01)


async def test_the_processes_are_those_of_the_containers_group(daemon: Daemon, machine: Machine) -> None:
    container = await daemon.run()
    assert daemon.containers._figures.pids(daemon.containers._registry.get(container)) == {os.getpid()}
    assert list(machine.groups) == [f"{machine.instance.cgroup_parent}/{container}"]


async def test_who_looks_at_them_is_told_of(daemon: Daemon) -> None:
    container = await daemon.run()
    shown = await daemon.containers.top(container, "-o pid,comm")
    assert [row[0] for row in shown["Processes"]] == [str(os.getpid())]
    assert daemon.actions()[-1] == "top"


@pytest.mark.parametrize("ended", [False, True])
async def test_what_does_not_run_has_none(daemon: Daemon, ended: bool) -> None:
    container = await daemon.create()
    if ended:
        await daemon.containers.start(container)
        await daemon.containers.kill(container)
    with pytest.raises(Conflict, match="is not running"):
        await daemon.containers.top(container, "")


async def test_a_sample_of_what_does_not_run_is_empty_and_there_at_once(daemon: Daemon) -> None:
    container = await daemon.create(name="web")
    sample = await daemon.containers.stats(container)
    assert (sample["name"], sample["memory_stats"], sample["pids_stats"]) == ("/web", {}, {})


async def test_one_that_has_just_ended_is_none_that_fails(daemon: Daemon, machine: Machine) -> None:
    container = await daemon.run()

    class Gone(FakeGroup):
        def stats(self) -> Stats:
            raise FileNotFoundError("the cgroup is gone")

    machine.groups[f"{machine.instance.cgroup_parent}/{container}"] = Gone()
    sample = await daemon.containers.stats(container, one_shot=True)
    assert sample["memory_stats"] == {}


async def test_a_sample_that_is_not_at_once_knows_the_second_before(daemon: Daemon) -> None:
    container = await daemon.run()
    sample = await daemon.containers.stats(container)
    assert sample["precpu_stats"]["cpu_usage"]["total_usage"] == sample["cpu_stats"]["cpu_usage"]["total_usage"] == 7
    assert sample["read"] > sample["preread"] > "2"


async def test_a_stream_goes_on_through_ends_and_stops_with_the_removal(daemon: Daemon) -> None:
    container = await daemon.run()
    samples = daemon.containers.stats_stream(container)
    assert (await anext(samples))["memory_stats"] != {}
    await daemon.containers.kill(container)
    second = await anext(samples)
    assert second["memory_stats"] == {}
    await daemon.containers.remove(container)
    assert [sample async for sample in samples] == []
