"""S04: damaged files, foreign versions, two processes: found and refused, with a text that says what to do."""

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import apsw
import pytest

from tests.kernel.storeprocess import REPOSITORY
from wherry.kit.errors import Unavailable, Unsupported
from wherry.store.model import Corrupt, Delete, Event, Item, Put
from wherry.store.sqlite import open_store

FLIPS = int(os.environ.get("WHERRY_BIT_FLIPS", "200"))
SEED = int(os.environ.get("S04_SEED", "4"))
FILES = ("state", "state-wal", "state-guard")


@dataclass
class Original:
    """Files as a killed process leaves them, and what is in them."""

    directory: Path
    content: tuple[int, int, tuple[Item, ...], Sequence[Event]]

    def copy(self, target: Path) -> Path:
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(self.directory, target)
        return target / "state"


async def content(path: Path) -> tuple[int, int, tuple[Item, ...], Sequence[Event]]:
    """Everything that a store serves. Raises what its opening does."""
    store = open_store(path)
    try:
        revision, compacted = await store.revision(), await store.compacted()
        return revision, compacted, (await store.range("")).items, await store.events("", max(compacted, 1), revision)
    finally:
        await store.aclose()


@pytest.fixture
async def original(tmp_path: Path) -> Original:
    """Of a store that has been used for a while: part of it in the log, part of its history forgotten."""
    store = open_store(tmp_path / "state")
    chance = random.Random(SEED)
    for number in range(300):
        key = f"/{chance.choice('abc')}/{chance.randrange(30)}"
        await store.commit([], [Put(key, b"%d " % number + chance.randbytes(chance.randrange(600)))])
        if number % 10 == 0:
            await store.commit([], [Delete(f"/a/{chance.randrange(30)}")])
    lease = await store.grant(3600)
    await store.commit([], [Put("/leased", b"", lease)])
    await store.compact(100)
    store._writing.execute("PRAGMA wal_checkpoint(RESTART)")  # and some more, that the log begins anew with
    for number in range(20):
        await store.commit([], [Put(f"/late/{number}", chance.randbytes(300))])
    (tmp_path / "original").mkdir()
    for name in FILES:
        shutil.copy(tmp_path / name, tmp_path / "original" / name)
    await store.aclose()
    found = Original(tmp_path / "original", (0, 0, (), ()))
    found.content = await content(found.copy(tmp_path / "copy"))
    assert found.content[0] > 300
    return found


async def verdict(path: Path) -> object:
    """What is served, or the refusal: nothing else may come of opening it."""
    try:
        return await content(path)
    except (Corrupt, Unsupported) as error:
        assert str(path.name) in str(error) or "damaged" in str(error), error
        return None


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", FILES)
async def test_s04_a_bit_that_has_changed_is_found_or_meant_nothing(
    original: Original, tmp_path: Path, name: str
) -> None:
    chance = random.Random(f"{SEED} {name}")
    refused = 0
    for _ in range(FLIPS // len(FILES)):
        path = original.copy(tmp_path / "copy")
        damaged = path.with_name(name)
        data = bytearray(damaged.read_bytes())
        bit = chance.randrange(len(data) * 8)
        data[bit // 8] ^= 1 << bit % 8
        damaged.write_bytes(data)
        found = await verdict(path)
        assert found in (None, original.content), f"bit {bit} of {name} (seed {SEED}) was served"
        refused += found is None
    assert refused, "no damage was found at all"


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", ["state", "state-wal"])
async def test_s04_a_file_that_was_cut_off_is_found_or_lacks_nothing(
    original: Original, tmp_path: Path, name: str
) -> None:
    size = (original.directory / name).stat().st_size
    chance = random.Random(f"{SEED} {name}")
    for length in [0, 1, 512, 4096, 8192, size // 2, size - 1, *(chance.randrange(size) for _ in range(FLIPS // 10))]:
        path = original.copy(tmp_path / "copy")
        os.truncate(path.with_name(name), length)
        assert await verdict(path) in (None, original.content), f"{name} of {length} bytes was served"


async def test_s04_zeroed_pages_are_found(original: Original, tmp_path: Path) -> None:
    size = (original.directory / "state").stat().st_size
    for page in range(size // 8192):
        path = original.copy(tmp_path / "copy")
        with path.open("r+b") as file:
            file.seek(page * 8192)
            file.write(bytes(8192))
        assert await verdict(path) in (None, original.content), f"page {page} was served"


async def test_s04_an_older_database_is_not_taken_for_the_newest(original: Original, tmp_path: Path) -> None:
    """Somebody puts back a copy of the database file alone."""
    path = original.copy(tmp_path / "copy")
    store = open_store(path)
    await store.commit([], [Put("/new", b"")])
    await store.aclose()
    (tmp_path / "copy" / "state").write_bytes((original.directory / "state").read_bytes())
    assert await verdict(path) is None


async def test_s04_a_newer_schema_is_refused_and_left_alone(original: Original, tmp_path: Path) -> None:
    path = original.copy(tmp_path / "copy")
    with closing(apsw.Connection(str(path))) as connection:
        connection.pragma("user_version", 99)
    before = path.read_bytes()
    with pytest.raises(Unsupported, match="made by a newer Wherry"):
        open_store(path)
    assert path.read_bytes() == before


async def test_s04_a_second_process_is_refused_and_harms_nothing(original: Original, tmp_path: Path) -> None:
    path = original.copy(tmp_path / "copy")
    store = open_store(path)
    program = (
        "import asyncio, sys\nfrom pathlib import Path\nfrom wherry.store.sqlite import open_store\n"
        "async def main(): open_store(Path(sys.argv[1]))\nasyncio.run(main())"
    )
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", program, str(path)], capture_output=True, text=True, cwd=REPOSITORY, check=False
        )
        assert f"in use by another process, pid {os.getpid()}" in done.stderr
        await store.commit([], [Put("/mine", b"")])
    with pytest.raises(Unavailable):
        open_store(path)
    await store.aclose()
    assert await content(path)
