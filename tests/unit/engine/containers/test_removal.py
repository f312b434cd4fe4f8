"""Removing containers: when it is refused, what goes with them, what a failure leaves."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.engine.containers.harness import Daemon, Machine, wait_until
from wherry.engine.containers import removal
from wherry.engine.containers.model import RestartRule
from wherry.engine.trash import Trash
from wherry.kit.errors import Conflict, NotFound


def full(*_: object) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    ("paused", "message"),
    [
        (False, 'cannot remove container "/web": container is running: stop the container before removing or force'),
        (True, 'cannot remove container "/web": container is paused and must be unpaused first'),
    ],
)
async def test_what_is_active_is_removed_by_force_only(daemon: Daemon, paused: bool, message: str) -> None:
    await daemon.run(name="web")
    if paused:
        await daemon.containers.pause("web")
    with pytest.raises(Conflict, match=message):
        await daemon.containers.remove("web")
    assert daemon.exists("web")
    await daemon.containers.remove("web", force=True)
    assert not daemon.exists("web")


async def test_what_waits_for_a_restart_is_removed_by_force_and_never_restarted(
    daemon: Daemon, machine: Machine
) -> None:
    container = await daemon.run("false", RestartPolicy=RestartRule(Name="always"))
    await wait_until(lambda: daemon.status(container) == "restarting")
    with pytest.raises(Conflict, match="container is restarting"):
        await daemon.containers.remove(container)
    restart = daemon.containers._registry.live(daemon.containers._registry.get(container)).restart
    await daemon.containers.remove(container, force=True)
    assert restart is not None
    await asyncio.wait([restart])
    assert restart.cancelled()
    assert machine.tasks.tasks == {}


async def test_its_row_directory_ids_and_name_are_free(daemon: Daemon, machine: Machine) -> None:
    await daemon.run(name="web")
    await daemon.containers.remove("web", force=True)
    assert daemon.database.execute("SELECT * FROM containers") == []
    assert machine.directories() == set()
    again = await daemon.run(name="web")
    assert daemon.containers.inspect(again)["Wherry"]["UserNamespace"]["Ids"] == "100000:65536"


async def test_it_is_told_and_who_waits_for_it_is_answered(daemon: Daemon) -> None:
    container = await daemon.create()
    waiting = [daemon.containers.wait(container, condition) for condition in ("next-exit", "removed")]
    await daemon.containers.remove(container)
    assert [(await one).status_code for one in waiting] == [0, 0]
    assert daemon.actions() == ["create", "destroy"]


@pytest.mark.parametrize(("volumes", "left"), [(False, 2), (True, 1)])
async def test_anonymous_volumes_go_when_they_are_asked_to(daemon: Daemon, volumes: bool, left: int) -> None:
    container = await daemon.create(Binds=["/data", "named:/x"])
    await daemon.containers.remove(container, volumes=volumes)
    assert len(daemon.volumes.list()) == left


async def test_an_anonymous_volume_goes_with_its_last_user(daemon: Daemon) -> None:
    first = await daemon.create(Binds=["/data"])
    second = await daemon.create(VolumesFrom=[first])
    for container, left in ((first, 1), (second, 0)):
        await daemon.containers.remove(container, volumes=True)
        assert len(daemon.volumes.list()) == left


async def test_an_image_that_only_it_needed_may_go(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    users: list[list[str]] = []

    def collect(in_use: Callable[[str], list[object]]) -> None:
        users.append([str(one) for one in in_use(image)])

    container = await daemon.create()
    image = daemon.containers.inspect(container)["Image"]
    monkeypatch.setattr(daemon.machine.images, "collect", collect)
    await daemon.containers.remove(container)
    assert users == [[]]


async def test_a_removal_that_is_under_way_is_not_begun_again(daemon: Daemon) -> None:
    container = await daemon.run("deaf")
    results = await asyncio.gather(
        *(daemon.containers.remove(container, force=True) for _ in range(5)), return_exceptions=True
    )
    assert results.count(None) == 1
    assert all(isinstance(one, NotFound | Conflict) for one in results if one is not None)


async def test_a_start_that_is_under_way_is_waited_for(daemon: Daemon, machine: Machine) -> None:
    container = await daemon.create()
    await asyncio.gather(
        daemon.containers.start(container), daemon.containers.remove(container, force=True), return_exceptions=True
    )
    await wait_until(lambda: not daemon.exists(container) or daemon.status(container) == "running")
    assert bool(machine.tasks.tasks) == daemon.exists(container)


async def test_a_removal_that_was_refused_does_not_keep_rm_from_it(daemon: Daemon) -> None:
    container = await daemon.run(AutoRemove=True)
    one = daemon.containers._registry.get(container)
    with pytest.raises(Conflict):
        await daemon.containers.remove(container)
    assert not daemon.containers._registry.live(one).keep
    await daemon.containers.kill(container)
    await wait_until(lambda: not daemon.exists(container))


@pytest.mark.parametrize("where", ["row", "shared memory", "directory"])
async def test_after_a_failure_it_is_dead_and_can_be_removed_again(
    daemon: Daemon, machine: Machine, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    container = await daemon.create(name="web", Binds=["/data"])
    with monkeypatch.context() as patch:
        match where:
            case "row":
                patch.setattr(daemon.containers._registry, "delete", full)
            case "shared memory":
                patch.setattr(removal, "unmount_shm", full)
            case "directory":
                patch.setattr(Trash, "throw", full)
        with pytest.raises(OSError, match="No space left"):
            await daemon.containers.remove(container, volumes=True)
    assert daemon.state(container)["Dead"]
    assert "destroy" not in daemon.actions()
    with pytest.raises(Conflict, match="removal"):
        await daemon.containers.start(container)
    await daemon.containers.remove(container, volumes=True)
    assert not daemon.exists(container)
    assert machine.directories() == set()
    await daemon.create(name="web")


@pytest.mark.parametrize("where", ["row", "directory"])
async def test_after_a_failure_and_a_crash_it_is_there_or_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    machine = Machine(tmp_path)
    daemon = await machine.up()
    container = await daemon.create()
    with monkeypatch.context() as patch:
        patch.setattr(*((daemon.containers._registry, "delete", full) if where == "row" else (Trash, "throw", full)))
        with pytest.raises(OSError, match="No space left"):
            await daemon.containers.remove(container)
    await machine.crash()
    again = await machine.up()
    assert again.exists(container) is (where == "row")
    assert machine.directories() == ({container} if where == "row" else set())
    await again.close()
