"""What a container mounts, by all the ways to ask for it."""

import posixpath
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.engine.containers.harness import Daemon, image
from tests.unit.engine.containers.rows import row
from wherry.engine.containers.model import (
    Config,
    HostConfig,
    Mount,
    MountBindOptions,
    MountImageOptions,
    MountTmpfsOptions,
    MountVolumeOptions,
)
from wherry.engine.containers.mounts import Mounts, check_destination
from wherry.engine.containers.row import Container, MountPoint
from wherry.engine.database import Database
from wherry.engine.events import Events
from wherry.engine.instance import Instance
from wherry.engine.volumes import Volumes
from wherry.kit.errors import Invalid, NotFound, Unsupported


@pytest.fixture
def volumes(tmp_path: Path) -> Volumes:
    return Volumes(Instance(tmp_path, tmp_path / "run", "12345678"), Database(":memory:"), Events())


def resolved(volumes: Volumes, *, found: Container | None = None, config: Config | None = None, **host: Any) -> Any:
    """Mount points by destination; ``found`` is the container that --volumes-from finds."""

    def find(ref: str) -> Container:
        if found is None:
            raise NotFound(f"No such container: {ref}")
        return found

    def image_id(name: str) -> str:
        if name != "tools:1":
            raise NotFound(f"No such image: {name}")
        return "sha256:1"

    points = Mounts(volumes, find, image_id).resolve(config or Config(), HostConfig(**host))
    return {point.destination: point for point in points}


# -v


def test_a_place_on_the_host_is_bound_and_made_when_it_is_missing(volumes: Volumes) -> None:
    point = resolved(volumes, Binds=["/host/./x/:/data/"])["/data"]
    assert (point.kind, point.source, point.writable, point.make) == ("bind", "/host/x", True, True)
    assert point.options == ["rbind", "rprivate", "rw"]


def test_read_only_is_so_for_what_is_mounted_below_too(volumes: Volumes) -> None:
    point = resolved(volumes, Binds=["/x:/data:ro"])["/data"]
    assert point.options == ["rbind", "rprivate", "rro", "ro"]
    assert not point.writable


@pytest.mark.parametrize("mode", ["shared", "rshared", "slave", "rslave", "private", "rprivate"])
def test_propagation_is_passed_on(volumes: Volumes, mode: str) -> None:
    point = resolved(volumes, Binds=[f"/x:/data:{mode}"])["/data"]
    assert point.propagation == mode
    assert mode in point.options


def test_a_name_is_a_volume_that_is_made_and_filled(volumes: Volumes) -> None:
    point = resolved(volumes, Binds=["data:/data"])["/data"]
    assert (point.kind, point.name, point.mode, point.anonymous) == ("volume", "data", "z", False)
    assert set(point.options) == {"rbind", "rw", "x-copy-up"}
    assert point.source == str(volumes.get("data").path)


def test_a_volume_that_is_a_directory_of_the_machine_is_mounted_from_there(volumes: Volumes) -> None:
    volumes.create("data", "local", {}, {"type": "none", "o": "bind", "device": "/srv"})
    point = resolved(volumes, Binds=["data:/data:ro"])["/data"]
    assert (point.kind, point.name, point.source, point.writable) == ("volume", "data", "/srv", False)


def test_nocopy_does_not_fill_it(volumes: Volumes) -> None:
    point = resolved(volumes, Binds=["data:/data:ro,nocopy"])["/data"]
    assert point.options == ["rbind", "rro", "ro"]


def test_a_place_alone_is_an_anonymous_volume(volumes: Volumes) -> None:
    point = resolved(volumes, Binds=["/data"])["/data"]
    assert point.anonymous
    assert len(point.name) == 64


@pytest.mark.parametrize(
    "item",
    [
        "",
        ":",
        ":/x",
        "/a:/b:/c:/d",
        "/a:b",
        "/a:/",
        "/a:/..",
        "data",
        "/a:",
        "/a:/b:",
        "/a:/b:rx",
        "/a:/b:ro,rw",
        "/a:/b:nocopy",
        "data:/b:rshared",
        "../x:/b",
        "/x:ro",
        "/a:/b:shared,slave",
    ],
)
def test_what_is_no_mount_is_refused(volumes: Volumes, item: str) -> None:
    with pytest.raises(Invalid):
        resolved(volumes, Binds=[item])


def test_one_place_is_asked_for_once(volumes: Volumes) -> None:
    with pytest.raises(Invalid, match="Duplicate mount point: /b"):
        resolved(volumes, Binds=["/a:/b", "/c:/b/"])
    with pytest.raises(Invalid, match="Duplicate mount point: /b"):
        resolved(volumes, Binds=["/a:/b"], Tmpfs={"/b": ""})


@given(st.text(max_size=30))
def test_a_destination_is_clean_absolute_and_not_the_root(path: str) -> None:
    try:
        found = check_destination(path, path)
    except Invalid:
        return
    assert found.startswith("/")
    assert found != "/"
    assert posixpath.normpath(found) == found
    assert ".." not in found.split("/")


# VOLUME


@pytest.mark.parametrize("path", ["/../../../../etc", "/data/../../etc", "//etc"])
async def test_an_images_volume_leads_nowhere_else(daemon: Daemon, path: str) -> None:
    """CVE-2022-23648: the image's word is about the container, never about the host."""
    daemon.machine.images.images = {"sha256:" + "1" * 64: image(volumes={path: {}}, cmd=["true"])}
    container = await daemon.create()
    (point,) = daemon.containers.inspect(container)["Mounts"]
    assert (point["Type"], point["Destination"]) == ("volume", "/etc")
    assert Path(point["Source"]).is_relative_to(daemon.machine.instance.volumes)


@pytest.mark.parametrize("path", ["/", "/..", "data", "", "/a\0b"])
async def test_an_images_volume_that_is_no_place_is_refused(daemon: Daemon, path: str) -> None:
    daemon.machine.images.images = {"sha256:" + "1" * 64: image(volumes={path: {}, "/fine": {}}, cmd=["true"])}
    with pytest.raises(Invalid):
        await daemon.create(Binds=["new:/new"])
    assert daemon.volumes.list() == []
    assert not daemon.machine.directories()


def test_what_is_asked_for_takes_the_place_of_the_images_volume(volumes: Volumes) -> None:
    points = resolved(volumes, config=Config(Volumes={"/data": {}}), Binds=["/x:/data"])
    assert [point.kind for point in points.values()] == ["bind"]
    assert volumes.list() == []


# --mount


def test_a_mount_of_each_kind(volumes: Volumes, tmp_path: Path) -> None:
    points = resolved(
        volumes,
        Mounts=[
            Mount(Type="bind", Source=str(tmp_path), Target="/bind", ReadOnly=True),
            Mount(Type="volume", Source="data", Target="/volume", VolumeOptions=MountVolumeOptions(NoCopy=True)),
            Mount(Type="volume", Target="/anonymous"),
            Mount(Type="tmpfs", Target="/tmpfs", TmpfsOptions=MountTmpfsOptions(SizeBytes=4096, Mode=0o700)),
        ],
    )
    assert points["/bind"].options == ["rbind", "rprivate", "rro", "ro"]
    assert not points["/bind"].make
    assert points["/volume"].options == ["rbind", "rw"]
    assert points["/anonymous"].anonymous
    assert points["/tmpfs"].options == ["noexec", "nosuid", "nodev", "size=4096", "mode=700"]


@pytest.mark.parametrize(
    ("mount", "words"),
    [
        (Mount(Type="bind", Source="/missing/place", Target="/x"), "bind source path does not exist: /missing/place"),
        (Mount(Type="bind", Source="x", Target="/x"), "mount path must be absolute"),
        (Mount(Type="bind", Target="/x"), "field Source must not be empty"),
        (Mount(Type="volume", Source="v"), "field Target must not be empty"),
        (Mount(Type="volume", Source="v", Target="x"), "mount path must be absolute"),
        (Mount(Type="volume", Target="/x", BindOptions=MountBindOptions()), "BindOptions must not be specified"),
        (Mount(Type="tmpfs", Source="v", Target="/x"), "field Source must not be specified"),
        (Mount(Type="bind", Source="/", Target="/x", BindOptions=MountBindOptions(Propagation="up")), "propagation"),
        (Mount(Type="other", Target="/x"), 'invalid mount config for type "other": mount type unknown'),
    ],
)
def test_a_mount_that_cannot_be_is_refused_in_dockers_words(volumes: Volumes, mount: Mount, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        resolved(volumes, Mounts=[mount])


def test_a_part_of_a_volume_is_neither_filled_nor_made(volumes: Volumes) -> None:
    part = MountVolumeOptions(Subpath="a/./b")
    point = resolved(volumes, Mounts=[Mount(Type="volume", Source="data", Target="/x", VolumeOptions=part)])["/x"]
    assert (point.kind, point.subpath, point.options) == ("volume", "a/b", ["rbind", "rw"])


@pytest.mark.parametrize("path", ["/a", "..", "../a", "a/../../b", "a\0"])
def test_a_part_is_in_its_volume_or_image(volumes: Volumes, path: str) -> None:
    for mount in (
        Mount(Type="volume", Source="data", Target="/x", VolumeOptions=MountVolumeOptions(Subpath=path)),
        Mount(Type="image", Source="tools:1", Target="/x", ImageOptions=MountImageOptions(Subpath=path)),
    ):
        with pytest.raises(Invalid, match=f"subpath must be a relative path within the {mount.Type}"):
            resolved(volumes, Mounts=[mount])


def test_an_image_is_mounted_read_only(volumes: Volumes) -> None:
    mount = Mount(Type="image", Source="tools:1", Target="/x", ImageOptions=MountImageOptions(Subpath="bin"))
    point = resolved(volumes, Mounts=[mount])["/x"]
    assert (point.kind, point.source, point.subpath, point.writable) == ("image", "sha256:1", "bin", False)
    assert "ro" in point.options
    with pytest.raises(Invalid, match='invalid mount config for type "image": No such image: other'):
        resolved(volumes, Mounts=[Mount(Type="image", Source="other", Target="/x")])
    with pytest.raises(Invalid, match="field Source must not be empty"):
        resolved(volumes, Mounts=[Mount(Type="image", Target="/x")])


def test_what_there_is_not_is_said_so(volumes: Volumes) -> None:
    with pytest.raises(Unsupported, match='mount type "cluster"'):
        resolved(volumes, Mounts=[Mount(Type="cluster", Source="i", Target="/x")])


# --tmpfs


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", ["noexec", "nosuid", "nodev"]),
        ("size=64m,mode=1777", ["noexec", "nosuid", "nodev", "size=64m", "mode=1777"]),
        ("exec,dev", ["nosuid", "exec", "dev"]),
        ("ro", ["noexec", "nosuid", "nodev", "ro"]),
        ("ro,rw", ["noexec", "nosuid", "nodev", "rw"]),
    ],
)
def test_of_two_opposites_the_later_one_counts(volumes: Volumes, value: str, expected: list[str]) -> None:
    assert resolved(volumes, Tmpfs={"/t": value})["/t"].options == expected


@pytest.mark.parametrize("value", ["bind", "size", "size=", "context=x", "lowerdir=/etc", "exec=1"])
def test_no_other_option_reaches_the_kernel(volumes: Volumes, value: str) -> None:
    with pytest.raises(Invalid, match="invalid tmpfs option"):
        resolved(volumes, Tmpfs={"/t": value})


# --volumes-from


DONOR = row(
    mounts=[
        MountPoint(
            kind="volume", destination="/v", name="v", source="/vs/v/_data", options=["rbind", "rw", "x-copy-up"]
        ),
        MountPoint(
            kind="bind", destination="/b", source="/b", writable=False, options=["rbind", "rslave", "rro", "ro"]
        ),
        MountPoint(kind="tmpfs", destination="/t", shown=False),
    ]
)


def test_mounts_of_another_are_taken_over(volumes: Volumes) -> None:
    points = resolved(volumes, found=DONOR, VolumesFrom=["x"])
    assert set(points) == {"/v", "/b"}
    assert points["/v"].options == ["rbind", "rw"]
    assert points["/b"].options == ["rbind", "rslave", "rro", "ro"]


def test_they_may_be_taken_over_read_only_and_never_get_writable(volumes: Volumes) -> None:
    assert not resolved(volumes, found=DONOR, VolumesFrom=["x:ro"])["/v"].writable
    assert not resolved(volumes, found=DONOR, VolumesFrom=["x:rw"])["/b"].writable


def test_what_is_asked_for_here_wins(volumes: Volumes) -> None:
    points = resolved(volumes, found=DONOR, VolumesFrom=["x"], Binds=["/mine:/v"])
    assert points["/v"].source == "/mine"


@pytest.mark.parametrize("item", ["", ":ro", "x:exec"])
def test_what_is_no_container_to_take_from_is_refused(volumes: Volumes, item: str) -> None:
    with pytest.raises(Invalid):
        resolved(volumes, found=DONOR, VolumesFrom=[item])
