"""The service's own part: names, references, what is handed on to whom (each part has a file of its own)."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.unit.engine.containers.harness import Daemon, Machine, wait_until
from wherry.engine.containers.logs import LogOptions
from wherry.engine.containers.model import Config, ExecConfig, HostConfig, LogSettings, UpdateConfig
from wherry.engine.runtime.fake import Life
from wherry.kit.errors import Conflict, Invalid, NotFound


async def test_a_container_goes_by_id_beginning_of_an_id_and_name(daemon: Daemon) -> None:
    container = await daemon.create(name="web")
    for ref in (container, container[:12], container[:1], "web", "/web"):
        assert daemon.containers.inspect(ref)["Id"] == container


@pytest.mark.parametrize(
    "ask",
    [
        lambda one: one.start("absent"),
        lambda one: one.stop("absent"),
        lambda one: one.restart("absent"),
        lambda one: one.kill("absent"),
        lambda one: one.pause("absent"),
        lambda one: one.unpause("absent"),
        lambda one: one.rename("absent", "x"),
        lambda one: one.resize("absent", 1, 1),
        lambda one: one.update("absent", UpdateConfig()),
        lambda one: one.remove("absent"),
        lambda one: one.top("absent", ""),
        lambda one: one.stats("absent"),
        lambda one: one.exec_create("absent", ExecConfig()),
    ],
)
async def test_who_is_not_there_is_not_found_whatever_is_asked(daemon: Daemon, ask: Any) -> None:
    with pytest.raises(NotFound, match="No such container: absent"):
        await ask(daemon.containers)


async def test_a_create_that_says_nothing_has_the_images_command(daemon: Daemon) -> None:
    made = await daemon.containers.create(None, Config(Image="demo:1"), HostConfig())
    document = daemon.containers.inspect(made.id)
    assert (document["Path"], document["Args"]) == ("wait", [])
    assert made.warnings == []
    assert daemon.actions() == ["create"]


@pytest.mark.parametrize("mode", ["mine", "overlay", "ns:/proc/1/ns/net"])
async def test_a_network_that_is_not_there_is_refused_by_name(daemon: Daemon, mode: str) -> None:
    with pytest.raises(Invalid, match=f"network {mode} not found"):
        await daemon.create(NetworkMode=mode)
    assert daemon.actions() == []


@pytest.mark.parametrize("mode", ["", "default", "bridge", "none", "host"])
async def test_a_network_that_is_there_is_taken(daemon: Daemon, mode: str) -> None:
    container = await daemon.run(NetworkMode=mode)
    assert daemon.status(container) == "running"


async def test_a_new_name_is_told_and_the_old_one_free(daemon: Daemon) -> None:
    container = await daemon.run(name="old")
    await daemon.containers.rename("old", "/new")
    assert daemon.containers.inspect("new")["Id"] == container
    assert daemon.told[-1].attributes["oldName"] == "/old"
    assert daemon.told[-1].attributes["name"] == "new"
    (attached,) = daemon.networks.attached(daemon.networks.get("bridge"))
    assert attached.container_name == "new"
    await daemon.create(name="old")


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("", Invalid, "may be empty"),
        ("web", Invalid, "same name as its current name"),
        ("/web", Invalid, "same name as its current name"),
        ("-x", Invalid, "Invalid container name"),
        ("other", Conflict, 'The container name "/other" is already in use'),
    ],
)
async def test_a_name_that_cannot_be_leaves_the_old_one(
    daemon: Daemon, name: str, error: type[Exception], message: str
) -> None:
    await daemon.create(name="web")
    await daemon.create(name="other")
    with pytest.raises(error, match=message):
        await daemon.containers.rename("web", name)
    assert daemon.exists("web")
    assert "rename" not in daemon.actions()


async def test_a_terminal_is_resized_while_there_is_one(daemon: Daemon, machine: Machine) -> None:
    container = await daemon.run()
    await daemon.containers.resize(container, 24, 80)
    assert machine.task(container).sizes == [(24, 80)]
    assert daemon.told[-1].attributes["height"] == "24"
    await daemon.containers.kill(container)
    with pytest.raises(Conflict, match="is not running"):
        await daemon.containers.resize(container, 1, 1)


async def test_links_are_not_there_and_that_is_said(daemon: Daemon) -> None:
    container = await daemon.create()
    with pytest.raises(Invalid, match="links are not available"):
        await daemon.containers.remove(container, link=True)
    assert daemon.exists(container)


async def test_a_prune_tells_what_it_freed_and_leaves_what_runs(daemon: Daemon, machine: Machine) -> None:
    ended = await daemon.run("true")
    await daemon.run(name="runs")
    await wait_until(lambda: daemon.status(ended) == "exited")
    (machine.instance.containers / ended / "upper/file").write_bytes(b"x" * 100)
    pruned = await daemon.containers.prune({})
    assert (pruned.ids, pruned.bytes) == ([ended], 100)
    assert daemon.told[-1].action == "prune"
    assert daemon.told[-1].attributes == {"reclaimed": "100"}
    assert list(daemon.containers.states()) == ["running"]


async def test_users_of_an_image_are_those_made_from_it(daemon: Daemon) -> None:
    container = await daemon.run()
    image = daemon.containers.inspect(container)["Image"]
    assert [(one.container_id, one.running) for one in daemon.containers.image_users(image)] == [(container, True)]
    assert daemon.containers.image_users("sha256:" + "9" * 64) == []


async def test_whose_streams_they_are(daemon: Daemon) -> None:
    container = await daemon.create(config_Tty=True, name="web")
    found = daemon.containers.attachable("web")
    assert (found.id, found.tty) == (container, True)


async def test_a_container_without_a_log_has_none_to_read(daemon: Daemon) -> None:
    container = await daemon.create(LogConfig=LogSettings(Type="none"))
    with pytest.raises(Invalid, match="configured logging driver does not support reading"):
        daemon.containers.logs(container, LogOptions())


async def test_following_a_log_ends_with_the_container(daemon: Daemon, machine: Machine) -> None:
    machine.tasks.program = lambda _: Life([("stdout", b"one\n")], seconds=None)
    container = await daemon.run()
    found = []

    async def follow() -> None:
        async for line in daemon.containers.logs(container, LogOptions(follow=True)):
            found.append(line.data)

    following = asyncio.create_task(follow())
    await wait_until(lambda: found)
    machine.task(container).write("stdout", b"two\n")
    await daemon.containers.kill(container)
    await asyncio.wait_for(following, 60)
    assert found == [b"one\n", b"two\n"]


async def test_ids_that_containers_have_are_not_given_to_others_after_a_restart(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    first = await machine.up()
    before = await first.run()
    ids = first.containers.inspect(before)["Wherry"]["UserNamespace"]["Ids"]
    await machine.crash()
    second = await machine.up()
    after = await second.run()
    assert second.containers.inspect(before)["Wherry"]["UserNamespace"]["Ids"] == ids
    assert second.containers.inspect(after)["Wherry"]["UserNamespace"]["Ids"] != ids
    await second.close()
    machine.tasks.reboot()


async def test_what_steps_need_is_loaded_when_it_is_asked_for(daemon: Daemon) -> None:
    assert "steps" not in vars(daemon.containers)
    assert daemon.containers.steps is daemon.containers.steps


async def test_containers_go_on_when_the_service_lets_go(machine: Machine) -> None:
    daemon = await machine.up()
    container = await daemon.run()
    await daemon.close()
    assert container in machine.tasks.tasks
    machine.tasks.reboot()


async def test_containers_end_when_the_engine_is_shut_down(machine: Machine) -> None:
    daemon = await machine.up()
    await daemon.run()
    await daemon.containers.shut_down()
    assert machine.tasks.tasks == {}
    await daemon.close()
