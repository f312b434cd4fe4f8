"""CHECKS B07, for builds: killed at any moment, or out of disk. No row without its files, no files without a row."""

import gzip
import hashlib
import json
import os
import random
import re
import signal
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.kernel import census
from tests.kernel.builds import Failed, cached, content, made, remains, remove_caches, said
from tests.kernel.rig import Rig, wait_until
from tests.kernel.test_b07_pull import fill_but
from tests.kernel.test_disk_full import NO_SPACE, SmallDisk
from wherry.app.lock import alive

ROUNDS = int(os.environ.get("WHERRY_KILL_ROUNDS", "25")) * 4 // 5
TEXT = """
FROM busybox:test AS one
ARG N
WORKDIR /work
RUN head -c 2000000 /dev/urandom > noise; echo $N > number
RUN --mount=type=cache,id=b07,target=/c echo $N >> /c/log; mkdir many; for i in $(seq 200); do echo $i > many/$i; done
FROM busybox:test AS two
ARG N
COPY . /context/
RUN echo two $N > /two; rm -r /context/d
FROM busybox:test
COPY --from=one /work /work/
COPY --link --from=two /two /
COPY --from=two /context /context
"""


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    try:
        rig.up()
        rig.image()
        yield rig
        remove_caches(rig)
    finally:
        left = rig.close()
    assert not left, "left behind:\n" + "\n".join(left)


@pytest.fixture
def context(tmp_path: Path) -> Path:
    (tmp_path / "d").mkdir()
    for number in range(50):
        (tmp_path / f"d/{number}").write_text(f"{number}\n")
    (tmp_path / "large").write_bytes(random.Random(1).randbytes(1_000_000))
    return tmp_path


class Store:
    """What is on the disk of an instance, and what its rows say."""

    def __init__(self, rig: Rig) -> None:
        self.blobs = {f"sha256:{path.name}": path for path in (rig.names.content / "blobs/sha256").iterdir()}
        self.snapshots = {f"sha256:{path.name}": path for path in (rig.names.snapshots / "sha256").iterdir()}
        self.unfinished = [
            *(path for path in rig.names.tmp.iterdir() if not path.name.startswith("trash")),
            *(rig.names.content / "ingest").iterdir(),
            *rig.names.containers.iterdir(),
        ]
        with closing(sqlite3.connect(f"file:{rig.root}/engine.sqlite?mode=ro", uri=True)) as database:
            self.images = database.execute("SELECT id, manifest FROM images").fetchall()
            self.layers = set(
                database.execute(
                    "SELECT chain_id, diff_id, blob FROM build_layers "
                    "UNION SELECT chain_id, diff_id, blob FROM image_layers"
                ).fetchall()
            )

    def troubles(self) -> Iterator[str]:
        """Rows without files, and files without rows."""
        wanted = {blob for _, _, blob in self.layers} | {name for row in self.images for name in row}
        yield from (f"blob {name} is missing" for name in wanted - self.blobs.keys())
        yield from (f"blob {name} is nobody's" for name in self.blobs.keys() - wanted)
        chains = {chain for chain, _, _ in self.layers}
        yield from (f"layer {name} is missing" for name in chains - self.snapshots.keys())
        yield from (f"layer {name} is nobody's" for name in self.snapshots.keys() - chains)
        yield from (f"{path} is half-made" for path in self.unfinished)

    def damage(self, known: set[str]) -> Iterator[str]:
        """What is not what it is called. ``known`` blobs were looked at before."""
        for _, diff_id, blob in self.layers:
            if blob in known:
                continue
            data = self.blobs[blob].read_bytes()
            if f"sha256:{hashlib.sha256(data).hexdigest()}" != blob:
                yield f"blob {blob} is damaged"
            plain = gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data
            if f"sha256:{hashlib.sha256(plain).hexdigest()}" != diff_id:
                yield f"blob {blob} is not {diff_id}"
            known.add(blob)
        for name, path in self.snapshots.items():
            record = json.loads((path / "layer.json").read_bytes())
            if not (path / "fs").is_dir() or not record["diff_id"]:
                yield f"layer {name} is damaged"


def check(rig: Rig, known: set[str]) -> None:
    """The store is whole, at the latest when what goes on in the background is done."""
    wait_until(lambda: not list(Store(rig).troubles()), 60, f"{list(Store(rig).troubles())} to be mended")
    assert not list(Store(rig).damage(known))


def operations(rig: Rig, context: Path, number: int) -> dict[str, Callable[[], Any]]:
    """What may go on when the kill comes."""
    name = f"b07:{number}"

    def build(**more: Any) -> Any:
        return made(rig, TEXT, context, build_args={"N": str(number)}, tags=[name], **more)

    def then(after: Callable[[], Any]) -> Callable[[], Any]:
        return lambda: (build(), after())

    return {
        "build": build,
        "squash": lambda: build(squash=True),
        "prune": then(lambda: rig.wherry("builder", "prune", "--all", "--force")),
        "commit": lambda: commit(rig, number),
        "remove": then(lambda: rig.docker.images.remove(name, force=True)),
    }


def commit(rig: Rig, number: int) -> None:
    """``docker commit``: a layer out of a container instead of a step."""
    container = rig.run("sh", "-c", "head -c 1000000 /dev/urandom > /noise")
    container.wait()
    container.commit("committed", str(number))


def end(rig: Rig) -> None:
    """Kill the daemon, with its supervisor, which would wait longer and longer before it starts another."""
    pids = [process["pid"] for process in rig.processes() if process["role"] in ("supervisor", "node")]
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    rig.forget_connections()
    wait_until(lambda: not any(alive(pid) for pid in pids))


def _quietly(operation: Callable[[], Any]) -> None:
    with suppress(Exception):  # the client may well be told that it failed
        operation()


@pytest.mark.timeout(1200)
def test_b07_kills_at_any_moment_of_a_build(rig: Rig, context: Path) -> None:
    chance = random.Random(int(os.environ.get("WHERRY_SEED", "7")))
    known: set[str] = set()
    duration = {"commit": 1.0, "build": 0.8, "squash": 1.0, "prune": 1.1, "remove": 1.1}
    for number in range(ROUNDS):
        operation = chance.choice(("build", "build", "squash", "prune", "commit", "remove"))
        thread = threading.Thread(target=_quietly, args=(operations(rig, context, number)[operation],))
        thread.start()
        thread.join(chance.uniform(0.02, duration[operation]))
        end(rig)
        thread.join(200)
        assert not thread.is_alive(), f"a client of {operation} waits for ever"
        rig.up()
        rig.remove_containers()
        check(rig, known)
    wait_until(lambda: not remains(rig))
    number = ROUNDS - 1
    first = made(rig, TEXT, context, build_args={"N": str(number)})
    assert content(rig, first, "/two") == f"two {number}\n"
    again = made(rig, TEXT, context, build_args={"N": str(number)})
    assert (again["id"], cached(again).count(False)) == (first["id"], 3)  # FROM makes nothing


def test_b07_a_killed_build_goes_on_where_it_was(rig: Rig) -> None:
    """Steps that were done before the kill are done."""
    text = (
        "FROM busybox:test\nRUN head -c 8 /dev/urandom > /id\nRUN [ -e /proc/self/nothing ] || cat /id\n"
        "RUN sleep 60217\n"
    )
    thread = threading.Thread(target=_quietly, args=(lambda: made(rig, text),))
    thread.start()
    wait_until(lambda: any("sleep 60217" in words for _, words in census.processes(rig.names)))
    end(rig)
    thread.join(200)
    rig.up()
    wait_until(lambda: not remains(rig))
    again = made(rig, text.replace("RUN sleep 60217", "RUN true"))
    assert cached(again) == [False, True, True, False]


NO_ROOM = re.compile(f"{NO_SPACE}|I/O error")  # the latter is what a loop device makes of it for a step itself
STEPS = {
    "run": "RUN head -c 6000000 /dev/urandom > /noise\n",
    "copy": "COPY large many /\n",
    "squash": "RUN head -c 3000000 /dev/urandom > /a\nRUN head -c 3000000 /dev/urandom > /b\n",
}


@pytest.fixture
def cramped() -> Iterator[tuple[Rig, SmallDisk]]:
    disk = SmallDisk()
    rig = Rig(disk.mount / "root")
    rig.root.mkdir()
    try:
        rig.up()
        rig.image()
        yield rig, disk
    finally:
        disk.free()
        left = rig.close()
        disk.close()
    assert not left, "left behind:\n" + "\n".join(left)


def test_b07_a_full_disk(cramped: tuple[Rig, SmallDisk], context: Path) -> None:
    """Whatever a build has no room for, it says so, leaves nothing, and succeeds when there is room."""
    rig, disk = cramped
    (context / "large").write_bytes(random.Random(2).randbytes(6_000_000))
    (context / "many").mkdir()
    for number in range(500):
        (context / f"many/{number}").write_text(f"{number}\n")
    known: set[str] = set()
    for kind, step in STEPS.items():
        squash = kind == "squash"
        for reserve in (60_000, 1_000_000, 4_000_000, 7_000_000, 9_000_000):
            fill_but(disk, reserve)
            with pytest.raises((Failed, AssertionError, OSError)) as failure:
                made(rig, f"FROM busybox:test\n{step}", context, squash=squash)
            wrote = getattr(failure.value, "events", [])
            assert NO_ROOM.search(str(failure.value) + said(wrote)), (kind, reserve, failure.value)
            disk.free()
            assert rig.answers()
            wait_until(lambda: not remains(rig))
            check(rig, known)
        made(rig, f"FROM busybox:test\n{step}", context, squash=squash)
        rig.wherry("builder", "prune", "--all", "--force")
        for image in rig.docker.images.list(all=True):
            if not image.tags:
                rig.docker.images.remove(image.id, force=True)
        check(rig, known)
