"""Containers as clients see them: which are listed, by what name their image goes, how much they wrote."""

import os
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.unit.engine.containers.harness import Daemon, Machine, image, wait_until
from wherry.kit.errors import Invalid, NotFound
from wherry.linux.trees import remove_tree


def names(daemon: Daemon, **options: Any) -> list[str]:
    return [one["Names"][0].removeprefix("/") for one in daemon.containers.list(**options)]


@pytest.fixture
async def some(daemon: Daemon) -> Daemon:
    """One container of each kind, made one after the other."""
    await daemon.create(name="made")
    await daemon.run(name="runs")
    ended = await daemon.run("exit", "3", name="ended")
    await wait_until(lambda: daemon.status(ended) == "exited")
    await daemon.run(name="paused")
    await daemon.containers.pause("paused")
    return daemon


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, ["paused", "runs"]),
        ({"all": True}, ["paused", "ended", "runs", "made"]),
        ({"limit": 2}, ["paused", "ended"]),
        ({"limit": 0}, ["paused", "runs"]),
        ({"filters": {"status": ["created"]}}, ["made"]),
        ({"filters": {"exited": ["3"]}}, ["ended"]),
        ({"filters": {"before": ["ended"]}}, ["runs", "made"]),
        ({"filters": {"name": ["e"]}}, ["paused"]),
        ({"filters": {"name": ["e"]}, "all": True}, ["paused", "ended", "made"]),
    ],
)
async def test_those_that_run_are_listed_unless_others_are_asked_for(
    some: Daemon, options: dict[str, Any], expected: list[str]
) -> None:
    assert names(some, **options) == expected


async def test_a_list_entry_has_its_network_ports_and_state(daemon: Daemon) -> None:
    container = await daemon.run(name="web", PortBindings={"80/tcp": []}, config_Labels={"a": "b"})
    (entry,) = daemon.containers.list()
    assert (entry["Id"], entry["State"], entry["Labels"]) == (container, "running", {"a": "b"})
    assert [port["PrivatePort"] for port in entry["Ports"]] == [80, 80]
    assert entry["NetworkSettings"]["Networks"]["bridge"]["IPAddress"] == "172.18.0.2"
    assert "SizeRw" not in entry


async def test_an_image_goes_by_its_name_while_that_means_it(daemon: Daemon, machine: Machine) -> None:
    await daemon.create(name="web")
    mine = daemon.containers.list(all=True)[0]["ImageID"]
    assert daemon.containers.list(all=True)[0]["Image"] == "demo:1"
    newer = image("demo:1", 2)
    older = replace(machine.images.images[mine], repo_tags=())
    machine.images.images = {older.id: older, newer.id: newer}
    assert daemon.containers.list(all=True)[0]["Image"] == mine
    machine.images.images = {older.id: older}
    assert daemon.containers.list(all=True)[0]["Image"] == mine


async def test_containers_of_an_image_and_of_those_made_from_it_are_its_descendants(tmp_path: Path) -> None:
    base = image("base:1", 1, cmd=["wait"])
    above = replace(image("app:1", 2, cmd=["wait"]), chain_ids=(*base.chain_ids, "sha256:" + "3" * 64))
    daemon = await Machine(tmp_path, base, above).up()
    await daemon.create(name="lower", config_Image="base:1")
    await daemon.create(name="upper", config_Image="app:1")
    for ancestor, expected in (("base:1", ["upper", "lower"]), ("app:1", ["upper"]), ("absent", [])):
        assert names(daemon, all=True, filters={"ancestor": [ancestor]}) == expected
    await daemon.close()


async def test_inspect_shows_the_place_on_the_network_and_the_files(daemon: Daemon, machine: Machine) -> None:
    container = await daemon.run(name="web")
    document = daemon.containers.inspect("web")
    assert document["NetworkSettings"]["Networks"]["bridge"]["NetworkID"] == daemon.networks.get("bridge").id
    assert document["HostsPath"] == str(machine.instance.containers / container / "hosts")
    assert document["ExecIDs"] is None


async def test_who_joined_a_network_has_none_of_its_own(daemon: Daemon) -> None:
    await daemon.run(name="donor")
    await daemon.run(name="guest", NetworkMode="container:donor")
    assert names(daemon) == ["guest", "donor"]
    assert daemon.containers.inspect("guest")["NetworkSettings"]["IPAddress"] == ""


async def test_sizes_are_told_when_asked_for(daemon: Daemon, machine: Machine) -> None:
    container = await daemon.run()
    upper = machine.instance.containers / container / "upper"
    (upper / "directory").mkdir()
    (upper / "directory/file").write_bytes(b"x" * 1000)
    (upper / "again").hardlink_to(upper / "directory/file")
    (upper / "link").symlink_to("/usr")  # its own four bytes, nothing of what it leads to
    assert daemon.containers.list(size=True)[0]["SizeRw"] == 1004
    document = daemon.containers.inspect(container, size=True)
    assert (document["SizeRw"], document["SizeRootFs"]) == (1004, 1009)


async def test_a_container_that_never_ran_has_written_nothing(daemon: Daemon) -> None:
    container = await daemon.create()
    assert daemon.containers.inspect(container, size=True)["SizeRw"] == 0


async def test_a_hostile_tree_does_not_keep_anybody_from_the_list(daemon: Daemon, machine: Machine) -> None:
    container = await daemon.run()
    path = str(machine.instance.containers / container / "upper")
    for _ in range(1500):
        path += "/d"
        os.mkdir(path)
    assert daemon.containers.list(size=True)[0]["SizeRw"] == 0
    parent = os.open(machine.instance.containers / container, os.O_RDONLY)
    try:
        remove_tree(parent, "upper")  # pytest cannot
    finally:
        os.close(parent)


async def test_those_that_do_not_run_are_pruned_if_they_match(some: Daemon) -> None:
    assert (await some.containers.prune({"label": ["absent"]})).ids == []
    gone = await some.containers.prune({})
    assert len(gone.ids) == 2
    assert names(some, all=True) == ["paused", "runs"]


@pytest.mark.parametrize(
    ("until", "left"), [("1h", ["made"]), ("0s", []), ("2020-01-01", ["made"]), ("2100-01-01T00:00:00Z", [])]
)
async def test_until_is_about_when_they_were_created(daemon: Daemon, until: str, left: list[str]) -> None:
    await daemon.create(name="made")
    await daemon.containers.prune({"until": [until]})
    assert names(daemon, all=True) == left


async def test_one_moment_is_enough(daemon: Daemon) -> None:
    with pytest.raises(Invalid, match="more than one until filter"):
        await daemon.containers.prune({"until": ["1h", "2h"]})
    with pytest.raises(Invalid, match="failed to parse value as time or duration"):
        await daemon.containers.prune({"until": ["yesterday"]})


async def test_what_is_not_there_is_not_found(daemon: Daemon) -> None:
    with pytest.raises(NotFound, match="No such container: absent"):
        daemon.containers.inspect("absent")
