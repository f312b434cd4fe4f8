"""What a daemon finds when it comes back, whenever and however its predecessor ended."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.engine.containers.harness import Daemon, Machine, wait_until
from wherry.engine.containers.model import RestartRule

ALWAYS, UNLESS, ON_FAILURE = (RestartRule(Name=name) for name in ("always", "unless-stopped", "on-failure"))


@pytest.fixture
async def machine(tmp_path: Path) -> AsyncIterator[Machine]:
    machine = Machine(tmp_path)
    yield machine
    await machine.daemons[-1].close()
    machine.tasks.reboot()


async def test_running_containers_are_found_again(machine: Machine) -> None:
    before = await machine.up()
    container = await before.run(name="web")
    pid = before.state(container)["Pid"]
    await machine.crash()
    after = await machine.up()
    assert after.state("web")["Pid"] == pid
    await after.containers.stop(container)
    assert after.state("web")["ExitCode"] == 143


async def test_what_ended_meanwhile_has_its_exit_code(machine: Machine) -> None:
    container = await (await machine.up()).run()
    await machine.crash()
    machine.task(container).end(7)
    after = await machine.up()
    assert (after.status(container), after.state(container)["ExitCode"]) == ("exited", 7)
    assert container in machine.tasks.cleaned
    assert after.actions() == ["die"]


async def test_after_a_reboot_nothing_runs(machine: Machine) -> None:
    container = await (await machine.up()).run()
    machine.tasks.reboot()
    await machine.crash()
    after = await machine.up()
    state = after.state(container)
    assert (state["Status"], state["ExitCode"]) == ("exited", 255)
    assert state["Error"]


@pytest.mark.parametrize("policy", [ALWAYS, UNLESS, ON_FAILURE])
async def test_after_a_reboot_policies_start_containers_again(machine: Machine, policy: RestartRule) -> None:
    container = await (await machine.up()).run(RestartPolicy=policy)
    machine.tasks.reboot()
    await machine.crash()
    after = await machine.up()
    await wait_until(lambda: after.status(container) == "running")


async def test_a_paused_container_stays_paused(machine: Machine) -> None:
    before = await machine.up()
    container = await before.run()
    await before.containers.pause(container)
    await machine.crash()
    after = await machine.up()
    assert after.status(container) == "paused"
    await after.containers.unpause(container)
    assert after.status(container) == "running"


async def test_a_container_that_waited_for_its_restart_gets_it(machine: Machine) -> None:
    before = await machine.up()
    container = await before.run(RestartPolicy=ALWAYS)
    machine.task(container).end(1)
    await wait_until(lambda: before.status(container) == "restarting")
    await machine.crash()
    after = await machine.up()
    await wait_until(lambda: after.status(container) == "running")


@pytest.mark.parametrize(
    ("policy", "comes_back"), [(ALWAYS, True), (UNLESS, True), (ON_FAILURE, True), (RestartRule(), False)]
)
async def test_down_and_up_again(machine: Machine, policy: RestartRule, comes_back: bool) -> None:
    before = await machine.up()
    container = await before.run("deaf", RestartPolicy=policy, config_StopTimeout=0)
    await before.containers.shut_down()
    assert before.status(container) == "exited"
    assert not machine.tasks.tasks
    await before.close()
    after = await machine.up()
    assert (after.status(container) == "running") == comes_back


@pytest.mark.parametrize(("policy", "comes_back"), [(ALWAYS, True), (UNLESS, False), (ON_FAILURE, False)])
async def test_what_a_user_stopped(machine: Machine, policy: RestartRule, comes_back: bool) -> None:
    before = await machine.up()
    container = await before.run(RestartPolicy=policy)
    await before.containers.stop(container)
    await before.close()
    after = await machine.up()
    assert (after.status(container) == "running") == comes_back


async def test_a_created_container_is_not_started(machine: Machine) -> None:
    container = await (await machine.up()).create(RestartPolicy=ALWAYS)
    await machine.crash()
    assert (await machine.up()).status(container) == "created"


async def test_rm_is_done_for_what_ended_meanwhile(machine: Machine) -> None:
    container = await (await machine.up()).run(AutoRemove=True, Binds=["/data"])
    await machine.crash()
    machine.task(container).end(0)
    after = await machine.up()
    assert not after.exists(container)
    assert not machine.directories()
    assert not after.volumes.list()


async def test_down_removes_what_is_to_be_removed(machine: Machine) -> None:
    before = await machine.up()
    await before.run(AutoRemove=True)
    await before.containers.shut_down()
    assert not machine.directories()


async def test_directories_without_a_row_go(machine: Machine) -> None:
    (machine.instance.containers / ("f" * 64) / "upper" / "deep").mkdir(parents=True)
    (machine.instance.volumes / "stray" / "_data").mkdir(parents=True)
    await machine.up()
    assert not machine.directories()
    assert not list(machine.instance.volumes.iterdir())


async def test_published_ports_are_held_again(machine: Machine) -> None:
    before = await machine.up()
    container = await before.run(PortBindings={"80/tcp": []})
    ports = before.containers.inspect(container)["NetworkSettings"]["Ports"]
    assert ports["80/tcp"]
    await machine.crash()
    after = await machine.up()
    assert after.containers.inspect(container)["NetworkSettings"]["Ports"] == ports
    assert after.held


async def test_ids_stay_with_their_container(machine: Machine) -> None:
    before = await machine.up()
    first, second = await before.run(), await before.run()
    await before.containers.remove(first, force=True)
    await machine.crash()
    after = await machine.up()
    third = await after.run()

    def ids(ref: str) -> str:
        return str(after.containers.inspect(ref)["Wherry"]["UserNamespace"]["Ids"])

    assert (ids(second), ids(third)) == ("165536:65536", "100000:65536")


async def test_a_policy_that_cannot_be_obeyed_does_not_keep_the_engine_from_starting(machine: Machine) -> None:
    before = await machine.up()
    container = await before.run(RestartPolicy=ALWAYS)
    await before.containers.shut_down()
    await before.close()
    daemon = Daemon(machine)
    machine.daemons.append(daemon)
    await daemon.networks.start()
    daemon.runtime.fail_spawn = OSError(12, "no memory")
    await daemon.containers.start_up()
    assert "no memory" in daemon.state(container)["Error"]
