"""CHECKS B07, for pulls: killed at any moment, or out of disk; nothing half-made shows, and a retry goes on."""

import asyncio
import hashlib
import json
import os
import random
import signal
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from aiohttp import web

from tests.kernel.rig import Rig, busybox_tar, wait_until
from tests.kernel.test_disk_full import NO_SPACE, SmallDisk
from tests.unit.engine.distribution.peer import Peer
from tests.unit.engine.images.archives import config, oci_image, tar

ROUNDS = int(os.environ.get("WHERRY_KILL_ROUNDS", "25")) // 5
NOISE = [tar({f"noise{number}": random.Random(number).randbytes(3_000_000)}) for number in range(3)]
LAYERS = [busybox_tar(), *NOISE]
IMAGE, BLOBS = oci_image(LAYERS, config(LAYERS))


class Registry:
    """A registry in a thread of its own; ``peer`` is what it has and what it was asked."""

    def __init__(self) -> None:
        self.peer = Peer()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    async def _serve(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        async with self.peer.serving():
            self._ready.set()
            await self._end.wait()

    def __enter__(self) -> Peer:
        self._thread.start()
        assert self._ready.wait(60)
        self.peer.add_image("demo", IMAGE, BLOBS, "1")
        return self.peer

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()


@pytest.fixture
def peer() -> Iterator[Peer]:
    with Registry() as peer:
        yield peer


@pytest.fixture
def rig(instance: Rig) -> Rig:
    return instance


def pull(rig: Rig, name: str) -> list[dict[str, Any]]:
    """The messages of a pull; its connection may break."""
    repository, _, tag = name.rpartition(":")
    return list(rig.docker.api.pull(repository, tag, stream=True, decode=True))


def blobs(rig: Rig) -> set[str]:
    return {f"sha256:{path.name}" for path in (rig.names.content / "blobs/sha256").iterdir()}


def assert_whole_or_absent(rig: Rig, name: str) -> bool:
    """The image is there with every blob and layer, or nothing of it is, at the latest when what goes on in the
    background is done; whether it is there."""
    absent: State = ([], set(), 0)
    whole: State = ([[name]], {"sha256:" + hashlib.sha256(data).hexdigest() for data in BLOBS.values()}, len(LAYERS))
    wait_until(lambda: state(rig) in (absent, whole), what=f"whole or absent: {state(rig)}")
    return state(rig) == whole


State = tuple[list[list[str]], set[str], int]


def state(rig: Rig) -> State:
    """The names of all images, their blobs, and how many layers there are."""
    images = [image.tags for image in rig.docker.images.list()]
    return images, blobs(rig), len(list((rig.names.snapshots / "sha256").iterdir()))


def halting(data: bytes, after: int) -> Any:
    """A blob whose bytes stop coming."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(len(data))})
        await response.prepare(request)
        await response.write(data[:after])
        await asyncio.Event().wait()  # until the server ends
        raise AssertionError

    return answer


def test_b07_a_pull_goes_on_after_a_kill(rig: Rig, peer: Peer) -> None:
    """One layer is complete, one half there: after the kill neither shows, and neither is fetched again from 0."""
    name = f"{peer.host}/demo:1"
    layers = [one["digest"] for one in json.loads(IMAGE)["layers"]]
    peer.fault("GET", layers[3], halting(peer.blobs[layers[3]], 1_500_000), times=1)
    pulling = threading.Thread(target=_quietly, args=(rig, name))
    pulling.start()
    ingests = rig.names.content / "ingest"

    def arrived() -> bool:
        sizes = []
        for path in ingests.glob("ref-*/data"):
            with suppress(FileNotFoundError):
                sizes.append(path.stat().st_size)
        return sum(size >= 3_000_000 for size in sizes) == 2 and any(1_000_000 <= size < 3_000_000 for size in sizes)

    wait_until(arrived, what="layers to arrive")
    os.kill(rig.pid("node"), signal.SIGKILL)
    pulling.join()
    rig.forget_connections()
    wait_until(rig.answers, 120, "the daemon to be back")
    assert not assert_whole_or_absent(rig, name)
    assert list(ingests.glob("ref-*/data"))
    peer.headers.clear()
    peer.seen.clear()
    messages = pull(rig, name)
    assert messages[-1]["status"] == f"Status: Downloaded newer image for {name}"
    assert assert_whole_or_absent(rig, name)
    position = peer.seen.index(f"GET /v2/demo/blobs/{layers[3]}")
    assert peer.headers[position].get("Range", "").startswith("bytes=1")
    assert list(ingests.iterdir()) == []
    assert rig.docker.containers.run(name, ["ls", "/"], network_mode="none", remove=True).count(b"noise") == 3


def _quietly(rig: Rig, name: str) -> None:
    with suppress(Exception):  # the daemon is killed under it
        pull(rig, name)


def test_b07_kills_at_any_moment(rig: Rig, peer: Peer) -> None:
    """Whenever the daemon is killed, what shows is the whole image or nothing."""
    name = f"{peer.host}/demo:1"
    generator = random.Random(7)
    for _ in range(ROUNDS):
        pulling = threading.Thread(target=_quietly, args=(rig, name))
        pulling.start()
        pulling.join(generator.uniform(0.0, 0.5))
        os.kill(rig.pid("node"), signal.SIGKILL)
        pulling.join()
        rig.forget_connections()
        wait_until(rig.answers, 120, "the daemon to be back")
        if assert_whole_or_absent(rig, name):
            rig.docker.images.remove(name, force=True)
            wait_until(lambda: not blobs(rig), what="the files to go")
    pull(rig, name)
    assert assert_whole_or_absent(rig, name)


def test_b07_a_full_disk(peer: Peer) -> None:
    """What does not fit leaves nothing, and fits when there is room."""
    disk = SmallDisk()
    rig = Rig(disk.mount / "root")
    rig.root.mkdir()
    name = f"{peer.host}/demo:1"
    try:
        rig.up()
        for reserve in (1_000_000, 8_000_000, 14_000_000):  # in the downloads, and in the extraction
            fill_but(disk, reserve)
            with pytest.raises(Exception, match=NO_SPACE):
                messages = pull(rig, name)
                raise RuntimeError(messages[-1].get("error", "it was pulled"))
            wait_until(lambda: not assert_whole_or_absent(rig, name))
            wait_until(lambda: not list((rig.names.content / "ingest").iterdir()), what="the ingests to go")
            assert not [path for path in rig.names.tmp.iterdir() if path.name.startswith("layer-")]
            disk.free()
        pull(rig, name)
        assert assert_whole_or_absent(rig, name)
    finally:
        disk.free()
        left = rig.close()
        disk.close()
    assert not left, "left behind:\n" + "\n".join(left)


def fill_but(disk: SmallDisk, reserve: int) -> None:
    """Fill the disk, and give that many bytes back."""
    disk.fill()
    filler = disk.mount / "filler"
    os.truncate(filler, filler.stat().st_size - reserve)


def test_b07_a_client_that_leaves_ends_the_pull(rig: Rig, peer: Peer) -> None:
    name = f"{peer.host}/demo:1"
    layers = [one["digest"] for one in json.loads(IMAGE)["layers"]]
    peer.fault("GET", layers[2], halting(peer.blobs[layers[2]], 1000), times=1)
    stream = rig.docker.api.pull(*name.rsplit(":", 1), stream=True, decode=True)
    for message in stream:
        if message.get("status") == "Download complete":
            break
    stream.close()
    rig.forget_connections()
    wait_until(lambda: not list(rig.names.snapshots.joinpath("sha256").iterdir()), what="the layers to go")
    wait_until(rig.answers)
    assert not assert_whole_or_absent(rig, name)
    pull(rig, name)
    assert assert_whole_or_absent(rig, name)
