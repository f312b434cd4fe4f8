"""A start: where the task runs and what it is given, and that a failed one leaves nothing."""

import asyncio
import errno
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.descriptors import open_descriptors
from tests.unit.engine.containers.harness import Daemon, Machine, wait_until
from tests.unit.engine.containers.rows import row
from wherry.engine.containers.model import Config, HostConfig
from wherry.engine.containers.row import Container
from wherry.engine.containers.rules import Rules
from wherry.engine.containers.starting import Ground, Starter, is_bridged, is_usual
from wherry.engine.runtime.fake import FakeSandbox, FakeTask
from wherry.engine.runtime.model import Attachment, Isolation, Namespace, StartFailed
from wherry.kit.errors import Conflict, Unavailable
from wherry.linux.errors import KernelError


async def made(daemon: Daemon, *command: str, **options: Any) -> Container:
    return daemon.containers._registry.get(await daemon.create(*command, **options))


def starter(daemon: Daemon) -> Starter:
    return Starter(daemon.containers._around)


def spec(machine: Machine, container: str) -> Any:
    return machine.task(container).spec


def nothing_is_left(daemon: Daemon) -> bool:
    """No process, no wire, no port, of whatever was begun."""
    machine = daemon.machine
    return not (machine.tasks.tasks or machine.tasks.sandboxes or daemon.held)


@pytest.mark.parametrize(
    ("mode", "disabled", "expected"),
    [
        ("", None, True),
        ("default", None, True),
        ("bridge", False, True),
        ("none", None, False),
        ("host", None, False),
        ("container:x", None, False),
        ("bridge", True, False),
    ],
)
def test_who_says_nothing_is_on_the_default_bridge(mode: str, disabled: bool | None, expected: bool) -> None:
    container = row(host=HostConfig(NetworkMode=mode), config=Config(NetworkDisabled=disabled))
    assert is_bridged(container) is expected


async def test_what_runs_can_tell_that_it_is_in_a_container(daemon: Daemon, machine: Machine) -> None:
    container = await daemon.run()
    upper = machine.instance.containers / container / "upper"
    assert (upper / ".dockerenv").read_bytes() == b""
    await daemon.containers.kill(container)
    (upper / ".dockerenv").write_text("its own")
    await daemon.containers.start(container)
    assert (upper / ".dockerenv").read_text() == "its own"


@pytest.mark.parametrize("field", ["NetworkMode", "PidMode", "IpcMode", "UTSMode", "CgroupnsMode"])
def test_who_has_a_namespace_of_the_host_cannot_be_made_ahead(field: str) -> None:
    assert is_usual(row())
    options: dict[str, Any] = {field: "host"}
    assert not is_usual(row(host=HostConfig(**options)))


async def test_a_task_stands_on_its_images_layers(daemon: Daemon, machine: Machine) -> None:
    container = await daemon.run()
    given = spec(machine, container)
    directory = machine.instance.containers / container
    assert given.rootfs.layers == [Path("/layers") / ("sha256:" + "1" * 64)]
    assert (given.rootfs.upper, given.rootfs.work) == (directory / "upper", directory / "work")
    assert (given.id, given.directory, given.runtime) == (container, directory, "wherry")
    assert given.log.path == directory / "container.log"
    assert given.seccomp is not None


async def test_a_task_has_what_was_asked_for(daemon: Daemon, machine: Machine) -> None:
    container = await daemon.run(
        Init=True,
        ConsoleSize=[24, 80],
        config_OpenStdin=True,
        config_StdinOnce=True,
        config_Tty=True,
    )
    given = spec(machine, container)
    assert (given.init, given.terminal_size) == (True, (24, 80))
    assert (given.open_stdin, given.stdin_once) == (True, True)
    assert given.config["process"]["terminal"]


async def test_another_runtime_gets_its_filter_in_words(daemon: Daemon, machine: Machine) -> None:
    container = await daemon.run(Runtime="runc")
    given = spec(machine, container)
    assert (given.runtime, given.seccomp) == ("runc", None)
    assert given.config["linux"]["seccomp"]["defaultAction"].startswith("SCMP_ACT_")


async def test_ids_are_written_before_anything_belongs_to_them(
    daemon: Daemon, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    container = await daemon.create()
    seen: list[bool] = []
    snapshots = daemon.containers._around.snapshots
    prepare = snapshots.prepare

    def looking(directory: Path, owner: int) -> tuple[Path, Path]:
        document = daemon.database.execute("SELECT document FROM containers")[0][0]
        seen.append(f'"ids":{owner}'.encode() in document)
        return prepare(directory, owner)

    monkeypatch.setattr(snapshots, "prepare", looking)
    await daemon.containers.start(container)
    assert seen == [True]


async def test_ids_stay_from_run_to_run(daemon: Daemon) -> None:
    first = await daemon.run()
    await daemon.run()

    def ids() -> str:
        return str(daemon.containers.inspect(first)["Wherry"]["UserNamespace"]["Ids"])

    before = ids()
    await daemon.containers.restart(first)
    assert ids() == before


async def test_a_missing_directory_of_the_host_is_made(daemon: Daemon, tmp_path: Path) -> None:
    await daemon.run(Binds=[f"{tmp_path}/not/there:/x"])
    assert (tmp_path / "not/there").is_dir()


@pytest.mark.parametrize(
    ("options", "network", "endpoint"),
    [
        ({}, Namespace.NEW, True),
        ({"NetworkMode": "none"}, Namespace.NEW, False),
        ({"NetworkMode": "host"}, Namespace.HOST, False),
        ({"config_NetworkDisabled": True}, Namespace.NEW, False),
    ],
)
async def test_it_is_where_its_mode_says(
    daemon: Daemon,
    machine: Machine,
    monkeypatch: pytest.MonkeyPatch,
    options: dict[str, Any],
    network: Namespace,
    endpoint: bool,
) -> None:
    asked: list[Isolation] = []
    spawn = daemon.runtime.spawn

    async def looking(isolation: Isolation) -> FakeSandbox:
        asked.append(isolation)
        return await spawn(isolation)

    monkeypatch.setattr(daemon.runtime, "spawn", looking)
    container = await daemon.run(**options)
    assert [one.network for one in asked] == [network]
    assert (daemon.networks.endpoint(container) is not None) is endpoint
    assert len(machine.plumbing.wires) == endpoint


async def test_joining_means_the_donors_namespaces_files_and_ids(daemon: Daemon, machine: Machine) -> None:
    donor = (
        await daemon.run(name="donor", IpcMode="shareable") if os.geteuid() == 77 else await daemon.run(name="donor")
    )
    guest = await daemon.run(NetworkMode="container:donor", PidMode="container:donor")
    files = {one["destination"]: one["source"] for one in spec(machine, guest).config["mounts"]}
    assert files["/etc/hosts"] == str(machine.instance.containers / donor / "hosts")
    registry = daemon.containers._registry
    assert registry.get(guest).ids == registry.get(donor).ids


async def test_who_does_not_run_cannot_be_joined_and_clients_are_let_go(daemon: Daemon) -> None:
    await daemon.create(name="donor")
    container = await made(daemon, NetworkMode="container:donor")
    ours, theirs = socket.socketpair()
    ours.settimeout(60)
    with pytest.raises(Conflict, match="cannot join network of a non running container"):
        await starter(daemon).start(container, [Attachment(theirs.detach())])
    assert ours.recv(1) == b""
    assert nothing_is_left(daemon)


class Broken(Exception):
    """A fault nobody foresees."""


def fail(*_: Any, **__: Any) -> Any:
    raise Broken


@pytest.mark.parametrize(
    "where", ["spawn", "wire", "connect", "upper directory", "files", "specification", "start", "trees"]
)
async def test_whatever_fails_nothing_is_left_and_it_can_be_tried_again(
    daemon: Daemon, machine: Machine, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    container = await made(daemon, PortBindings={"80/tcp": []})
    ours, theirs = socket.socketpair()
    ours.settimeout(60)
    descriptors = open_descriptors()
    around = daemon.containers._around
    ground = None
    with monkeypatch.context() as patch:
        match where:
            case "spawn":
                daemon.runtime.fail_spawn = Broken()
            case "wire":
                patch.setattr(daemon.networks, "wire", fail)
            case "connect":
                patch.setattr(daemon.networks, "connect", fail)
            case "upper directory":
                patch.setattr(around.snapshots, "prepare", fail)
            case "files":
                patch.setattr("wherry.engine.containers.etcfiles.write", fail)
            case "specification":
                patch.setattr("wherry.engine.containers.spec.configuration", fail)
            case "start":
                patch.setattr(machine.tasks, "program", fail)
            case "trees":
                container.mapped = False
                ground = Ground([Path("/layers/x")], fail)
        with pytest.raises(Broken):
            await starter(daemon).start(container, [Attachment(theirs.detach())], ground)
    if where != "start":  # there the fake task owns the client
        assert ours.recv(1) == b""
    await wait_until(lambda: nothing_is_left(daemon))
    assert machine.tasks.cleaned or where in ("spawn", "wire")
    container.mapped = True
    task = await starter(daemon).start(container, [])
    assert machine.task(container.id) is task
    ours.close()
    assert open_descriptors() <= descriptors


async def test_a_failure_to_undo_is_told_and_the_first_failure_counts(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    container = await made(daemon, "missing")

    async def busy(*_: Any) -> None:
        raise KernelError(errno.EBUSY, "remove cgroup")

    monkeypatch.setattr(daemon.runtime, "clean", busy)
    with pytest.raises(StartFailed, match="not found"):
        await starter(daemon).start(container, [])
    assert "undoing a start that failed" in caplog.text


async def test_a_start_that_is_given_up_is_undone(
    daemon: Daemon, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    container = await made(daemon)
    reached = asyncio.Event()

    async def endless(*_: Any) -> None:
        reached.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(daemon.networks, "connect", endless)
    starting = asyncio.create_task(starter(daemon).start(container, []))
    await reached.wait()
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    await wait_until(lambda: nothing_is_left(daemon))


async def test_no_address_is_a_reason_and_leaves_nothing(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_: Any) -> None:
        raise Unavailable("no available IPv4 addresses on this network's address pools")

    monkeypatch.setattr(daemon.networks, "wire", full)
    container = await made(daemon)
    with pytest.raises(Unavailable, match="no available IPv4 addresses"):
        await starter(daemon).start(container, [])
    assert nothing_is_left(daemon)


async def test_a_step_stands_on_directories_and_trees_of_its_own(daemon: Daemon, machine: Machine) -> None:
    container = await made(daemon, Privileged=True)
    asked: list[tuple[int, int | None]] = []
    tree = os.open("/", os.O_PATH)

    def trees(first_id: int, userns: int | None) -> dict[str, int]:
        asked.append((first_id, userns))
        return {"/src": tree}

    task = await starter(daemon).start(container, [], Ground([Path("/one"), Path("/two")], trees))
    assert isinstance(task, FakeTask)
    assert task.spec.rootfs.layers == [Path("/one"), Path("/two")]
    assert dict(task.spec.trees) == {"/src": tree}
    assert asked == [(0, None)]
    with pytest.raises(OSError):
        os.fstat(tree)  # the start has taken it over


async def test_one_that_is_ready_is_taken_and_not_made(tmp_path: Path) -> None:
    machine = Machine(tmp_path, rules=Rules(warm=1))
    daemon = await machine.up()
    await wait_until(lambda: daemon.containers._around.pool.ready == {True: 1, False: 1})
    ready = {sandbox.pid for sandbox in machine.tasks.sandboxes}
    container = await daemon.run()
    assert machine.task(container).pid in ready
    await daemon.close()
    machine.tasks.reboot()
