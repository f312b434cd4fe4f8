"""An image is whole or was never there: whatever fails, at whatever step."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.engine.images.archives import chunks, docker_archive, manifest_entry, oci_archive, oci_image, tar
from tests.unit.engine.images.conftest import MemorySnapshots, Shelf
from wherry.engine.content import ContentStore
from wherry.engine.content.ingest import Ingest
from wherry.engine.images.registrar import created_nanoseconds
from wherry.engine.images.rows import ImageRows
from wherry.oci.model import ImageConfig

LAYERS = [tar({"a": b"1"}), tar({"b": b"2"})]
MANIFEST, BLOBS = oci_image(LAYERS)
ARCHIVES = {
    "without manifest": docker_archive(LAYERS),
    "with": oci_archive([manifest_entry(MANIFEST, "demo:1")], BLOBS),
}


class Crash(Exception):
    """The n-th action did not happen."""


class Fuse:
    """Lets ``n`` actions happen."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, actions: int) -> None:
        self.left = actions
        for owner, name in (
            (Ingest, "write"),
            (Ingest, "commit"),
            (ContentStore, "writer"),
            (MemorySnapshots, "extract"),
            (ImageRows, "insert"),
            (ImageRows, "refer"),
        ):
            monkeypatch.setattr(owner, name, self.guarded(getattr(owner, name)))

    def guarded(self, action: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **more: Any) -> Any:
            if self.left == 0:
                raise Crash
            self.left -= 1
            return action(*arguments, **more)

        return run


async def load(shelf: Shelf, data: bytes) -> None:
    async for _ in shelf.images.load(chunks(data)):
        pass


@pytest.mark.parametrize("archive", ARCHIVES.values(), ids=ARCHIVES.keys())
async def test_a_failure_after_any_action_leaves_nothing_or_a_whole_image(
    shelf: Shelf, archive: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    for actions in range(100):
        with monkeypatch.context() as patch:
            fuse = Fuse(patch, actions)
            try:
                await load(shelf, archive)
            except Crash:
                pass
        if fuse.left:
            break
        for image in shelf.images.list():
            assert shelf.blobs() == {image.id, image.manifest, *image.layers}
            assert set(shelf.snapshots.made) == set(image.chain_ids)
        if not shelf.images.list():
            assert shelf.blobs() == set() and not shelf.snapshots.made
    assert 5 < actions < 99
    assert shelf.images.get("demo:1").diff_ids


@pytest.mark.parametrize("archive", ARCHIVES.values(), ids=ARCHIVES.keys())
async def test_a_request_that_is_cancelled_anywhere_leaves_nothing_or_a_whole_image(
    shelf: Shelf, archive: bytes
) -> None:
    for steps in range(0, 60, 2):
        task = asyncio.ensure_future(load(shelf, archive))
        for _ in range(steps):
            await asyncio.sleep(0.0005)  # the moment of the cancellation is what is tested
            if task.done():
                break
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            pass
        images = shelf.images.list()
        assert shelf.blobs() == {name for one in images for name in (one.id, one.manifest, *one.layers)}
        assert set(shelf.snapshots.made) == {chain for one in images for chain in one.chain_ids}
        for image in images:
            shelf.images.remove(image.id, True, True, lambda one: [])
        await shelf.images.settle()


async def test_the_same_layer_loaded_twice_at_once_is_extracted_once(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    extractions = []
    original = MemorySnapshots.extract

    def counting(self: MemorySnapshots, chain_id: str, *arguments: Any) -> Any:
        extractions.append(chain_id)
        return original(self, chain_id, *arguments)

    monkeypatch.setattr(MemorySnapshots, "extract", counting)
    await asyncio.gather(
        *(shelf.images.import_(chunks(LAYERS[0]), "demo", str(number)) for number in range(4)),
        load(shelf, docker_archive(LAYERS, ["other:1"])),
    )
    assert len(extractions) == len(set(extractions)) == 2
    assert len(shelf.images.list()) == 5


async def test_loads_and_removals_at_once_end_in_whole_images(shelf: Shelf) -> None:
    async def churn(number: int) -> None:
        for turn in range(6):
            await load(shelf, docker_archive(LAYERS[: 1 + (number + turn) % 2], [f"demo:{number}"]))
            if (number + turn) % 3:
                shelf.images.remove(f"demo:{number}", False, True, lambda image: [])

    await asyncio.gather(*map(churn, range(4)))
    await shelf.images.settle()
    images = shelf.images.list(everything=True)
    assert shelf.blobs() == {name for one in images for name in (one.id, one.manifest, *one.layers)}
    assert set(shelf.snapshots.made) == {chain for one in images for chain in one.chain_ids}


@pytest.mark.parametrize(
    ("created", "nanoseconds"),
    [
        (None, 0),
        ("", 0),
        ("nonsense", 0),
        ("1970-01-01T00:00:01.5Z", 1_500_000_000),
        ("1970-01-01T01:00:00+01:00", 0),
    ],
)
def test_when_an_image_was_made(created: str | None, nanoseconds: int) -> None:
    assert created_nanoseconds(ImageConfig(created=created)) == nanoseconds
