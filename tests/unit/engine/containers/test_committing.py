"""Commits: when a container stands still, and what is said of it."""

import pytest

from tests.unit.engine.containers.harness import Daemon, Machine
from wherry.engine.containers.asked import Commit
from wherry.engine.containers.model import Config
from wherry.engine.snapshots.encode import END
from wherry.kit.errors import Conflict, NotFound


async def test_a_running_container_stands_still_meanwhile(daemon: Daemon, machine: Machine) -> None:
    container = await daemon.run("wait")
    image = await daemon.containers.commit(container, Commit(repository="made", comment="why"))
    assert image in machine.images.images
    assert daemon.actions()[-3:] == ["pause", "unpause", "commit"]
    told = daemon.told[-1].attributes
    assert (told["comment"], told["imageID"], told["imageRef"]) == ("why", image, "made:latest")


async def test_unless_it_is_asked_not_to_or_is_paused_already(daemon: Daemon) -> None:
    container = await daemon.run("wait")
    await daemon.containers.commit(container, Commit(pause=False))
    assert "pause" not in daemon.actions()
    await daemon.containers.pause(container)
    await daemon.containers.commit(container, Commit())
    assert daemon.status(container) == "paused"


async def test_it_goes_on_after_a_failure(daemon: Daemon, machine: Machine) -> None:
    container = await daemon.run("wait")
    machine.images.fail_commit = Conflict("no")
    with pytest.raises(Conflict):
        await daemon.containers.commit(container, Commit())
    assert daemon.status(container) == "running"


async def test_one_that_was_never_started_has_written_nothing(daemon: Daemon, machine: Machine) -> None:
    container = await daemon.create("wait")
    await daemon.containers.commit(container, Commit())
    assert machine.images.commits[-1][1] == END


async def test_the_configuration_is_the_container_s_under_the_client_s(daemon: Daemon, machine: Machine) -> None:
    container = await daemon.create(
        "wait", config_Env=["A=1", "B=2"], config_User="bob", config_Labels={"a": "1"}, config_Hostname="host"
    )
    config = Config(Env=["B=3"], Labels={"b": "2"})
    await daemon.containers.commit(container, Commit(changes=["USER x"], config=config, author="me"))
    wanted = machine.images.commits[-1][2]
    assert (wanted.config.user, wanted.config.labels, wanted.config.hostname) == ("bob", {"a": "1", "b": "2"}, "")
    assert sorted(wanted.config.env or ()) == ["A=1", "B=3", "PATH=/bin"]
    assert (wanted.command, wanted.changes, wanted.author) == (["wait"], ["USER x"], "me")


async def test_one_that_is_not_there(daemon: Daemon) -> None:
    with pytest.raises(NotFound):
        await daemon.containers.commit("missing", Commit())
