"""What containers of pods see of volumes: ids, parts, races, what passes to and from the host."""

import ctypes
import os
import subprocess
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.kernel.podbench import PodBench
from wherry.kit.errors import Invalid
from wherry.node.pods.runtime import Mount, Propagation, Sandbox


@pytest.fixture
async def bench() -> AsyncIterator[PodBench]:
    bench = await PodBench().up()
    try:
        yield bench
    finally:
        left = await bench.close()
    assert not left, "left behind:\n" + "\n".join(left)


@pytest.fixture
async def pod(bench: PodBench) -> Sandbox:
    return await bench.sandbox()


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    path = tmp_path / "volume"
    path.mkdir()
    path.chmod(0o770)
    return path


def on(volume: Path, **fields: object) -> tuple[Mount, ...]:
    return (Mount("/data", str(volume), **fields),)  # type: ignore[arg-type]


async def test_files_of_a_volume_have_the_containers_ids_on_the_disk(
    bench: PodBench, pod: Sandbox, volume: Path
) -> None:
    script = (
        "echo x > /data/root; chown 1000:50 /data; touch /data/file; chown 7:8 /data/file; stat -c %u:%g /data/root"
    )
    assert await bench.output(pod, "sh", "-c", script, mounts=on(volume)) == "0:0\n"
    found = (volume / "file").stat()
    assert (found.st_uid, found.st_gid, (volume / "root").stat().st_uid) == (7, 8, 0)
    assert (volume.stat().st_uid, volume.stat().st_gid) == (1000, 50)
    script = "stat -c %u:%g /data/file; cat /data/root"
    second = await bench.sandbox("u2")
    assert await bench.output(second, "sh", "-c", script, mounts=on(volume)) == "7:8\nx\n", "for other pods, too"


async def test_files_that_are_not_mapped_are_somebody_elses(bench: PodBench, pod: Sandbox, volume: Path) -> None:
    volume.chmod(0o755)
    (volume / "file").touch()
    script = "stat -c %u /data/file; touch /data/x 2>&1"
    text = await bench.output(pod, "sh", "-c", script, mounts=on(volume, mapped=False))
    assert text.startswith("65534\n") and "Permission denied" in text


async def test_read_only_is(bench: PodBench, volume: Path) -> None:
    pod = await bench.sandbox("u2", user_namespace=False)
    (volume / "below").mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "below", str(volume / "below")], check=True)
    script = "touch /data/x 2>&1; touch /data/below/x 2>&1; true"
    try:
        alone = await bench.output(pod, "sh", "-c", script, mounts=on(volume, read_only=True))
        assert alone == "touch: /data/x: Read-only file system\n", "what is mounted below is not"
        both = await bench.output(pod, "sh", "-c", script, mounts=on(volume, read_only=True, recursive_read_only=True))
        assert both.count("Read-only file system") == 2
    finally:
        subprocess.run(["umount", str(volume / "below")], check=True)


@pytest.fixture
def shared(volume: Path) -> Iterator[Path]:
    """A directory whose mounts others see."""
    subprocess.run(["mount", "--bind", str(volume), str(volume)], check=True)
    subprocess.run(["mount", "--make-shared", str(volume)], check=True)
    (volume / "sub").mkdir()
    try:
        yield volume
    finally:
        subprocess.run(["umount", "-R", "-l", str(volume)], check=True)


async def test_mounts_pass_as_far_as_they_are_to(bench: PodBench, shared: Path) -> None:
    pod = await bench.sandbox("u2", user_namespace=False)
    wait = "while [ ! -e /data/sub/file ]; do sleep 0.02; done; echo seen; sleep 1000"
    container = await bench.container(
        pod, "sh", "-c", wait, mounts=on(shared, propagation=Propagation.HOST_TO_CONTAINER)
    )
    private = await bench.container(pod, "sleep", "1000", name="private", mounts=on(shared))
    subprocess.run(["mount", "-t", "tmpfs", "sub", str(shared / "sub")], check=True)
    (shared / "sub" / "file").touch()
    await bench.until(container, "seen")
    assert await bench.shell(private, "ls /data/sub") == ""


async def test_mounts_reach_the_host_when_they_are_to(bench: PodBench, shared: Path) -> None:
    pod = await bench.sandbox("u2", user_namespace=False)
    script = "mount -t tmpfs none /data/sub && touch /data/sub/inside && echo done && exec sleep 1000"
    mounts = on(shared, propagation=Propagation.BIDIRECTIONAL)
    container = await bench.container(pod, "sh", "-c", script, mounts=mounts, security_privileged=True)
    await bench.until(container, "done")
    assert (shared / "sub" / "inside").exists()
    mapped = await bench.sandbox("u3")
    with pytest.raises(Invalid, match="hostUsers"):
        await bench.container(mapped, "true", mounts=mounts)


async def test_nothing_reaches_the_host_by_a_mount_that_is_not_shared(
    bench: PodBench, shared: Path, tmp_path: Path
) -> None:
    subprocess.run(["mount", "--make-private", str(shared)], check=True)
    pod = await bench.sandbox("u2", user_namespace=False)
    with pytest.raises(Invalid, match="not shared"):
        await bench.container(pod, "true", mounts=on(shared, propagation=Propagation.BIDIRECTIONAL))


async def test_a_volume_that_is_not_there_is_said(bench: PodBench, pod: Sandbox) -> None:
    with pytest.raises(Invalid, match="does not exist: /nowhere"):
        await bench.container(pod, "true", mounts=(Mount("/data", "/nowhere"),))
    for mount in (Mount("/data", "relative"), Mount("relative", "/tmp"), Mount("/", "/tmp")):
        with pytest.raises(Invalid):
            await bench.container(pod, "true", attempt=1, mounts=(mount,))


# Parts of volumes


async def test_a_part_of_a_volume_is_all_that_is_seen(bench: PodBench, pod: Sandbox, volume: Path) -> None:
    (volume / "a" / "b").mkdir(parents=True)
    (volume / "a" / "b" / "inside").touch()
    (volume / "outside").touch()
    (volume / "link").symlink_to("a/b")
    (volume / "file").write_text("content\n")
    for part in ("a/b", "link", "./a//b/"):
        assert await bench.output(pod, "ls", "/data", mounts=on(volume, subpath=part)) == "inside\n"
    assert await bench.output(pod, "cat", "/data", mounts=on(volume, subpath="file")) == "content\n"
    script = "touch /data/new; stat -c %u /data/new"
    assert await bench.output(pod, "sh", "-c", script, mounts=on(volume, subpath="a/b")) == "0\n"
    assert (volume / "a" / "b" / "new").stat().st_uid == 0
    text = await bench.output(pod, "sh", "-c", "touch /data/x 2>&1", mounts=on(volume, subpath="a", read_only=True))
    assert "Read-only" in text


async def test_a_part_that_is_missing_is_made(bench: PodBench, pod: Sandbox, volume: Path) -> None:
    await bench.output(pod, "touch", "/data/file", mounts=on(volume, subpath="new/part"))
    assert (volume / "new" / "part" / "file").exists()
    assert (volume / "new").stat().st_mode & 0o777 == 0o770, "as the volume is"


@pytest.mark.parametrize(
    "part", ["..", "../x", "a/../../x", "/etc", "out", "out/passwd", "up", "file/x", "loop", "proc"]
)
async def test_a_part_that_leads_out_is_refused(bench: PodBench, pod: Sandbox, volume: Path, part: str) -> None:
    for name, target in (("out", "/etc"), ("up", "../.."), ("loop", "loop"), ("proc", "/proc/self/root")):
        (volume / name).symlink_to(target)
    (volume / "file").touch()
    before = sorted(os.listdir(volume.parent))
    with pytest.raises(Invalid, match="failed to prepare subPath"):
        await bench.container(pod, "true", mounts=on(volume, subpath=part))
    assert sorted(os.listdir(volume.parent)) == before


class Swapper:
    """Exchanges two names in a directory as fast as it can (renameat2(2), RENAME_EXCHANGE)."""

    def __init__(self, one: Path, two: Path) -> None:
        self._names = str(one).encode(), str(two).encode()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self._rename = ctypes.CDLL(None).renameat2

    def _work(self) -> None:
        while not self._stop.is_set():
            self._rename(-100, self._names[0], -100, self._names[1], 2)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


@pytest.mark.timeout(300)
async def test_k6_n04_links_that_are_swapped_lead_nobody_out(
    bench: PodBench, pod: Sandbox, volume: Path, tmp_path: Path
) -> None:
    """CVE-2017-1002101, CVE-2021-25741: a directory of the volume is exchanged with a link to the host while
    containers start with parts of it; some starts fail, none sees more than the volume."""
    canary = tmp_path / "canary"
    (canary / "part").mkdir(parents=True)
    (canary / "part" / "secret").touch()
    (volume / "dir" / "part").mkdir(parents=True)
    (volume / "dir" / "part" / "inside").touch()
    (volume / "link").symlink_to(canary)
    before = sorted(str(path) for path in canary.rglob("*"))
    seen = {"inside": 0, "refused": 0}
    with Swapper(volume / "dir", volume / "link"):
        for attempt in range(int(os.environ.get("WHERRY_RACES", "60"))):
            try:
                text = await bench.output(pod, "ls", "/data", attempt=attempt, mounts=on(volume, subpath="dir/part"))
            except Invalid as error:
                assert "leads out of its volume" in str(error)
                seen["refused"] += 1
                continue
            assert text == "inside\n"
            seen["inside"] += 1
    assert seen["inside"] and seen["refused"], f"nothing was raced: {seen}"
    assert sorted(str(path) for path in canary.rglob("*")) == before


# Images


async def test_an_images_files_are_a_volume_that_nobody_can_change(bench: PodBench, pod: Sandbox) -> None:
    image = await bench.image_with("ENV A=b")
    mounts = (Mount("/image", "", image=image), Mount("/part", "", image=image, subpath="etc"))
    script = "cat /image/etc/passwd | head -n 1; ls /part; touch /image/x 2>&1; /image/bin/true 2>&1; stat -c %u /image"
    text = await bench.output(pod, "sh", "-c", script, mounts=mounts)
    assert text.startswith("root:x:0:0") and "group\npasswd\n" in text and text.endswith("\n0\n")
    assert "touch: /image/x: Read-only file system" in text and "/image/bin/true: Permission denied" in text
    with pytest.raises(Invalid):
        await bench.container(pod, "true", attempt=1, mounts=(Mount("/x", "", image=image, subpath="../etc"),))
    unmapped = await bench.sandbox("u2", user_namespace=False)
    assert "passwd" in await bench.output(unmapped, "ls", "/part", mounts=mounts)


async def test_an_image_that_is_mounted_is_in_use(bench: PodBench, pod: Sandbox) -> None:
    image = await bench.image_with("ENV A=b", name="data:1")
    container = await bench.container(pod, "sleep", "1000", mounts=(Mount("/image", "", image=image),))
    assert [use.container_id for use in bench.engine.containers.image_users(image)] == [container]


async def test_volumes_of_the_image_go_with_the_container(bench: PodBench, pod: Sandbox) -> None:
    image = await bench.image_with("VOLUME /etc")
    container = await bench.container(pod, "sh", "-c", "touch /etc/new && ls /etc && exec sleep 1000", image=image)
    await bench.until(container, "new\n")
    assert len(os.listdir(bench.instance.volumes)) == 1
    await bench.pods.remove_container(container)
    assert not os.listdir(bench.instance.volumes)
