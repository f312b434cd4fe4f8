"""What clients ask of a container's life."""

import asyncio
import socket

import pytest

from tests.descriptors import open_descriptors
from tests.unit.engine.containers.harness import Daemon, Machine, wait_until
from wherry.kit.errors import Conflict, Invalid, NotFound, NotModified


async def test_a_container_runs_and_ends(daemon: Daemon) -> None:
    container = await daemon.create("exit", "7")
    assert daemon.status(container) == "created"
    waiting = daemon.containers.wait(container, "next-exit")
    await daemon.containers.start(container)
    assert (await waiting).status_code == 7
    state = daemon.state(container)
    assert (state["Status"], state["ExitCode"], state["Pid"], state["Error"]) == ("exited", 7, 0, "")
    assert state["FinishedAt"] >= state["StartedAt"] > "2"


async def test_events_come_in_dockers_order(daemon: Daemon) -> None:
    container = await daemon.run("sleep", "100", name="web")
    await daemon.containers.stop(container)
    await daemon.containers.remove(container)
    assert daemon.actions() == ["create", "start", "kill", "die", "stop", "destroy"]
    died = next(event for event in daemon.told if event.action == "die")
    assert died.attributes == {"image": "demo:1", "name": "web", "exitCode": "143", "execDuration": "0"}


async def test_labels_are_in_events(daemon: Daemon) -> None:
    await daemon.create("true", config_Labels={"a": "b"})
    assert daemon.told[-1].attributes["a"] == "b"


async def test_stop_asks_then_insists(daemon: Daemon, machine: Machine) -> None:
    container = await daemon.run("deaf")
    task = machine.task(container)
    await daemon.containers.stop(container, timeout=0)
    assert task.signals == [15, 9]
    assert daemon.state(container)["ExitCode"] == 137


@pytest.mark.parametrize(("asked", "number"), [("INT", 2), ("SIGQUIT", 3), ("10", 10)])
async def test_stop_uses_the_signal_asked_for(daemon: Daemon, machine: Machine, asked: str, number: int) -> None:
    container = await daemon.run()
    task = machine.task(container)
    await daemon.containers.stop(container, signal=asked)
    assert task.signals == [number]


async def test_stop_uses_the_container_s_signal(daemon: Daemon, machine: Machine) -> None:
    container = await daemon.run(config_StopSignal="SIGUSR1")
    task = machine.task(container)
    await daemon.containers.stop(container)
    assert task.signals == [10]


async def test_a_stopped_container_does_not_stop_again(daemon: Daemon) -> None:
    container = await daemon.run()
    await daemon.containers.stop(container)
    with pytest.raises(NotModified):
        await daemon.containers.stop(container)


async def test_start_is_once(daemon: Daemon) -> None:
    container = await daemon.run()
    with pytest.raises(NotModified):
        await daemon.containers.start(container)


async def test_it_can_be_started_again_at_once(daemon: Daemon) -> None:
    """The second start waits for the first run's clean-up, which uses the same names."""
    container = await daemon.run(PortBindings={"80/tcp": []})
    for _ in range(3):
        await daemon.containers.stop(container)
        await daemon.containers.start(container)
    assert daemon.status(container) == "running"
    ids = daemon.containers.inspect(container)["Wherry"]["UserNamespace"]["Ids"]
    assert ids == "100000:65536"


async def test_restart_stops_and_starts(daemon: Daemon) -> None:
    container = await daemon.run(AutoRemove=True)
    await daemon.containers.restart(container)
    assert daemon.status(container) == "running"
    assert daemon.actions()[2:] == ["kill", "die", "stop", "start", "restart"]


async def test_restart_starts_what_does_not_run(daemon: Daemon) -> None:
    container = await daemon.create()
    await daemon.containers.restart(container)
    assert daemon.status(container) == "running"


async def test_kill_waits_for_the_end(daemon: Daemon) -> None:
    container = await daemon.run()
    await daemon.containers.kill(container)
    assert daemon.state(container)["ExitCode"] == 137


async def test_another_signal_is_only_sent(daemon: Daemon, machine: Machine) -> None:
    container = await daemon.run()
    await daemon.containers.kill(container, "WINCH")
    assert machine.task(container).signals == [28]
    assert daemon.status(container) == "running"


async def test_kill_needs_a_running_container_and_a_signal(daemon: Daemon) -> None:
    container = await daemon.create(name="idle")
    with pytest.raises(Conflict, match=r"cannot kill container: idle: container .* is not running"):
        await daemon.containers.kill(container)
    await daemon.containers.start(container)
    with pytest.raises(Invalid, match="invalid signal: NOSUCH"):
        await daemon.containers.kill(container, "NOSUCH")


async def test_pause_and_unpause(daemon: Daemon, machine: Machine) -> None:
    container = await daemon.run()
    group = machine.group(f"/wherry-12345678/{container}")
    await daemon.containers.pause(container)
    assert daemon.status(container) == "paused"
    with pytest.raises(Conflict, match="already paused"):
        await daemon.containers.pause(container)
    with pytest.raises(Conflict, match="cannot start a paused container, try unpause instead"):
        await daemon.containers.start(container)
    await daemon.containers.unpause(container)
    assert daemon.status(container) == "running"
    with pytest.raises(Conflict, match="is not paused"):
        await daemon.containers.unpause(container)
    assert group.calls == ["freeze", "thaw"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("end", ["stop", "kill", "remove"])
async def test_a_paused_container_can_be_ended(daemon: Daemon, end: str) -> None:
    container = await daemon.run()
    await daemon.containers.pause(container)
    match end:
        case "stop":
            await daemon.containers.stop(container)
        case "kill":
            await daemon.containers.kill(container)
        case "remove":
            await daemon.containers.remove(container, force=True)
            assert not daemon.exists(container)
            return
    assert daemon.status(container) == "exited"


# Starts that fail


async def test_a_program_that_is_missing(daemon: Daemon, machine: Machine) -> None:
    container = await daemon.create("missing", PortBindings={"80/tcp": []})
    with pytest.raises(Invalid, match="executable file not found"):
        await daemon.containers.start(container)
    state = daemon.state(container)
    assert (state["Status"], state["ExitCode"]) == ("created", 127)
    assert "executable file not found" in state["Error"]
    assert not daemon.held
    assert not machine.tasks.sandboxes


async def test_a_start_that_fails_with_rm_leaves_nothing(daemon: Daemon, machine: Machine) -> None:
    container = await daemon.create("missing", AutoRemove=True)
    removed = daemon.containers.wait(container, "removed")
    with pytest.raises(Invalid):
        await daemon.containers.start(container)
    assert (await removed).status_code == 127
    assert not daemon.exists(container)
    assert not machine.directories()


async def test_a_port_that_is_taken(daemon: Daemon) -> None:
    from wherry.engine.containers.model import HostPlace

    ports = {"80/tcp": [HostPlace(HostPort="8080")]}
    await daemon.run(PortBindings=ports)
    second = await daemon.create(PortBindings=ports, AutoRemove=True)
    with pytest.raises(Conflict, match="port is already allocated"):
        await daemon.containers.start(second)
    assert not daemon.exists(second)


async def test_a_failed_start_can_be_tried_again(daemon: Daemon) -> None:
    container = await daemon.create()
    daemon.runtime.fail_spawn = OSError(12, "no memory")
    with pytest.raises(OSError, match="no memory"):
        await daemon.containers.start(container)
    assert daemon.state(container)["ExitCode"] == 128
    await daemon.containers.start(container)
    assert daemon.state(container)["ExitCode"] == 0


# Removal


async def test_a_running_container_is_removed_by_force_only(daemon: Daemon, machine: Machine) -> None:
    container = await daemon.run(name="web")
    with pytest.raises(Conflict, match='cannot remove container "/web": container is running: stop the container'):
        await daemon.containers.remove(container)
    await daemon.containers.remove(container, force=True)
    assert not daemon.exists(container)
    assert not machine.directories()
    assert not machine.tasks.tasks


async def test_rm_removes_itself_with_its_anonymous_volumes(daemon: Daemon, machine: Machine) -> None:
    container = await daemon.create("true", AutoRemove=True, Binds=["/data", "kept:/kept"])
    removed = daemon.containers.wait(container, "removed")
    await daemon.containers.start(container)
    assert (await removed).status_code == 0
    assert not daemon.exists(container)
    assert [volume.name for volume in daemon.volumes.list()] == ["kept"]
    assert [path.name for path in machine.instance.volumes.iterdir()] == ["kept"]


async def test_force_does_not_wait_for_a_patient_stop(daemon: Daemon) -> None:
    container = await daemon.run("deaf")
    stopping = asyncio.ensure_future(daemon.containers.stop(container, timeout=60))
    await asyncio.sleep(0.01)
    async with asyncio.timeout(40):
        await daemon.containers.remove(container, force=True)
        await asyncio.gather(stopping, return_exceptions=True)
    assert not daemon.exists(container)


async def test_removing_twice_at_once_removes_once(daemon: Daemon) -> None:
    container = await daemon.run()
    results = await asyncio.gather(
        *(daemon.containers.remove(container, force=True) for _ in range(3)), return_exceptions=True
    )
    assert sum(result is None for result in results) == 1
    assert all(isinstance(result, NotFound | Conflict) for result in results if result is not None)
    assert daemon.actions().count("destroy") == 1


async def test_a_shared_anonymous_volume_stays(daemon: Daemon) -> None:
    first = await daemon.create(Binds=["/data"])
    await daemon.create(VolumesFrom=[first])
    await daemon.containers.remove(first, volumes=True)
    assert len(daemon.volumes.list()) == 1


async def test_clients_that_wait_for_a_start_are_let_go_on_removal(daemon: Daemon) -> None:
    container = await daemon.create()
    ours, theirs = socket.socketpair()
    await daemon.containers.attach(container, theirs.detach())
    await daemon.containers.remove(container)
    assert ours.recv(1) == b""
    ours.close()


async def test_ids_are_free_again_after_removal(daemon: Daemon) -> None:
    first = await daemon.run()
    second = await daemon.run()

    def ids(container: str) -> str:
        return str(daemon.containers.inspect(container)["Wherry"]["UserNamespace"]["Ids"])

    assert (ids(first), ids(second)) == ("100000:65536", "165536:65536")
    await daemon.containers.remove(first, force=True)
    assert ids(await daemon.run()) == "100000:65536"


# Waiting


async def test_wait_for_what_does_not_run_is_answered_at_once(daemon: Daemon) -> None:
    container = await daemon.create()
    assert (await daemon.containers.wait(container, "not-running")).status_code == 0


async def test_next_exit_waits_for_an_exit(daemon: Daemon) -> None:
    container = await daemon.run("true")
    await wait_until(lambda: daemon.status(container) == "exited")
    waiting = daemon.containers.wait(container, "next-exit")
    await asyncio.sleep(0.01)
    assert not waiting.done()
    await daemon.containers.start(container)
    assert (await waiting).status_code == 0


async def test_waiters_that_gave_up_are_forgotten(daemon: Daemon) -> None:
    container = await daemon.run()
    for _ in range(50):
        daemon.containers.wait(container, "not-running").cancel()
    waiting = daemon.containers.wait(container, "not-running")
    await daemon.containers.kill(container)
    assert (await waiting).status_code == 137


async def test_an_unknown_condition_is_refused(daemon: Daemon) -> None:
    with pytest.raises(Invalid, match="invalid condition"):
        daemon.containers.wait(await daemon.create(), "later")


# Clients


async def test_a_client_that_attached_before_the_start_gets_all(daemon: Daemon) -> None:
    container = await daemon.create("echo", "hello")
    ours, theirs = socket.socketpair()
    await daemon.containers.attach(container, theirs.detach())
    await daemon.containers.start(container)
    await wait_until(lambda: daemon.status(container) == "exited")
    assert ours.recv(100) == b"\1\0\0\0\0\0\0\6hello\n"
    assert ours.recv(100) == b""
    ours.close()


async def test_a_client_may_ask_for_what_was_before(daemon: Daemon) -> None:
    container = await daemon.run("echo", "hello")
    await wait_until(lambda: daemon.status(container) == "exited")
    ours, theirs = socket.socketpair()
    await daemon.containers.attach(container, theirs.detach(), logs=True, stream=False)
    assert ours.recv(100) == b"\1\0\0\0\0\0\0\6hello\n"
    assert ours.recv(100) == b""
    ours.close()


async def test_a_refused_client_s_descriptor_is_closed(daemon: Daemon) -> None:
    container = await daemon.run()
    before = open_descriptors()
    ours, theirs = socket.socketpair()
    with pytest.raises(Invalid, match="detach keys"):
        await daemon.containers.attach(container, theirs.detach(), detach_keys="ctrl-?")
    ours.close()
    assert open_descriptors() == before
