"""The disk of an instance is full: what needs space is refused with a reason, what runs goes on, and space heals."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.kernel.rig import Rig, wait_until

NO_SPACE = r"(?i)no space left|disk.*full|database or disk is full"
COUNTER = ["sh", "-c", "i=0; while :; do echo line $((i+=1)); echo $i > /dev/shm/i; sleep 0.01; done"]


class SmallDisk:
    """A file system of 64 MiB, made for one test."""

    def __init__(self) -> None:
        self._scratch = Path(tempfile.mkdtemp(prefix="wherry-disk-"))
        self.mount = self._scratch / "disk"
        self.mount.mkdir()
        image = self._scratch / "image"
        with image.open("wb") as file:
            file.truncate(64 << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True)
        subprocess.run(["mount", "-o", "loop", str(image), str(self.mount)], check=True)

    def fill(self) -> None:
        """To the last byte: large blocks, then small ones."""
        with (self.mount / "filler").open("ab", buffering=0) as file:
            for size in (1 << 20, 4096, 512):
                with suppress(OSError):
                    while True:
                        file.write(bytes(size))
            # What statvfs still counts as free ext4 keeps to itself.
            with pytest.raises(OSError, match="No space left"):
                file.write(bytes(512))

    def free(self) -> None:
        (self.mount / "filler").unlink(missing_ok=True)

    def close(self) -> None:
        subprocess.run(["umount", "-l", str(self.mount)], check=True)
        (self._scratch / "image").unlink()
        self.mount.rmdir()
        self._scratch.rmdir()


@pytest.fixture
def disk() -> Iterator[SmallDisk]:
    disk = SmallDisk()
    yield disk
    disk.close()


@pytest.fixture
def cramped(disk: SmallDisk) -> Iterator[Rig]:
    """An instance on the small disk."""
    rig = Rig(disk.mount / "root")
    rig.root.mkdir()
    try:
        rig.up()
        rig.image()
        yield rig
    finally:
        disk.free()
        left = rig.close()
    assert not left, "left behind:\n" + "\n".join(left)


def counted(container: object) -> int:
    code, output = container.exec_run(["cat", "/dev/shm/i"])  # type: ignore[attr-defined]
    return int(output or 0) if code == 0 else 0


def test_running_containers_go_on_while_their_logs_find_no_space(cramped: Rig, disk: SmallDisk) -> None:
    container = cramped.run(*COUNTER)
    wait_until(lambda: counted(container) > 5)
    disk.fill()
    before = counted(container)
    wait_until(lambda: counted(container) > before + 300)
    container.reload()
    assert container.status == "running"
    disk.free()
    freed = counted(container)
    wait_until(lambda: any(int(line.split()[1]) > freed for line in container.logs(tail=5).splitlines()))


def test_a_start_without_space_says_so_and_leaves_nothing_half_made(cramped: Rig, disk: SmallDisk) -> None:
    neighbour = cramped.run(*COUNTER)
    disk.fill()
    failures = []
    for number in range(5):
        try:
            cramped.run("true", name=f"late{number}")
        except Exception as error:
            failures.append(str(error))
    assert failures, "five starts without a byte of space"
    for failure in failures:
        assert "no space" in failure.lower() or "full" in failure.lower(), failure
    assert cramped.answers()
    neighbour.reload()
    assert neighbour.status == "running"
    disk.free()
    wait_until(lambda: _runs(cramped), 60, "a start to succeed again")


def test_an_import_without_space_says_so_and_takes_nothing(cramped: Rig, disk: SmallDisk) -> None:
    disk.fill()
    images = len(cramped.docker.images.list())
    with pytest.raises(Exception, match=NO_SPACE):
        cramped.docker.api.import_image_from_data(os.urandom(1 << 20), repository="noise", tag="1")
    assert len(cramped.docker.images.list()) == images
    assert not list(cramped.names.tmp.iterdir())


def _runs(rig: Rig) -> bool:
    with suppress(Exception):
        return bool(rig.run("true").wait(timeout=60)["StatusCode"] == 0)
    return False
