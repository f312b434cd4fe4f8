"""Further processes in a running container."""

import socket
from typing import Any

import pytest

from tests.descriptors import open_descriptors
from tests.unit.engine.containers.harness import Daemon, Machine, wait_until
from tests.unit.engine.containers.rows import row
from wherry.engine.containers.execs import process
from wherry.engine.containers.model import Config, ExecConfig, HostConfig
from wherry.engine.containers.row import PodPart
from wherry.kit.errors import Conflict, Invalid, NotFound


async def prepared(daemon: Daemon, *command: str, **fields: Any) -> str:
    container = await daemon.run()
    return await daemon.containers.exec_create(container, ExecConfig(Cmd=list(command), **fields))


async def test_an_exec_runs_and_its_end_is_kept(daemon: Daemon) -> None:
    name = await prepared(daemon, "exit", "3")
    before = daemon.containers.exec_inspect(name)
    assert (before["Running"], before["ExitCode"], before["Pid"]) == (False, None, 0)
    await daemon.containers.exec_start(name, None)
    await wait_until(lambda: daemon.containers.exec_inspect(name)["ExitCode"] == 3)
    after = daemon.containers.exec_inspect(name)
    assert (after["Running"], after["CanRemove"]) == (False, True)
    assert daemon.actions()[-3:] == ["exec_create: exit 3", "exec_start: exit 3", "exec_die"]


async def test_who_asks_at_once_for_the_exit_code_gets_it(daemon: Daemon, machine: Machine) -> None:
    """The docker command takes one that is not there for 0, and asks when its stream has ended."""
    name = await prepared(daemon, "server")
    await daemon.containers.exec_start(name, None)
    (task,) = machine.tasks.tasks.values()
    assert daemon.containers.exec_inspect(name)["Running"]
    task.execs[name].end(3)
    found = daemon.containers.exec_inspect(name)
    assert (found["ExitCode"], found["Running"], found["CanRemove"]) == (3, False, True)


async def test_a_client_gets_its_output_and_then_the_end(daemon: Daemon) -> None:
    name = await prepared(daemon, "echo", "hello", AttachStdout=True)
    ours, theirs = socket.socketpair()
    await daemon.containers.exec_start(name, theirs.detach())
    await wait_until(lambda: daemon.containers.exec_inspect(name)["ExitCode"] == 0)
    assert ours.recv(100) == b"\1\0\0\0\0\0\0\6hello\n"
    assert ours.recv(100) == b""
    ours.close()


async def test_a_running_exec_is_shown_and_resized(daemon: Daemon, machine: Machine) -> None:
    name = await prepared(daemon, "server")
    with pytest.raises(Conflict, match="is not running"):
        await daemon.containers.exec_resize(name, 24, 80)
    await daemon.containers.exec_start(name, None)
    await daemon.containers.exec_resize(name, 24, 80)
    (task,) = machine.tasks.tasks.values()
    assert task.execs[name].sizes == [(24, 80)]
    assert daemon.containers.inspect(task.id)["ExecIDs"] == [name]


async def test_it_ends_with_its_container(daemon: Daemon) -> None:
    name = await prepared(daemon, "server")
    await daemon.containers.exec_start(name, None)
    await daemon.containers.kill(daemon.containers.exec_inspect(name)["ContainerID"])
    await wait_until(lambda: daemon.containers.exec_inspect(name)["ExitCode"] == 137)


async def test_it_starts_once(daemon: Daemon) -> None:
    name = await prepared(daemon, "server")
    await daemon.containers.exec_start(name, None)
    with pytest.raises(Conflict, match="is already running"):
        await daemon.containers.exec_start(name, None)
    other = await prepared(daemon, "true")
    await daemon.containers.exec_start(other, None)
    await wait_until(lambda: daemon.containers.exec_inspect(other)["ExitCode"] == 0)
    with pytest.raises(Conflict, match="has already run"):
        await daemon.containers.exec_start(other, None)


async def test_a_program_that_is_missing_is_127(daemon: Daemon) -> None:
    name = await prepared(daemon, "missing")
    with pytest.raises(Invalid, match=r"OCI runtime exec failed: .*executable file not found"):
        await daemon.containers.exec_start(name, None)
    assert daemon.containers.exec_inspect(name)["ExitCode"] == 127


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (ExecConfig(), "No exec command specified"),
        (ExecConfig(Cmd=["x"], User="-1"), "invalid user"),
        (ExecConfig(Cmd=["x"], Env=["=x"]), "invalid environment variable"),
        (ExecConfig(Cmd=["x"], WorkingDir="x"), "needs to be an absolute path"),
        (ExecConfig(Cmd=["x"], DetachKeys="ctrl-?"), "Invalid detach keys"),
    ],
)
async def test_what_cannot_be_run_is_refused(daemon: Daemon, config: ExecConfig, words: str) -> None:
    container = await daemon.run()
    with pytest.raises(Invalid, match=words):
        await daemon.containers.exec_create(container, config)


async def test_a_container_that_does_not_run_has_no_further_processes(daemon: Daemon) -> None:
    container = await daemon.create()
    with pytest.raises(Conflict, match="is not running"):
        await daemon.containers.exec_create(container, ExecConfig(Cmd=["x"]))
    await daemon.containers.start(container)
    await daemon.containers.pause(container)
    with pytest.raises(Conflict, match="is paused, unpause the container before exec"):
        await daemon.containers.exec_create(container, ExecConfig(Cmd=["x"]))


async def test_a_client_s_descriptor_is_taken_over_in_any_case(daemon: Daemon) -> None:
    name = await prepared(daemon, "missing", AttachStdout=True)
    before = open_descriptors()
    for exec_id in ("nobody", name):
        ours, theirs = socket.socketpair()
        with pytest.raises((NotFound, Invalid)):
            await daemon.containers.exec_start(exec_id, theirs.detach())
        ours.close()
    assert open_descriptors() == before


def test_an_exec_is_the_container_s_process_with_what_is_asked_for_instead() -> None:
    container = row(
        config=Config(User="me", WorkingDir="/work", Env=["A=1", "B=2"], Hostname="box"),
        host=HostConfig(SecurityOpt=["no-new-privileges"], OomScoreAdj=5, GroupAdd=["7", "staff"]),
    )
    plain = process(container, ExecConfig(Cmd=["x"]), ["CAP_CHOWN"])
    assert (plain["cwd"], plain["user"]) == ("/work", {"username": "me", "additionalGids": [7, "staff"]})
    assert (plain["noNewPrivileges"], plain["oomScoreAdj"], plain["terminal"]) == (True, 5, False)
    other = process(container, ExecConfig(Cmd=["x"], User="0", WorkingDir="/", Env=["A=3"], Tty=True), [])
    assert (other["cwd"], other["user"]["username"]) == ("/", "0")
    assert {"A=3", "B=2", "TERM=xterm", "HOSTNAME=box"} <= set(other["env"])
    assert "A=1" not in other["env"]


def test_in_a_pod_the_pod_says_whether_groups_of_the_image_count() -> None:
    """Those of its own user: who comes as another has what is usual."""
    part = PodPart(sandbox="box", name="c", image_groups=False)
    container = row(config=Config(User="me"), host=HostConfig(), pod=part)
    assert process(container, ExecConfig(), [])["user"]["groupsOfImage"] is False
    assert "groupsOfImage" not in process(container, ExecConfig(User="0"), [])["user"]


async def test_its_end_can_be_waited_for_and_hastened(daemon: Daemon) -> None:
    name = await prepared(daemon, "server")
    await daemon.containers._execs.kill(name)  # has not begun
    await daemon.containers.exec_start(name, None)
    await daemon.containers._execs.kill(name)
    assert await daemon.containers._execs.wait(name) == 137
    await daemon.containers._execs.kill(name)
