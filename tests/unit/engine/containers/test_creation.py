"""A container is made whole or not at all."""

import json
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.unit.engine.containers.harness import Daemon, Machine, image
from wherry.engine.containers.creation import Creation
from wherry.engine.containers.model import Config, HostConfig, LogSettings, Mount
from wherry.engine.images.model import Image
from wherry.kit.errors import Conflict, Invalid, NotFound, Unsupported


def left(daemon: Daemon) -> tuple[int, int, int, list[str]]:
    """Directories, rows, volumes and what was told of containers: all there is of them."""
    machine = daemon.machine
    rows = daemon.database.execute("SELECT count(*) FROM containers")[0][0]
    return len(machine.directories()), rows, len(daemon.volumes.list()), daemon.actions()


async def test_a_new_container_has_a_row_a_directory_and_an_id(daemon: Daemon, machine: Machine) -> None:
    container = await daemon.create("true", name="/web")
    assert len(container) == 64
    assert not set(container) - set("0123456789abcdef")
    assert machine.directories() == {container}
    assert (machine.instance.containers / container).stat().st_mode & 0o777 == 0o710
    document = json.loads(daemon.database.execute("SELECT document FROM containers")[0][0])
    assert (document["name"], document["state"], document["ids"]) == ("web", "created", None)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"name": "x"}, Invalid, r"Invalid container name \(x\), only \[a-zA-Z0-9\]"),
        ({"name": "../x"}, Invalid, "Invalid container name"),
        ({"name": "/"}, Invalid, "Invalid container name"),
        ({"name": "a b"}, Invalid, "Invalid container name"),
        ({"name": "web\n"}, Invalid, "Invalid container name"),
        ({"config_Image": "absent"}, NotFound, "No such image: absent"),
        ({"config_User": "-1"}, Invalid, "invalid user"),
        ({"NetworkMode": "container:absent"}, Invalid, "No such container: absent"),
        ({"PidMode": "container:absent"}, Invalid, "No such container: absent"),
        ({"Binds": ["relative:x"]}, Invalid, "mount path must be absolute"),
        ({"Binds": ["made:/a", "/a/../../x/..:/etc:nonsense"]}, Invalid, "invalid mode: nonsense"),
        (
            {"Mounts": [Mount(Type="volume", Target="/a"), Mount(Type="bind", Source="/no", Target="/b")]},
            Invalid,
            "does not exist",
        ),
        ({"VolumesFrom": ["absent"]}, NotFound, "No such container: absent"),
        ({"Memory": 1}, Invalid, "Minimum memory limit"),
        ({"LogConfig": LogSettings(Config={"max-file": "0"})}, Invalid, "invalid value for max-file"),
        ({"SecurityOpt": ["seccomp=nonsense"]}, Invalid, "seccomp"),
        ({"StorageOpt": {"size": "1g"}}, Unsupported, "storage options"),
    ],
)
async def test_of_what_is_refused_nothing_is_left(
    daemon: Daemon, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        await daemon.create("true", **options)
    assert left(daemon) == (0, 0, 0, [])


async def test_a_name_is_taken_once(daemon: Daemon) -> None:
    await daemon.create(name="web")
    with pytest.raises(Conflict, match='The container name "/web" is already in use by container'):
        await daemon.create(name="web")
    assert left(daemon)[:2] == (1, 1)


async def test_volumes_made_for_a_container_that_could_not_be_written_go(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(daemon.containers._registry, "insert", full)
    with pytest.raises(OSError, match="No space left"):
        await daemon.create(Binds=["/data", "named:/x"])
    assert left(daemon)[:3] == (0, 0, 0)


async def test_a_container_without_a_name_gets_one_and_an_image_without_a_command_needs_one(tmp_path: Path) -> None:
    daemon = await Machine(tmp_path, image()).up()
    with pytest.raises(Invalid, match="no command specified"):
        await daemon.create()
    container = await daemon.create("true")
    name = daemon.containers.inspect(container)["Name"]
    assert "_" in name
    await daemon.close()


async def test_entrypoint_and_command_are_one_program(daemon: Daemon) -> None:
    container = await daemon.create("a", "b", config_Entrypoint=["sh", "-c"])
    document = daemon.containers.inspect(container)
    assert (document["Path"], document["Args"]) == ("sh", ["-c", "a", "b"])


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, None),
        ({"config_Hostname": "own"}, "own"),
        ({"NetworkMode": "host"}, os.uname().nodename),
        ({"UTSMode": "host"}, os.uname().nodename),
    ],
)
async def test_a_host_name_is_said_the_hosts_or_the_beginning_of_the_id(
    daemon: Daemon, options: dict[str, Any], expected: str | None
) -> None:
    container = await daemon.create(**options)
    assert daemon.containers.inspect(container)["Config"]["Hostname"] == (expected or container[:12])


async def test_who_is_joined_is_remembered_by_id(daemon: Daemon) -> None:
    donor = await daemon.create(name="donor")
    guest = await daemon.create(NetworkMode="container:donor", PidMode=f"container:{donor[:10]}", IpcMode="private")
    await daemon.containers.rename("donor", "other")
    host = daemon.containers.inspect(guest)["HostConfig"]
    assert host["NetworkMode"] == host["PidMode"] == f"container:{donor}"
    assert host["IpcMode"] == "private"


def for_platform(os_name: str, architecture: str, variant: str = "") -> Image:
    """An image that says it is for this platform."""
    one = image(cmd=["wait"])
    config = msgspec.structs.replace(one.config, os=os_name, architecture=architecture, variant=variant)
    return replace(one, config=config)


@pytest.mark.parametrize(
    ("own", "asked", "fits"),
    [
        (("linux", "arm64"), "linux/arm64", True),
        (("linux", "arm64"), "linux/arm64/v8", True),
        (("linux", "arm", "v6"), "linux/arm/v7", True),
        (("linux", "arm64"), "linux/amd64", False),
        (("linux", "arm", "v7"), "linux/arm/v6", False),
        (("windows", "amd64"), "linux/amd64", False),
        (("linux", ""), "linux/s390x", True),
    ],
)
async def test_an_image_of_another_platform_is_not_the_one_asked_for(
    tmp_path: Path, own: tuple[str, ...], asked: str, fits: bool
) -> None:
    daemon = await Machine(tmp_path, for_platform(*own)).up()
    making = daemon.containers.create(None, Config(Image="demo:1"), HostConfig(), platform=asked)
    if fits:
        await making
    else:
        with pytest.raises(NotFound, match="does not match the specified platform"):
            await making
    await daemon.close()


async def test_a_platform_that_is_none_is_refused(daemon: Daemon) -> None:
    with pytest.raises(Invalid, match="cannot parse platform"):
        await daemon.containers.create(None, Config(Image="demo:1"), HostConfig(), platform="a/b/c/d")


async def test_containers_of_the_hosts_user_namespace_have_no_ids(daemon: Daemon) -> None:
    for options, mapped in (({}, True), ({"Privileged": True}, False), ({"UsernsMode": "host"}, False)):
        container = await daemon.create(**options)
        assert daemon.containers._registry.get(container).mapped is mapped


@given(name=st.text("aZ0_.-/ \n\0ü", max_size=5))
def test_any_name_is_one_or_refused(name: str) -> None:
    class Nobody:
        class registry:
            @staticmethod
            def check_name(name: str) -> None:
                assert "/" not in name

    around: Any = Nobody
    try:
        Creation(around).check_name(name)
    except Invalid:
        return
    bare = name.removeprefix("/")
    assert len(bare) >= 2
    assert not set(bare) - set("aZ0_.-")
    assert bare[0] not in "_.-"
