"""Removing, as it is carried out (the rules: test_removal; the service: test_images)."""

import pytest

from tests.unit.engine.images.archives import chunks, docker_archive, tar
from tests.unit.engine.images.conftest import Shelf
from wherry.engine.images import ImageUse
from wherry.kit.errors import Conflict, Invalid
from wherry.oci.reference import Reference

LAYERS = [tar({"a": b"1"}), tar({"b": b"22"})]


def nobody(image: str) -> list[ImageUse]:
    return []


async def loaded(shelf: Shelf, *tags: str) -> str:
    async for _ in shelf.images.load(chunks(docker_archive(LAYERS, tags))):
        pass
    return shelf.images.get(tags[0]).id


async def test_an_id_prefix_is_an_id(shelf: Shelf) -> None:
    image = await loaded(shelf, "demo:1", "other:1")
    with pytest.raises(Conflict, match="is referenced in multiple repositories"):
        shelf.images.remove(image.removeprefix("sha256:")[:6], False, True, nobody)
    records = shelf.images.remove(image, True, True, nobody)
    assert [record.get("Untagged") for record in records][:3] == ["demo:1", "other:1", None]


async def test_a_refusal_changes_nothing(shelf: Shelf) -> None:
    image = await loaded(shelf, "demo:1")
    for force in (False, True):
        with pytest.raises(Conflict):
            shelf.images.remove(image, force, True, lambda one: [ImageUse("c" * 64, running=True)])
    assert shelf.images.get("demo:1").id == image
    assert shelf.told.actions() == [("load", image)]


async def test_layers_are_told_from_the_top_down(shelf: Shelf) -> None:
    image = await loaded(shelf, "demo:1")
    chains = shelf.images.get(image).chain_ids
    records = shelf.images.remove("demo:1", False, True, nobody)
    assert [record["Deleted"] for record in records[1:]] == [image, chains[1], chains[0]]


async def test_settling_waits_for_the_files(shelf: Shelf) -> None:
    await loaded(shelf, "demo:1")
    shelf.images.remove("demo:1", False, True, nobody)
    assert shelf.blobs()
    await shelf.images.settle()
    assert not shelf.blobs()
    await shelf.images.settle()


async def test_pruned_bytes_are_the_layers_that_went(shelf: Shelf) -> None:
    await loaded(shelf, "demo:1")
    await shelf.images.import_(chunks(LAYERS[0]))  # shares the lower layer
    assert shelf.images.prune({}, nobody).bytes == 0
    assert shelf.images.prune({"dangling": ["0"]}, nobody).bytes == 3
    with pytest.raises(Invalid, match="invalid filter 'x'"):
        shelf.images.prune({"x": ["y"]}, nobody)


async def test_pruning_an_image_with_a_tag_and_a_digest(shelf: Shelf) -> None:
    """With its last tag the image goes, and its digest with it: that is no failure."""
    image = await loaded(shelf, "demo:1")
    shelf.images.ledger.name(shelf.images.get(image), [Reference.parse(f"demo@sha256:{'a' * 64}")])
    pruned = shelf.images.prune({"dangling": ["0"]}, nobody)
    assert {"Deleted": image} in pruned.deleted
    assert not shelf.images.list()
