"""S03: the store's disk is full, or fails at the Nth call: a clear error, no acknowledged commit lost, and it heals."""

import asyncio
import os
import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import Coroutine, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.kernel.storeprocess import Chronicle, popen, started
from tests.suites.storework import KEYS, Client, Watcher
from wherry.kit.errors import Unavailable
from wherry.store.checker import check
from wherry.store.history import Entry, Recorder, told
from wherry.store.model import Delete, Put
from wherry.store.sqlite import open_store

CALLS = [int(number) for number in os.environ.get("WHERRY_FAULT_CALLS", "1 2 4 7 12 20 33 60").split()]
PATIENCE_SECONDS = 100


class Disk:
    """A small file system of the test's own."""

    def __init__(self, kind: str) -> None:
        self._scratch = Path(tempfile.mkdtemp(prefix="wherry-store-"))
        self.mount = self._scratch / "disk"
        self.mount.mkdir()
        if kind == "tmpfs":
            command = ["mount", "-t", "tmpfs", "-o", "size=48m", "wherry-test-store", str(self.mount)]
        else:
            image = self._scratch / "image"
            with image.open("wb") as file:
                file.truncate(64 << 20)
            subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True)
            command = ["mount", "-o", "loop", str(image), str(self.mount)]
        subprocess.run(command, check=True)

    def fill(self) -> None:
        """To the last byte: large blocks, then small ones."""
        with (self.mount / "filler").open("ab", buffering=0) as file:
            for size in (1 << 20, 4096, 512):
                with suppress(OSError):
                    while True:
                        file.write(bytes(size))

    def free(self) -> None:
        (self.mount / "filler").unlink(missing_ok=True)

    def close(self) -> None:
        subprocess.run(["umount", "-l", str(self.mount)], check=True)
        shutil.rmtree(self._scratch)


@pytest.fixture(params=["tmpfs", "ext4"])
def disk(request: pytest.FixtureRequest) -> Iterator[Disk]:
    disk = Disk(request.param)
    yield disk
    disk.close()


async def heals(work: Coroutine[object, object, object]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        await work


async def test_s03_a_full_disk_is_told_and_heals_by_itself(disk: Disk) -> None:
    entries: list[Entry] = []
    store = open_store(disk.mount / "state")
    recorder = Recorder(store, entries.append, time.monotonic, "full")
    audit = Watcher(recorder, "", 1)
    await audit.open()
    clients = [Client(recorder, f"{number}", random.Random(number), os.urandom(3000)) for number in range(8)]

    async def some(count: int) -> int:
        before = sum(client.unknown for client in clients)
        for _ in range(count):
            await asyncio.gather(*(client.step() for client in clients))
        return sum(client.unknown for client in clients) - before

    for _ in range(2):
        assert await some(20) == 0
        disk.fill()
        while not await some(5):
            pass  # what the log had room for
        with pytest.raises(Unavailable, match="no space left on the disk"):
            await recorder.commit([], [Put("/pods/0", b"more")])
        page = await recorder.range("")
        assert page.items
        await recorder.get(page.items[0].key, page.revision)
        disk.free()

        async def again() -> None:
            while True:
                if not await some(1):
                    return
                await asyncio.sleep(0.05)

        await heals(again())
    audit.complete(await store.revision())
    await store.aclose()
    assert check(told(entries)) == []


async def test_s03_a_full_disk_can_be_got_out_of_by_deleting_and_compacting(disk: Disk) -> None:
    store = open_store(disk.mount / "state")
    for number in range(1000):
        await store.commit([], [Put(KEYS[number % 5] + f"/{number % 200}", os.urandom(20_000))])
    disk.fill()
    with pytest.raises(Unavailable):
        while True:
            await store.commit([], [Put("/more", os.urandom(20_000))])
    for item in (await store.range(KEYS[0])).items:
        await store.commit([], [Delete(item.key)])
    await store.compact(await store.revision())
    assert (await store.range(KEYS[0])).items == ()
    await store.aclose()


async def test_s03_a_full_disk_does_not_keep_a_store_from_being_opened_and_read(disk: Disk) -> None:
    store = open_store(disk.mount / "state")
    revision = await store.commit([], [Put(key, os.urandom(5000)) for key in KEYS])
    disk.fill()
    await store.aclose()
    store = open_store(disk.mount / "state")
    assert await store.revision() == revision
    assert len((await store.range("")).items) == len(KEYS)
    disk.free()

    async def again() -> None:
        while True:
            with suppress(Unavailable):
                return await store.commit([], [Put("/a", b"")])
            await asyncio.sleep(0.05)

    await heals(again())
    await store.aclose()


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
@pytest.mark.parametrize("number", CALLS)
@pytest.mark.parametrize("fault", ["pwrite64:error=ENOSPC", "pwrite64:error=EIO", "fdatasync:error=EIO"])
@pytest.mark.parametrize("lasting", [False, True], ids=["once", "lasting"])
async def test_s03_a_call_that_fails_loses_nothing(tmp_path: Path, fault: str, number: int, lasting: bool) -> None:
    """Whatever is refused, when the process is gone the store is whole and has all that was acknowledged."""
    chronicle = Chronicle()
    call = fault.partition(":")[0]
    when = f"{number}+" if lasting else f"{number}"
    tracing = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={fault}:when={when}"]
    with popen([*tracing, *started(tmp_path / "state", tmp_path / "journal", number, 1, steps=12)]) as process:
        assert process.stdout is not None
        said = process.stdout.read()
    assert "Traceback" not in said, said
    if process.returncode:
        assert "refused: " in said, said
    else:
        acknowledged, unknown = map(int, said.splitlines()[-1].split()[1:])
        assert lasting or acknowledged > unknown, f"it did not heal: {said}"
    chronicle.add(tmp_path / "journal")
    assert await chronicle.judge(tmp_path / "state") == []
