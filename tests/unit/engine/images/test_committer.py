"""Commits: a layer on an image, and what the image says of it."""

import io
import tarfile

import pytest

from tests.unit.engine.images.archives import chunks, digest, tar
from tests.unit.engine.images.conftest import Shelf
from wherry.engine.images.committer import Commitment
from wherry.engine.images.model import Image
from wherry.engine.snapshots.encode import END
from wherry.engine.snapshots.model import Diff, Sink
from wherry.kit.errors import Invalid, Unavailable
from wherry.oci.model import ContainerConfig

ROOTFS, LAYER = tar({"a": b"1"}), tar({"b": b"22"})


async def base(shelf: Shelf) -> Image:
    return await shelf.images.import_(chunks(ROOTFS), "demo", "1")


def write(sink: Sink) -> Diff:
    for at in range(0, len(LAYER), 1000):
        sink.write(LAYER[at : at + 1000])
    return Diff(digest(LAYER), 2, 1)


def empty(sink: Sink) -> Diff:
    sink.write(END)
    return Diff(digest(END), 0, 0)


async def test_a_layer_on_top(shelf: Shelf) -> None:
    below = await base(shelf)
    wanted = Commitment(
        ContainerConfig(env=["A=1"], cmd=["sh"]), ["sh", "-c", "x"], ["ENV B=2"], "why", "me", "made", "2"
    )
    image = await shelf.images.commit(below.id, write, wanted)
    assert shelf.images.get("made:2") == image
    assert image.diff_ids == (*below.diff_ids, digest(LAYER))
    assert image.layers[:1] == below.layers
    assert image.parent == below.id
    assert (image.config.author, image.config.comment) == ("me", "why")
    assert (image.config.config.env, image.config.config.cmd) == (["A=1", "B=2"], ["sh"])
    steps = [(step.created_by, step.comment, step.empty_layer) for step in image.config.history]
    assert steps == [("", "Imported from -", False), ("sh -c x", "why", False)]
    assert shelf.told.actions()[-1] == ("tag", "made:2")


async def test_without_a_name_it_has_none(shelf: Shelf) -> None:
    image = await shelf.images.commit((await base(shelf)).id, write, Commitment(ContainerConfig()))
    assert image.repo_tags == ()


async def test_nothing_written_is_no_layer(shelf: Shelf) -> None:
    below = await base(shelf)
    image = await shelf.images.commit(below.id, empty, Commitment(ContainerConfig(user="bob")))
    assert image.diff_ids == below.diff_ids
    assert image.config.history[-1].empty_layer
    assert image.config.config.user == "bob"


async def test_an_image_can_be_saved_and_loaded(shelf: Shelf) -> None:
    await shelf.images.commit((await base(shelf)).id, write, Commitment(ContainerConfig(), repository="made"))
    saved = b"".join([chunk async for chunk in shelf.images.save(["made:latest"])])
    with tarfile.open(fileobj=io.BytesIO(saved)) as archive:
        assert "manifest.json" in archive.getnames()


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        (Commitment(ContainerConfig(), changes=["RUN x"]), "is not a valid change command"),
        (Commitment(ContainerConfig(), repository="UPPER"), "invalid reference format"),
    ],
)
async def test_what_cannot_be_leaves_nothing(shelf: Shelf, wanted: Commitment, says: str) -> None:
    below = await base(shelf)
    before = shelf.blobs()
    with pytest.raises(Invalid, match=says):
        await shelf.images.commit(below.id, write, wanted)
    assert shelf.blobs() == before


async def test_a_layer_that_cannot_be_written_leaves_nothing(shelf: Shelf) -> None:
    below = await base(shelf)
    before = shelf.blobs()

    def fail(sink: Sink) -> Diff:
        sink.write(LAYER)
        raise Unavailable("the disk is full")

    with pytest.raises(Unavailable):
        await shelf.images.commit(below.id, fail, Commitment(ContainerConfig()))
    await shelf.images.settle()
    assert shelf.blobs() == before
    assert len(shelf.images.list()) == 1
