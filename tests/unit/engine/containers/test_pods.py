"""Containers that share a sandbox, on an imagined machine."""

import asyncio
import os
import socket
from typing import Any

import pytest

from tests.descriptors import open_descriptors
from tests.unit.engine.containers.harness import Daemon, Machine, image, wait_until
from wherry.engine.containers.creation import Request
from wherry.engine.containers.model import Config, ExecConfig, HealthcheckConfig, HostConfig, NetworkingConfig, State
from wherry.engine.containers.row import Container, MountPoint, PodPart
from wherry.engine.sandboxes import PodSandbox, Wanted
from wherry.kit.errors import Conflict, Invalid, NotFound, Unavailable

CGROUP = "kubepods/burstable/podx"


@pytest.fixture
async def sandbox(daemon: Daemon) -> PodSandbox:
    wanted = Wanted("box", "host", CGROUP, lambda address: {"hosts": "x"}, mapped=True)
    return await daemon.containers.pods.sandboxes.start(wanted)


def made(daemon: Daemon, sandbox: PodSandbox, *command: str, name: str = "one", **fields: Any) -> Container:
    part = PodPart(sandbox=sandbox.id, name="c", attempt=2, labels={"a": "b"}, annotations={"c": "d"})
    config = Config(Image="demo:1", Cmd=list(command) or None)
    host = HostConfig(CgroupParent=CGROUP)
    return daemon.containers.pods.create(Request(config, host, NetworkingConfig(), name, pod=part, **fields))


async def running(daemon: Daemon, sandbox: PodSandbox, *command: str, **fields: Any) -> Container:
    container = made(daemon, sandbox, *command, **fields)
    await daemon.containers.pods.start(container.id)
    return container


async def test_it_gets_what_is_the_sandboxs(daemon: Daemon, machine: Machine, sandbox: PodSandbox) -> None:
    container = await running(daemon, sandbox, "server")
    assert (container.mapped, container.ids, container.config.Hostname) == (True, sandbox.ids, "host")
    task = machine.task(container.id)
    config = task.spec.config
    assert config["linux"]["cgroupsPath"] == f"/wherry-12345678/{CGROUP}/{container.id}"
    assert config["linux"]["sysctl"] == {}, "they are the sandbox's"
    sources = {mount["destination"]: mount for mount in config["mounts"]}
    for path in ("/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/dev/shm"):
        name = path.rpartition("/")[2]
        assert sources[path]["source"] == f"/pins/{sandbox.id}/{name}"
        assert "idmap" not in sources[path]["options"]
    assert daemon.networks.endpoint(container.id) is None
    pods = daemon.containers.pods
    assert pods.of(sandbox.id) == [container] == list(pods) and pods.of("other") == []
    assert pods.get(container.id) is container and pods.named("one") is container and pods.named("x") is None
    assert pods.log(container) == machine.instance.containers / container.id / "container.log"


async def test_its_image_s_health_check_is_not_run(daemon: Daemon, sandbox: PodSandbox) -> None:
    container = made(daemon, sandbox, "server")
    container.config.Healthcheck = HealthcheckConfig(Test=["CMD", "true"], Interval=1)
    await daemon.containers.pods.start(container.id)
    assert container.health is None, "the pod has probes instead"


async def test_the_second_joins_what_the_first_has(daemon: Daemon, sandbox: PodSandbox) -> None:
    isolations = []
    spawn = daemon.runtime.spawn

    async def noted(isolation: Any) -> Any:
        isolations.append(isolation)
        return await spawn(isolation)

    daemon.runtime.spawn = noted  # type: ignore[method-assign]
    await running(daemon, sandbox, "server")
    assert not isolations
    await running(daemon, sandbox, "server", name="two")
    assert [one.join_network is not None for one in isolations] == [True]


async def test_mounts_are_those_given_and_the_images_volumes(
    daemon: Daemon, machine: Machine, sandbox: PodSandbox
) -> None:
    machine.images.images["sha256:" + "2" * 64] = image("vol:1", 2, cmd=["wait"], volumes={"/v": {}})
    given = [
        MountPoint(kind="bind", destination="/mapped", source="/tmp", options=["rbind"]),
        MountPoint(kind="bind", destination="/plain", source="/tmp", mapped=False, options=["rbind"]),
    ]
    part = PodPart(sandbox=sandbox.id, name="c")
    request = Request(Config(Image="vol:1"), HostConfig(), NetworkingConfig(), "vol", pod=part, mounts=given)
    container = daemon.containers.pods.create(request)
    await daemon.containers.pods.start(container.id)
    options = {mount["destination"]: mount["options"] for mount in machine.task(container.id).spec.config["mounts"]}
    assert "idmap" in options["/mapped"] and "idmap" not in options["/plain"] and "/v" in options
    await daemon.containers.pods.remove(container.id)
    assert not os.listdir(machine.instance.volumes)


async def test_images_that_are_mounted_are_in_use(daemon: Daemon, sandbox: PodSandbox) -> None:
    mounted = MountPoint(kind="image", destination="/i", source="sha256:other")
    container = made(daemon, sandbox, mounts=[mounted])
    assert [use.container_id for use in daemon.containers.image_users("sha256:other")] == [container.id]


async def test_one_of_no_pod_is_not_found_here(daemon: Daemon) -> None:
    container = await daemon.create(name="plain")
    with pytest.raises(NotFound):
        daemon.containers.pods.get(container)
    assert daemon.containers.pods.named("plain") is None
    assert list(daemon.containers.pods) == []


async def test_without_its_sandbox_there_is_none(daemon: Daemon, machine: Machine, sandbox: PodSandbox) -> None:
    container = made(daemon, sandbox)
    machine.pins.reboot()
    machine.tasks.end_daemon()
    with pytest.raises(Unavailable, match="not ready"):
        await daemon.containers.pods.start(container.id)
    await daemon.containers.pods.sandboxes.remove(sandbox.id)
    with pytest.raises(NotFound, match="No such sandbox"):
        made(daemon, sandbox, name="late")
    assert machine.directories() == {container.id}


async def test_a_start_that_fails_is_an_end(daemon: Daemon, sandbox: PodSandbox) -> None:
    container = made(daemon, sandbox, "missing")
    with pytest.raises(Invalid, match="executable file not found"):
        await daemon.containers.pods.start(container.id)
    assert (container.state, container.exit_code) == (State.CREATED, 127)
    assert container.finished >= container.created


async def test_starts_stops_and_removals_are_done_once(daemon: Daemon, sandbox: PodSandbox) -> None:
    container, pods = await running(daemon, sandbox, "deaf"), daemon.containers.pods
    await pods.start(container.id)
    for _ in range(2):
        await pods.stop(container.id, 0.01)
    assert container.exit_code == 137
    other = await running(daemon, sandbox, "server", name="two")
    await pods.stop(other.id, 0, "KILL")
    assert other.exit_code == 137
    await asyncio.gather(*(pods.remove(other.id) for _ in range(3)))
    await pods.remove(other.id)
    assert list(pods) == [container]


async def test_ids_stay_the_sandboxs_when_a_container_goes(daemon: Daemon, sandbox: PodSandbox) -> None:
    container = await running(daemon, sandbox, "server")
    await daemon.containers.pods.remove(container.id)
    plain = await daemon.run()
    assert daemon.containers.inspect(plain)["Wherry"]["UserNamespace"]["Ids"] != f"{sandbox.ids}:65536"


async def test_ids_that_a_container_has_joined_are_not_given_away(daemon: Daemon, sandbox: PodSandbox) -> None:
    first = await running(daemon, sandbox, "server")
    joined = await daemon.run("server", NetworkMode=f"container:{first.id}")
    await daemon.containers.pods.remove(first.id)
    await daemon.containers.pods.sandboxes.remove(sandbox.id)
    plain = await daemon.run()
    assert daemon.containers.inspect(plain)["Wherry"]["UserNamespace"]["Ids"] != f"{sandbox.ids}:65536"
    await daemon.containers.remove(joined, force=True)
    plain = await daemon.run()
    assert daemon.containers.inspect(plain)["Wherry"]["UserNamespace"]["Ids"] == f"{sandbox.ids}:65536"


async def test_limits_change(daemon: Daemon, machine: Machine, sandbox: PodSandbox) -> None:
    container = await running(daemon, sandbox, "server")
    await daemon.containers.pods.limit(container.id, HostConfig(Memory=7), {"memory": {"limit": 7}})
    group = machine.groups[f"/wherry-12345678/{CGROUP}/{container.id}"]
    assert group.calls == [{"memory": {"limit": 7}}]
    assert container.host.Memory == 7
    assert daemon.actions()[-1] == "update"


async def test_figures_are_of_what_runs(daemon: Daemon, sandbox: PodSandbox) -> None:
    container = await running(daemon, sandbox, "server")
    figures = daemon.containers.pods.figures(container.id)
    assert figures is not None and figures.cpu.total_nanoseconds == 7
    ending = asyncio.create_task(daemon.containers.pods.ended(container.id))
    await daemon.containers.pods.stop(container.id, 0, "KILL")
    assert await ending == 137
    assert daemon.containers.pods.figures(container.id) is None


async def test_prune_leaves_it_alone_while_its_sandbox_is_there(daemon: Daemon, sandbox: PodSandbox) -> None:
    container = await running(daemon, sandbox, "true")
    await wait_until(lambda: container.state is State.EXITED)
    assert (await daemon.containers.prune({})).ids == []
    await daemon.containers.pods.sandboxes.remove(sandbox.id)
    assert (await daemon.containers.prune({})).ids == [container.id]


async def test_docker_is_told_whose_network_it_is_on(daemon: Daemon, sandbox: PodSandbox) -> None:
    container = await running(daemon, sandbox, "server")
    shown = daemon.containers.inspect(container.id)
    assert shown["HostConfig"]["NetworkMode"] == f"container:{sandbox.id}"
    assert shown["NetworkSettings"]["Networks"] == {}
    assert daemon.containers.list()[0]["Names"] == ["/one"]


async def test_another_daemon_finds_it_with_all_that_was_said(
    machine: Machine, daemon: Daemon, sandbox: PodSandbox
) -> None:
    runs = await running(daemon, sandbox, "server")
    await machine.crash()
    daemon.database.close()
    after = (await machine.up()).containers.pods
    found = after.get(runs.id)
    assert found.pod == runs.pod and found.state is State.RUNNING
    await after.stop(runs.id, 0, "KILL")
    await after.sandboxes.close()
    await machine.daemons[-1].close()
    machine.daemons.append(Daemon(machine))


# Streams


def pair() -> tuple[socket.socket, int]:
    ours, theirs = socket.socketpair()
    return ours, theirs.detach()


async def test_a_command_runs_in_it(daemon: Daemon, sandbox: PodSandbox) -> None:
    container, pods = await running(daemon, sandbox, "server"), daemon.containers.pods
    ours, theirs = pair()
    name = await pods.execute(container.id, ExecConfig(Cmd=["echo", "hi"], AttachStdout=True), theirs)
    assert await pods.exec_ended(name) == 0
    assert await pods.exec_ended(name) == 0, "also later"
    assert ours.recv(100) == b"\1\0\0\0\0\0\0\3hi\n"
    ours.close()


async def test_a_command_is_killed_and_resized(daemon: Daemon, machine: Machine, sandbox: PodSandbox) -> None:
    container, pods = await running(daemon, sandbox, "server"), daemon.containers.pods
    ours, theirs = pair()
    name = await pods.execute(container.id, ExecConfig(Cmd=["server"], Tty=True), theirs)
    await pods.exec_resize(name, 4, 5)
    running_exec = machine.task(container.id).execs[name]
    assert running_exec.sizes == [(4, 5)]
    assert running_exec.spec.attachment is not None and running_exec.spec.attachment.detach_keys == b""
    for _ in range(2):
        await pods.exec_kill(name)
    assert await pods.exec_ended(name) == 137
    ours.close()


async def test_a_command_nobody_waits_for_any_more_is_killed(
    daemon: Daemon, machine: Machine, sandbox: PodSandbox
) -> None:
    container = await running(daemon, sandbox, "server")
    ours, theirs = pair()
    task = asyncio.create_task(daemon.containers.pods.execute(container.id, ExecConfig(Cmd=["server"]), theirs))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await wait_until(lambda: [one.signals for one in machine.task(container.id).execs.values()] == [[9]])
    ours.close()


async def test_descriptors_are_taken_over_in_any_case(daemon: Daemon, sandbox: PodSandbox) -> None:
    container, pods = made(daemon, sandbox), daemon.containers.pods
    before = open_descriptors()
    for name in (container.id, "nobody"):
        ours, theirs = pair()
        with pytest.raises((Conflict, NotFound)):
            await pods.execute(name, ExecConfig(Cmd=["x"]), theirs)
        other, given = pair()
        with pytest.raises((Conflict, NotFound)):
            await pods.attach(name, given, True)
        ours.close()
        other.close()
    assert open_descriptors() == before


async def test_attached_there_are_no_keys_that_detach(daemon: Daemon, machine: Machine, sandbox: PodSandbox) -> None:
    container, pods = await running(daemon, sandbox, "server"), daemon.containers.pods
    ours, theirs = pair()
    await pods.attach(container.id, theirs, True)
    machine.task(container.id).write("stdout", b"x")
    assert ours.recv(100) == b"\1\0\0\0\0\0\0\1x"
    assert machine.task(container.id)._clients[0].detach_keys == b""
    await pods.resize(container.id, 2, 3)
    assert machine.task(container.id).sizes == [(2, 3)]
    ours.close()
