"""All volumes of a pod, on the disk."""

import os
from pathlib import Path

import pytest

from tests.unit.node.pods.rig import Client, container, pod
from wherry.kube.client.clock import FakeClock
from wherry.kube.client.informers import Informers
from wherry.kube.machinery.model import Object
from wherry.node.pods.composing.fields import UNKNOWN
from wherry.node.pods.composing.mounts import Ready
from wherry.node.pods.references import References
from wherry.node.pods.runtime import ImageStatus
from wherry.node.pods.volumes.mounting import PlainMounter
from wherry.node.pods.volumes.volumes import DiskVolumes, NoVolumes, Sources, VolumeError


class Mounter(PlainMounter):
    """Remembers."""

    def __init__(self) -> None:
        self.mounted: list[tuple[str, int | None]] = []

    def mount_memory(self, path: Path, size_bytes: int | None, mode: int) -> None:
        self.mounted.append((path.name, size_bytes))
        super().mount_memory(path, size_bytes, mode)


@pytest.fixture
def mounter() -> Mounter:
    return Mounter()


@pytest.fixture
def volumes(tmp_path: Path, mounter: Mounter) -> DiskVolumes:
    clock = FakeClock()
    client = Client(clock)

    async def image(pod: Object, reference: str, policy: str) -> ImageStatus:
        return ImageStatus(f"id of {reference}", reference)

    references = References(Informers(client, clock), lambda uid: None)
    found = DiskVolumes(tmp_path / "pods", Sources(client, clock, references, image, "n1", dict), mounter)
    found.prepare()
    return found


def with_volume(source: Object, **spec: object) -> Object:
    mounts = [{"name": "v", "mountPath": "/v"}]
    return pod("web", container(volumeMounts=mounts), volumes=[{"name": "v", **source}], **spec)


async def test_an_empty_directory_keeps_what_is_in_it(volumes: DiskVolumes) -> None:
    made = with_volume({"emptyDir": {}})
    path = Path((await volumes.set_up(made, UNKNOWN))["v"].path)
    (path / "kept").write_text("x")
    path.chmod(0o750)  # its user's affair from now on
    assert await volumes.set_up(made, UNKNOWN) == {"v": Ready(str(path))}
    assert (path / "kept").exists()
    assert path.stat().st_mode & 0o777 == 0o750


@pytest.mark.parametrize(("mode", "wanted"), [(None, 0o777), (0o700, 0o700), (0o1777, 0o1777)])
async def test_modes(volumes: DiskVolumes, mode: int | None, wanted: int) -> None:
    source = {} if mode is None else {"mode": mode}
    found = await volumes.set_up(with_volume({"emptyDir": source}), UNKNOWN)
    assert Path(found["v"].path).stat().st_mode & 0o7777 == wanted


async def test_memory_is_as_large_as_the_smaller_limit(volumes: DiskVolumes, mounter: Mounter) -> None:
    limited = {"limits": {"memory": "1Mi", "cpu": "1"}, "requests": {}}
    for source, resources in (({"medium": "Memory"}, {}), ({"medium": "Memory", "sizeLimit": "2Mi"}, {})):
        await volumes.set_up(with_volume({"emptyDir": source}, resources=resources), UNKNOWN)
    await volumes.set_up(
        with_volume({"emptyDir": {"medium": "Memory", "sizeLimit": "2Mi"}}, resources=limited), UNKNOWN
    )
    assert [size for name, size in mounter.mounted if name == "v"] == [None, 2 << 20, 1 << 20]


async def test_huge_pages_are_refused(volumes: DiskVolumes) -> None:
    with pytest.raises(VolumeError) as found:
        await volumes.set_up(with_volume({"emptyDir": {"medium": "HugePages"}}), UNKNOWN)
    assert found.value.volume == "v"


async def test_nothing_is_left_of_a_pod_but_what_was_not_its_own(volumes: DiskVolumes, tmp_path: Path) -> None:
    (tmp_path / "host").mkdir()
    (tmp_path / "host/file").write_text("x")
    made = with_volume({"emptyDir": {}})
    path = Path((await volumes.set_up(made, UNKNOWN))["v"].path)
    (path / "link").symlink_to(tmp_path / "host")
    (path / "deep").mkdir()
    (path / "deep/link").symlink_to("/etc")
    volumes.message_file("uid-web", "web", 0)
    assert not volumes.is_clean("uid-web")
    assert volumes.left_behind([]) == {"uid-web"}
    assert volumes.left_behind(["uid-web"]) == set()
    await volumes.tear_down("uid-web")
    assert volumes.is_clean("uid-web")
    assert (tmp_path / "host/file").read_text() == "x"
    await volumes.tear_down("uid-web")


async def test_a_link_in_place_of_a_pods_directory_is_all_that_goes(volumes: DiskVolumes, tmp_path: Path) -> None:
    (tmp_path / "host").mkdir()
    (tmp_path / "host/file").write_text("x")
    (tmp_path / "pods/uid-web").symlink_to(tmp_path / "host")
    assert not volumes.is_clean("uid-web")
    await volumes.tear_down("uid-web")
    assert volumes.is_clean("uid-web")
    assert (tmp_path / "host/file").exists()


async def test_what_is_mounted_below_goes_before_anything_is_deleted(tmp_path: Path, volumes: DiskVolumes) -> None:
    order: list[str] = []
    volumes._mounter.unmount_below = lambda path: order.append(f"unmount {os.path.exists(path)}")  # type: ignore[method-assign]
    await volumes.set_up(with_volume({"emptyDir": {}}), UNKNOWN)
    await volumes.tear_down("uid-web")
    assert order == ["unmount True"]


async def test_an_image_volume(volumes: DiskVolumes) -> None:
    found = await volumes.set_up(with_volume({"image": {"reference": "files:1"}}), UNKNOWN)
    assert found["v"] == Ready("", read_only=True, image="id of files:1")


async def test_the_simulated_ones_are_always_there() -> None:
    none = NoVolumes()
    assert list(await none.set_up(with_volume({"secret": {"secretName": "x"}}), UNKNOWN)) == ["v"]
    assert none.is_clean("x")
    assert none.due_seconds("x") is None
    assert none.message_file("x", "web", 0) == ""
    await none.tear_down("x")
