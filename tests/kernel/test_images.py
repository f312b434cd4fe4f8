"""Images on a real file system: killed, and starved of disk."""

import asyncio
import io
import os
import random
import signal
import stat
import subprocess
import sys
import tarfile
import textwrap
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from wherry.engine.content import ContentStore
from wherry.engine.database import Database
from wherry.engine.images import Image, Images
from wherry.engine.snapshots import OverlaySnapshots
from wherry.kit.errors import Unavailable
from wherry.oci.digest import Digest

ROUNDS = int(os.environ.get("WHERRY_KILL_ROUNDS", "25"))


class Silent:
    """An EventSink that tells nobody."""

    def publish(self, kind: str, action: str, actor: str, attributes: object = None) -> None:
        pass


def service(root: Path) -> Images:
    snapshots = OverlaySnapshots(root / "snapshots", root / "tmp")
    images = Images(Database(root / "engine.sqlite"), ContentStore(root / "content"), snapshots, Silent(), root / "tmp")
    images.recover()
    return images


def rootfs(seed: int, count: int = 40, size: int = 20_000) -> bytes:
    """A tar that does not compress, owned by several users."""
    generator = random.Random(seed)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for number in range(count):
            info = tarfile.TarInfo(f"d{number % 5}/f{number}")
            info.size, info.uid, info.gid, info.mode = size, number, 2 * number, 0o4711
            archive.addfile(info, io.BytesIO(generator.randbytes(size)))
    return buffer.getvalue()


async def chunks(data: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(data), 1 << 18):
        yield data[at : at + (1 << 18)]
        await asyncio.sleep(0)


def check_whole(root: Path, images: Images) -> None:
    """Every listed image is there with all it is made of, and nothing else is."""
    content = ContentStore(root / "content")
    owned: set[str] = set()
    chains: set[str] = set()
    for image in images.list(everything=True):
        owned |= {image.id, image.manifest, *image.layers}
        chains |= set(image.chain_ids)
    assert {str(blob) for blob in content.blobs()} == owned
    for blob in owned:
        with content.open(Digest.parse(blob)) as reader:
            reader.verify()
    assert {f"sha256:{path.name}" for path in (root / "snapshots/sha256").iterdir()} == chains
    assert list((root / "content/ingest").iterdir()) == []
    assert list((root / "tmp").iterdir()) == []


def files(root: Path, image: Image) -> dict[str, tuple[int, int, int]]:
    """Name → owner, group, mode of every file of an image's only layer."""
    top = OverlaySnapshots(root / "snapshots", root / "tmp").path(image.chain_ids[0])
    found = {}
    for path in top.rglob("*"):
        status = path.lstat()
        if stat.S_ISREG(status.st_mode):
            found[str(path.relative_to(top))] = (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode))
    return found


async def test_an_imported_file_system_has_its_owners_and_modes(tmp_path: Path) -> None:
    images = service(tmp_path)
    image = await images.import_(chunks(rootfs(1)), "demo", "1")
    found = files(tmp_path, image)
    assert found["d2/f7"] == (7, 14, 0o4711)
    assert len(found) == 40
    assert image.size_bytes == 40 * 20_000
    check_whole(tmp_path, images)


async def test_a_saved_and_loaded_file_system_is_the_same(tmp_path: Path) -> None:
    images = service(tmp_path)
    before = files(tmp_path, await images.import_(chunks(rootfs(1)), "demo", "1"))
    saved = b"".join([chunk async for chunk in images.save(["demo:1"])])
    images.remove("demo:1", False, True, lambda image: [])
    await images.settle()
    check_whole(tmp_path, images)
    async for _ in images.load(chunks(saved)):
        pass
    assert files(tmp_path, images.get("demo:1")) == before


WRITER = textwrap.dedent(
    """
    import asyncio, sys
    from pathlib import Path
    from tests.kernel.test_images import chunks, rootfs, service
    import wherry.engine.snapshots.making  # which is loaded when it is needed: before the time runs

    async def main():
        images = service(Path(sys.argv[1]))
        print("ready", flush=True)
        for seed in range(int(sys.argv[2]), 1 << 30):
            image = await images.import_(chunks(rootfs(seed)), "demo", str(seed))
            saved = b"".join([chunk async for chunk in images.save([image.id])])
            images.remove(f"demo:{seed}", False, True, lambda image: [])
            await images.settle()
            async for _ in images.load(chunks(saved)):
                pass
            images.tag(image.id, "kept", str(seed % 3))
            print("done", flush=True)

    asyncio.run(main())
    """
)


@pytest.mark.timeout(900)
def test_a_kill_at_any_moment_leaves_whole_images_and_nothing_else(tmp_path: Path) -> None:
    generator = random.Random(7)
    finished = 0
    for number in range(ROUNDS):
        command = [sys.executable, "-c", WRITER, str(tmp_path), str(1000 * number)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            if number % 5 == 4:
                finished += process.stdout.readline() == "done\n"
            time.sleep(generator.uniform(0, 0.3))  # the moment of the kill is what is tested
            process.send_signal(signal.SIGKILL)
            finished += process.stdout.read().count("done")
        images = service(tmp_path)
        check_whole(tmp_path, images)
        asyncio.run(remove_all(images))
    check_whole(tmp_path, service(tmp_path))
    assert finished >= ROUNDS // 5


async def remove_all(images: Images) -> None:
    for image in images.list(everything=True):
        images.remove(image.id, True, True, lambda one: [])
    await images.settle()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 6 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "wherry-test-images", str(disk)], check=True)
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.mark.parametrize("count", [60, 200, 400])
async def test_a_full_disk_is_told_and_cleaned_up(small_disk: Path, count: int) -> None:
    images = service(small_disk)
    kept = await images.import_(chunks(rootfs(1)), "kept", "1")
    with pytest.raises(Unavailable, match=r"(?i)no space left on device"):
        await images.import_(chunks(rootfs(2, count=count, size=40_000)), "large", "1")
    check_whole(small_disk, images)
    assert [image.id for image in images.list()] == [kept.id]
    await images.import_(chunks(rootfs(3)), "small", "1")  # what was taken is free again
    check_whole(small_disk, images)


async def test_a_full_disk_during_a_load_is_told_and_cleaned_up(small_disk: Path, tmp_path: Path) -> None:
    (tmp_path / "roomy").mkdir()
    roomy = service(tmp_path / "roomy")
    await roomy.import_(chunks(rootfs(2, count=100, size=40_000)), "large", "1")
    saved = b"".join([chunk async for chunk in roomy.save(["large:1"])])
    images = service(small_disk)
    with pytest.raises(Unavailable, match=r"(?i)no space left on device"):
        async for _ in images.load(chunks(saved)):
            pass
    check_whole(small_disk, images)
    assert images.list() == []
