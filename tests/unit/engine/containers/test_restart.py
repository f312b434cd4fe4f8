"""Docker's restart policies, as decisions and as they are lived."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.engine.containers.harness import Daemon, Machine, wait_until
from wherry.engine.containers import restart
from wherry.engine.containers.model import HostPlace, RestartRule
from wherry.engine.containers.restart import End, at_start, delay_seconds
from wherry.engine.runtime.fake import Life

POLICIES = st.builds(
    RestartRule,
    Name=st.sampled_from(["", "no", "always", "unless-stopped", "on-failure"]),
    MaximumRetryCount=st.integers(0, 5),
)
ENDS = st.builds(
    End,
    exit_code=st.integers(0, 255),
    stopped_by_user=st.booleans(),
    restarts=st.integers(0, 100),
    failures=st.integers(0, 1000),
)


@given(POLICIES, ENDS)
def test_a_delay_is_within_its_bounds(policy: RestartRule, end: End) -> None:
    delay = delay_seconds(policy, end)
    assert delay is None or restart.FIRST_DELAY_SECONDS <= delay <= restart.LONGEST_DELAY_SECONDS


@given(POLICIES, ENDS)
def test_what_a_user_stopped_stays_stopped(policy: RestartRule, end: End) -> None:
    assert delay_seconds(policy, End(end.exit_code, True, end.restarts, end.failures)) is None


@given(POLICIES, ENDS)
def test_the_engine_s_start_does_not_start_what_an_end_would_not_restart(policy: RestartRule, end: End) -> None:
    """Except for ``always``, which forgets that a user stopped it."""
    if at_start(policy, end) and policy.Name != "always":
        assert delay_seconds(policy, end) is not None


@given(st.integers(0, 30))
def test_the_delay_doubles(failures: int) -> None:
    always = RestartRule(Name="always")
    now, then = delay_seconds(always, End(0, failures=failures)), delay_seconds(always, End(0, failures=failures + 1))
    assert now is not None and then is not None
    assert then == min(2 * now, restart.LONGEST_DELAY_SECONDS)


@given(st.integers(0, 10), st.integers(0, 10))
def test_on_failure_gives_up_after_its_number_of_restarts(most: int, restarts: int) -> None:
    policy = RestartRule(Name="on-failure", MaximumRetryCount=most)
    assert (delay_seconds(policy, End(1, restarts=restarts)) is None) == (0 < most <= restarts)
    assert delay_seconds(policy, End(0, restarts=restarts)) is None


# Lived


async def test_it_runs_again_after_an_end(daemon: Daemon, machine: Machine) -> None:
    container = await daemon.run(RestartPolicy=RestartRule(Name="always"))
    machine.task(container).end(3)
    await wait_until(lambda: daemon.status(container) == "restarting")
    assert daemon.state(container)["Running"]
    await wait_until(lambda: daemon.status(container) == "running")
    assert daemon.containers.inspect(container)["RestartCount"] == 1


async def test_on_failure_ends_with_the_last_failure(daemon: Daemon) -> None:
    container = await daemon.run("exit", "3", RestartPolicy=RestartRule(Name="on-failure", MaximumRetryCount=1))
    waiting = daemon.containers.wait(container, "not-running")
    assert (await waiting).status_code == 3
    assert daemon.containers.inspect(container)["RestartCount"] == 1
    assert daemon.status(container) == "exited"


async def test_success_is_not_restarted(daemon: Daemon) -> None:
    container = await daemon.run("true", RestartPolicy=RestartRule(Name="on-failure"))
    await wait_until(lambda: daemon.status(container) == "exited")


@pytest.mark.parametrize("how", ["stop", "kill", "remove", "start"])
async def test_a_wish_ends_the_wait_for_a_restart(daemon: Daemon, machine: Machine, how: str) -> None:
    container = await daemon.run(RestartPolicy=RestartRule(Name="always"))
    machine.task(container).end(3)
    await wait_until(lambda: daemon.status(container) == "restarting")
    match how:
        case "stop":
            waiting = daemon.containers.wait(container, "not-running")
            await daemon.containers.stop(container)
            assert (await waiting).status_code == 3
            assert daemon.status(container) == "exited"
        case "kill":
            with pytest.raises(Exception, match="is not running"):
                await daemon.containers.kill(container)
        case "remove":
            await daemon.containers.remove(container, force=True)
            assert not daemon.exists(container)
        case "start":
            await daemon.containers.start(container)
            assert daemon.status(container) == "running"
            assert daemon.containers.inspect(container)["RestartCount"] == 0
    await asyncio.sleep(0.15)
    if how == "stop":
        assert not machine.tasks.tasks


async def test_a_killed_container_stays_dead(daemon: Daemon) -> None:
    container = await daemon.run(RestartPolicy=RestartRule(Name="always"))
    await daemon.containers.kill(container)
    assert daemon.status(container) == "exited"


async def test_a_restart_that_fails_is_tried_again(daemon: Daemon, machine: Machine) -> None:
    container = await daemon.run(RestartPolicy=RestartRule(Name="always"))
    daemon.runtime.fail_spawn = OSError(12, "no memory")
    machine.task(container).end(0)
    await wait_until(lambda: daemon.state(container)["Error"])
    await wait_until(lambda: daemon.status(container) == "running")
    assert daemon.state(container)["Error"] == ""


async def test_a_port_lost_meanwhile_is_taken_again_when_it_is_free(daemon: Daemon, machine: Machine) -> None:
    ports = {"80/tcp": [HostPlace(HostPort="8080")]}
    container = await daemon.run(RestartPolicy=RestartRule(Name="always"), PortBindings=ports)
    machine.task(container).end(1)
    await wait_until(lambda: daemon.status(container) == "restarting" and not daemon.held)
    other = await daemon.run(PortBindings=ports)
    await wait_until(lambda: "already allocated" in daemon.state(container)["Error"])
    await daemon.containers.remove(other, force=True)
    await wait_until(lambda: daemon.status(container) == "running")


async def test_a_steady_run_begins_the_delays_anew(daemon: Daemon, machine: Machine) -> None:
    container = await daemon.run(RestartPolicy=RestartRule(Name="always"))
    row = daemon.containers._registry.get(container)
    row.failures = 7
    row.started -= 11_000_000_000
    machine.task(container).end(0)
    await wait_until(lambda: daemon.status(container) == "running" and row.failures == 1)


async def test_rm_and_a_policy_exclude_each_other(daemon: Daemon) -> None:
    with pytest.raises(Exception, match="can't create 'AutoRemove' container with restart policy"):
        await daemon.create(AutoRemove=True, RestartPolicy=RestartRule(Name="always"))


async def test_a_program_that_ends_before_its_start_is_noted(daemon: Daemon, machine: Machine) -> None:
    machine.tasks.program = lambda arguments: Life(seconds=0.0, code=9)
    container = await daemon.run("anything")
    await wait_until(lambda: daemon.state(container)["ExitCode"] == 9)
