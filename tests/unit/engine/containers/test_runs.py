"""A run from its begin to what comes after its end: what is written, told and cleaned, and in which order."""

import asyncio
import logging
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.unit.engine.containers.harness import Daemon, Machine, wait_until
from wherry.engine.containers.model import RestartRule, State
from wherry.engine.containers.row import Container
from wherry.engine.containers.runs import exit_code
from wherry.engine.runtime.fake import Life
from wherry.engine.runtime.model import Exit, StartFailed
from wherry.kit.errors import Invalid


def container_of(daemon: Daemon, ref: str) -> Container:
    return daemon.containers._registry.get(ref)


@pytest.mark.parametrize(
    ("failed", "code"),
    [
        (StartFailed("find program", "x", 2), 127),
        (StartFailed("execute", "x", 2), 127),
        (StartFailed("execute", "x", 13), 126),
        (StartFailed("execute", "x", 8), 126),
        (StartFailed("mount overlay", "x", 2), 128),
        (StartFailed("find user", "x"), 128),
    ],
)
def test_a_failed_start_has_the_code_that_docker_gives_it(failed: StartFailed, code: int) -> None:
    assert exit_code(failed) == code


async def test_a_run_that_begins_forgets_how_the_last_one_ended(daemon: Daemon) -> None:
    container = await daemon.run("exit", "3")
    await wait_until(lambda: daemon.status(container) == "exited")
    one = container_of(daemon, container)
    one.path, one.args, one.error, one.oom_killed = "sleep", ["100"], "old", True
    await daemon.containers.start(container)
    state = daemon.state(container)
    assert (state["ExitCode"], state["Error"], state["OOMKilled"]) == (0, "", False)
    assert state["Pid"] == daemon.machine.task(container).pid


async def test_a_program_that_is_not_there_is_told_in_dockers_words_and_noted(daemon: Daemon) -> None:
    container = await daemon.create("missing")
    waiting = daemon.containers.wait(container, "next-exit")
    with pytest.raises(Invalid, match=r"unable to start container process: exec: .* not found in \$PATH"):
        await daemon.containers.start(container)
    state = daemon.state(container)
    assert (state["Status"], state["ExitCode"], state["Pid"]) == ("created", 127, 0)
    assert "not found" in state["Error"]
    assert "not found" in (await waiting).error
    assert daemon.actions() == ["create", "die"]


async def test_any_other_failure_is_noted_as_well(daemon: Daemon) -> None:
    container = await daemon.create()
    daemon.runtime.fail_spawn = OSError(12, "Cannot allocate memory")
    with pytest.raises(OSError, match="Cannot allocate memory"):
        await daemon.containers.start(container)
    assert daemon.state(container)["ExitCode"] == 128
    await daemon.containers.start(container)
    assert daemon.state(container)["Error"] == ""


async def test_an_end_is_in_the_row_before_anybody_hears_of_it(
    daemon: Daemon, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    container = await daemon.run()
    seen: list[tuple[str, str]] = []

    def told(one: Container, action: str, **_: str) -> None:
        row = daemon.database.execute("SELECT document FROM containers")[0][0]
        seen.append((action, "exited" if b'"state":"exited"' in row else "other"))

    monkeypatch.setattr(type(daemon.containers._around), "tell", lambda self, *args, **more: told(*args, **more))
    waiting = daemon.containers.wait(container, "not-running")
    machine.task(container).end(5)
    assert (await waiting).status_code == 5
    assert seen == [("die", "exited")]


async def test_who_waits_is_answered_before_the_kernel_is_cleaned(
    daemon: Daemon, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    container = await daemon.run()
    go_on = asyncio.Event()

    async def slow(*_: Any) -> None:
        await go_on.wait()

    monkeypatch.setattr(daemon.runtime, "clean", slow)
    waiting = daemon.containers.wait(container, "not-running")
    machine.task(container).end(0)
    assert (await waiting).status_code == 0
    live = daemon.containers._registry.live(container_of(daemon, container))
    assert not live.settled.is_set()
    starting = asyncio.create_task(daemon.containers.start(container))
    await asyncio.sleep(0)
    assert not starting.done()  # the names of the run before are still in use
    go_on.set()
    await starting
    assert daemon.status(container) == "running"


async def test_a_clean_up_that_fails_keeps_nobody_waiting(
    daemon: Daemon, machine: Machine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    container = await daemon.run()

    async def broken(*_: Any) -> None:
        raise OSError(16, "Device or resource busy")

    monkeypatch.setattr(daemon.runtime, "clean", broken)
    machine.task(container).end(0)
    await wait_until(lambda: daemon.containers._registry.live(container_of(daemon, container)).settled.is_set())
    assert "cleaning up after its end" in caplog.text


async def test_an_end_for_want_of_memory_is_told_as_one(daemon: Daemon, machine: Machine) -> None:
    container = await daemon.run()
    machine.task(container).end(137, oom_killed=True)
    await wait_until(lambda: daemon.status(container) == "exited")
    assert daemon.state(container)["OOMKilled"]
    assert daemon.actions()[-2:] == ["oom", "die"]


async def test_volumes_are_told_to_be_mounted_and_unmounted(daemon: Daemon, machine: Machine) -> None:
    container = await daemon.run(Binds=["data:/data:ro", "/tmp:/host"])
    machine.task(container).end(0)
    await wait_until(lambda: daemon.actions("volume")[-1] == "unmount")
    assert daemon.actions("volume") == ["create", "mount", "unmount"]
    mounted = next(event for event in daemon.told if event.action == "mount")
    assert mounted.actor == "data"
    assert mounted.attributes == {
        "container": container,
        "destination": "/data",
        "driver": "local",
        "propagation": "",
        "read/write": "false",
    }


async def test_a_published_port_is_free_after_the_end(daemon: Daemon, machine: Machine) -> None:
    container = await daemon.run(PortBindings={"80/tcp": []})
    assert daemon.held
    machine.task(container).end(0)
    await wait_until(lambda: not daemon.held)


async def test_how_long_it_ran_is_never_less_than_nothing(daemon: Daemon) -> None:
    container = await daemon.create("sleep", "100")
    one = container_of(daemon, container)
    one.state, one.started = State.RUNNING, 10**19  # the clock was set back
    await daemon.containers._lifecycle._runs.ended(one, Exit(0, 10**18))
    assert daemon.told[-1].attributes["execDuration"] == "0"


async def test_rm_removes_it_unless_somebody_is_about_to_start_it_again(daemon: Daemon, machine: Machine) -> None:
    container = await daemon.run(AutoRemove=True)
    await daemon.containers.restart(container)
    assert daemon.exists(container)
    machine.task(container).end(0)
    await wait_until(lambda: not daemon.exists(container))


async def test_a_restart_counts_and_a_second_one_is_not_begun_beside_it(daemon: Daemon, machine: Machine) -> None:
    container = await daemon.run(RestartPolicy=RestartRule(Name="always"))
    machine.task(container).end(1)
    await wait_until(lambda: daemon.status(container) == "restarting")
    one = container_of(daemon, container)
    runs = daemon.containers._lifecycle._runs
    live = daemon.containers._registry.live(one)
    await wait_until(lambda: live.restart is not None)
    first = live.restart
    runs.restart_after(one, 0)
    assert live.restart is first
    await wait_until(lambda: daemon.status(container) == "running")
    assert (one.restarts, one.failures, live.restart) == (1, 1, None)


async def test_an_end_that_cannot_be_written_down_does_not_end_the_engine(
    daemon: Daemon, machine: Machine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    container = await daemon.run()
    caplog.set_level(logging.ERROR)
    with monkeypatch.context() as patch:

        def full(_: Container) -> None:
            raise OSError(28, "No space left on device")

        patch.setattr(daemon.containers._registry, "save", full)
        machine.task(container).end(0)
        await wait_until(lambda: "after its end" in caplog.text)
    assert await daemon.run()


async def test_what_another_daemon_started_is_followed(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    first = await machine.up()
    container = await first.run()
    await machine.crash()
    second = await machine.up()
    waiting = second.containers.wait(container, "next-exit")
    machine.task(container).end(9)
    assert (await waiting).status_code == 9
    assert second.actions() == ["die"]  # its start was told by another
    await second.close()


async def test_clients_that_wait_for_a_start_are_let_go_when_it_fails(daemon: Daemon, machine: Machine) -> None:
    machine.tasks.program = lambda _: Life(failure=StartFailed("execute", "permission denied", 13))
    container = await daemon.create()
    ours, theirs = socket.socketpair()
    ours.settimeout(60)
    await daemon.containers.attach(container, theirs.detach())
    with pytest.raises(Invalid, match="permission denied"):
        await daemon.containers.start(container)
    assert daemon.state(container)["ExitCode"] == 126
    assert ours.recv(1) == b""
    ours.close()
