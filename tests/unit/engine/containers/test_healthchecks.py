"""The health checks of running containers, run."""

from typing import Any

import pytest

from tests.descriptors import open_descriptors
from tests.unit.engine.containers.harness import Daemon, Machine, wait_until
from wherry.engine.containers.healthchecks import OUTPUT_BYTES
from wherry.engine.containers.model import HealthcheckConfig
from wherry.engine.runtime.fake import Life

MILLISECOND = 10**6


def check(*command: str, **rules: int) -> HealthcheckConfig:
    return HealthcheckConfig(Test=["CMD", *command], **{"Interval": MILLISECOND, "Retries": 1, **rules})


def health(daemon: Daemon, container: str) -> dict[str, Any]:
    return dict(daemon.state(container)["Health"])


def told(daemon: Daemon) -> list[str]:
    return [action for action in daemon.actions() if action.startswith("health_status")]


async def becomes(daemon: Daemon, container: str, status: str) -> dict[str, Any]:
    await wait_until(lambda: health(daemon, container)["Status"] == status)
    return health(daemon, container)


async def test_a_container_whose_check_succeeds_is_healthy(daemon: Daemon) -> None:
    container = await daemon.run(config_Healthcheck=check("echo", "fine"))
    assert daemon.containers.list()[0]["Status"].endswith("(health: starting)")
    found = await becomes(daemon, container, "healthy")
    assert (found["FailingStreak"], found["Log"][0]["ExitCode"], found["Log"][0]["Output"]) == (0, 0, "fine\n")
    assert daemon.containers.list()[0]["Status"].endswith("(healthy)")
    assert len(daemon.containers.list(filters={"health": ["healthy"]})) == 1
    assert not daemon.containers.list(filters={"health": ["none"]})
    assert told(daemon) == ["health_status: healthy"]


async def test_one_whose_check_fails_is_not_and_may_become_so(daemon: Daemon, machine: Machine) -> None:
    code = 3
    machine.tasks.program = lambda words: Life(code=code) if list(words) == ["probe"] else Life(seconds=None)
    container = await daemon.run(config_Healthcheck=check("probe"))
    assert (await becomes(daemon, container, "unhealthy"))["Log"][0]["ExitCode"] == 3
    await wait_until(lambda: health(daemon, container)["FailingStreak"] > 1)
    code = 0
    await becomes(daemon, container, "healthy")
    assert told(daemon) == ["health_status: unhealthy", "health_status: healthy"]


async def test_a_check_that_takes_too_long_is_killed_and_has_failed(daemon: Daemon, machine: Machine) -> None:
    slow = check("sleep", "60", Timeout=2 * MILLISECOND)
    container = await daemon.run(config_Healthcheck=slow)
    found = (await becomes(daemon, container, "unhealthy"))["Log"][0]
    assert (found["ExitCode"], found["Output"]) == (-1, "Health check exceeded timeout (2ms)")
    assert next(iter(machine.task(container).execs.values())).signals == [9]


async def test_a_check_that_cannot_be_run_has_failed_and_the_reason_is_kept(daemon: Daemon) -> None:
    container = await daemon.run(config_Healthcheck=check("missing"))
    found = (await becomes(daemon, container, "unhealthy"))["Log"][0]
    assert found["ExitCode"] == -1
    assert "executable file not found" in found["Output"]


async def test_of_long_output_the_beginning_is_kept(daemon: Daemon, machine: Machine) -> None:
    said = [("stdout", b"a" * 4000), ("stderr", b"b" * 4000)]
    machine.tasks.program = lambda words: Life(said) if list(words) == ["talk"] else Life(seconds=None)
    container = await daemon.run(config_Healthcheck=check("talk"))
    found = (await becomes(daemon, container, "healthy"))["Log"][0]
    assert found["Output"] == "a" * 4000 + "b" * (OUTPUT_BYTES - 4000) + "..."


async def test_checks_leave_no_descriptor_and_no_record(daemon: Daemon, machine: Machine) -> None:
    container = await daemon.run(config_Healthcheck=check("true"))
    await becomes(daemon, container, "healthy")
    before = open_descriptors()
    done = len(machine.task(container).execs)
    await wait_until(lambda: len(machine.task(container).execs) > done + 20)
    await daemon.containers.kill(container)
    assert open_descriptors() <= before
    assert daemon.containers.inspect(container)["ExecIDs"] is None


async def test_a_paused_container_is_not_checked(daemon: Daemon, machine: Machine) -> None:
    container = await daemon.run(config_Healthcheck=check("true"))
    await becomes(daemon, container, "healthy")
    await daemon.containers.pause(container)
    other = await daemon.run(config_Healthcheck=check("true"))
    done = len(machine.task(container).execs)
    await wait_until(lambda: len(machine.task(other).execs) > 10)
    assert len(machine.task(container).execs) <= done + 1  # one that was under way
    assert health(daemon, container)["Status"] == "healthy"
    await daemon.containers.unpause(container)
    await wait_until(lambda: len(machine.task(container).execs) > done + 1)


async def test_after_its_end_it_is_unhealthy_and_the_next_run_begins_anew(daemon: Daemon) -> None:
    container = await daemon.run(config_Healthcheck=check("true", Interval=50 * MILLISECOND))
    await becomes(daemon, container, "healthy")
    await daemon.containers.kill(container)
    seen = health(daemon, container)
    assert (seen["Status"], daemon.containers.list(all=True)[0]["Status"][:6]) == ("unhealthy", "Exited")
    await daemon.containers.start(container)
    assert health(daemon, container) == {"Status": "starting", "FailingStreak": 0, "Log": seen["Log"]}
    await becomes(daemon, container, "healthy")
    assert told(daemon) == ["health_status: healthy"] * 2


async def test_another_engine_goes_on_where_one_was_killed(machine: Machine) -> None:
    before = await machine.up()
    container = await before.run(config_Healthcheck=check("true"))
    await becomes(before, container, "healthy")
    await machine.crash()
    after = await machine.up()
    assert health(after, container)["Status"] == "healthy"
    done = len(machine.task(container).execs)
    await wait_until(lambda: len(machine.task(container).execs) > done)
    assert told(after) == []
    await after.close()
    machine.tasks.reboot()


@pytest.mark.parametrize("test", [None, [], ["NONE"]])
async def test_without_a_check_there_is_no_health(daemon: Daemon, test: list[str] | None) -> None:
    container = await daemon.run(config_Healthcheck=HealthcheckConfig(Test=test))
    assert "Health" not in daemon.state(container)
    assert daemon.containers.list(filters={"health": ["none"]})
