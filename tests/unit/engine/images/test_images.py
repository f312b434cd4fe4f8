"""The image service, whole, on a disk, with snapshots in memory."""

import io
import json

import pytest

from tests.unit.engine.images.archives import chunks, config, digest, docker_archive, tar
from tests.unit.engine.images.conftest import Shelf
from wherry.engine.images import Image, Images, ImageUse
from wherry.kit.errors import Conflict, Invalid, NotFound
from wherry.oci.digest import Digest

ROOTFS = tar({"bin/sh": b"#!", "etc/passwd": b"root:x:0:0::/:/bin/sh\n"})
OTHER = tar({"other": b"12345"})


def nobody(image: str) -> list[ImageUse]:
    return []


def stopped(image: str) -> list[ImageUse]:
    return [ImageUse("c" * 64, running=False)]


async def imported(shelf: Shelf, name: str = "demo", tag: str = "1", data: bytes = ROOTFS) -> Image:
    return await shelf.images.import_(chunks(data), name, tag)


async def load(images: Images, data: bytes) -> list[str]:
    return [message["stream"].strip() async for message in images.load(chunks(data)) if "stream" in message]


async def test_an_import_has_one_layer_and_a_name(shelf: Shelf) -> None:
    image = await imported(shelf)
    assert image.repo_tags == ("demo:1",)
    assert image.diff_ids == image.chain_ids == (digest(ROOTFS),)
    assert image.size_bytes == 2 + 22
    assert image.id == digest(image.config_bytes)
    assert (image.config.os, image.config.rootfs.type) == ("linux", "layers")
    assert image.comment == "Imported from -"
    assert shelf.snapshots.made.keys() == {digest(ROOTFS)}
    assert shelf.blobs() == {image.id, image.manifest, *image.layers}
    assert shelf.told.actions() == [("import", "demo:1")]


async def test_every_spelling_of_a_name_finds_it(shelf: Shelf) -> None:
    image = await imported(shelf, tag="latest")
    digits = image.id.removeprefix("sha256:")
    for name in ("demo", "demo:latest", "docker.io/library/demo", "index.docker.io/demo:latest", image.id, digits):
        assert shelf.images.get(name).id == image.id
        assert shelf.images.get(name).id == image.id  # from memory
    for length in (1, 5, 12, 63):
        assert shelf.images.get(digits[:length]).id == image.id
    assert shelf.images.get("sha256:" + digits[:12]).id == image.id


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("demo", "No such image: demo:latest"),
        ("demo:2", "No such image: demo:2"),
        ("localhost:5000/x", "No such image: localhost:5000/x:latest"),
        ("f" * 64, "No such image: sha256:" + "f" * 64),
        ("sha256:" + "f" * 64, "No such image: sha256:" + "f" * 64),
        ("demo@sha256:" + "f" * 64, "No such image: demo@sha256:" + "f" * 64),
    ],
)
async def test_what_is_not_there_is_told_in_dockers_words(shelf: Shelf, name: str, message: str) -> None:
    await imported(shelf)
    with pytest.raises(NotFound) as refused:
        shelf.images.get(name)
    assert refused.value.message == message


@pytest.mark.parametrize("name", ["UPPER", "a b", "", "demo:", "../x"])
async def test_no_names_are_refused(shelf: Shelf, name: str) -> None:
    with pytest.raises(Invalid, match="invalid reference format"):
        shelf.images.get(name)


async def test_an_ambiguous_prefix_finds_nothing(shelf: Shelf) -> None:
    for number in range(17):  # two of them share their first digit
        await imported(shelf, f"x{number}", data=tar({"x": b"%d" % number}))
    firsts = [image.id[7] for image in shelf.images.list()]
    shared = next(first for first in firsts if firsts.count(first) > 1)
    with pytest.raises(NotFound):
        shelf.images.get(shared)


async def test_a_tag_moves(shelf: Shelf) -> None:
    first, second = await imported(shelf), await imported(shelf, "other", data=OTHER)
    shelf.images.tag("other:1", "demo", "1")
    assert shelf.images.get("demo:1").id == second.id
    assert shelf.images.get(first.id).repo_tags == ()
    assert shelf.told.actions()[-1] == ("tag", "demo:1")
    assert shelf.images.get(second.id).last_tagged_nanoseconds == shelf.clock[0]


@pytest.mark.parametrize(
    ("repository", "tag", "message"),
    [
        ("UPPER", "", "must be lowercase"),
        ("a b", "", "invalid reference format"),
        ("x", "a b", "invalid tag format"),
        ("sha256", "1", "refusing to create an ambiguous tag using digest algorithm as name"),
        ("x@sha256:" + "f" * 64, "", "cannot import digest reference"),
    ],
)
async def test_bad_tags_are_refused(shelf: Shelf, repository: str, tag: str, message: str) -> None:
    await imported(shelf)
    with pytest.raises(Invalid, match=message):
        shelf.images.tag("demo:1", repository, tag)
    with pytest.raises(Invalid, match=message):
        await shelf.images.import_(chunks(OTHER), repository, tag)
    assert len(shelf.images.list()) == 1


async def test_removing_the_last_name_removes_everything(shelf: Shelf) -> None:
    image = await imported(shelf)
    records = shelf.images.remove("demo:1", False, True, nobody)
    assert records == [{"Untagged": "demo:1"}, {"Deleted": image.id}, {"Deleted": image.chain_ids[0]}]
    with pytest.raises(NotFound):
        shelf.images.get("demo:1")
    await shelf.images.settle()
    assert shelf.blobs() == set() and shelf.snapshots.made == {}
    assert shelf.told.actions()[1:] == [("untag", image.id), ("delete", image.id)]


async def test_a_shared_layer_stays(shelf: Shelf) -> None:
    first = await imported(shelf)
    second = await imported(shelf, "demo", "2")  # the same layer, another configuration
    assert first.id != second.id and first.layers == second.layers
    records = shelf.images.remove("demo:1", False, True, nobody)
    await shelf.images.settle()
    assert {"Deleted": first.chain_ids[0]} not in records
    assert shelf.snapshots.made.keys() == {second.chain_ids[0]}
    assert shelf.blobs() == {second.id, second.manifest, *second.layers}


async def test_an_image_in_use_keeps_its_layers_after_a_forced_removal(shelf: Shelf) -> None:
    image = await imported(shelf)
    with pytest.raises(Conflict):
        shelf.images.remove("demo:1", False, True, stopped)
    shelf.images.remove("demo:1", True, True, stopped)
    await shelf.images.settle()
    with pytest.raises(NotFound):
        shelf.images.get(image.id)
    assert shelf.images.list() == [] and shelf.images.count() == 0
    assert shelf.images.held(image.id).chain_ids == image.chain_ids
    images = shelf.again()
    images.collect(stopped)
    assert shelf.snapshots.made
    images.collect(nobody)
    await images.settle()
    assert shelf.snapshots.made == {} and shelf.blobs() == set()
    with pytest.raises(NotFound):
        images.held(image.id)


async def test_a_removed_image_that_comes_again_is_there_again(shelf: Shelf) -> None:
    saved = docker_archive([ROOTFS])
    await load(shelf.images, saved)
    image = shelf.images.get("demo:1")
    shelf.images.remove("demo:1", True, True, stopped)
    await load(shelf.images, saved)
    assert shelf.images.get("demo:1").id == image.id
    shelf.images.collect(nobody)
    await shelf.images.settle()
    assert shelf.images.get("demo:1").chain_ids[0] in shelf.snapshots.made


async def test_history_has_sizes_and_the_image_on_top(shelf: Shelf) -> None:
    layers = [ROOTFS, OTHER]
    steps = [
        {"created": "2026-01-01T00:00:00Z", "created_by": "ADD rootfs"},
        {"created": "2026-01-01T00:00:01Z", "created_by": "ENV A=b", "empty_layer": True},
        {"created": "2026-01-01T00:00:02Z", "created_by": "COPY other", "comment": "last"},
    ]
    await load(shelf.images, docker_archive(layers, settings=config(layers, history=steps)))
    entries = shelf.images.history("demo:1")
    image = shelf.images.get("demo:1")
    assert [(one.id, one.created_by, one.size_bytes, one.tags) for one in entries] == [
        (image.id, "COPY other", 5, ("demo:1",)),
        ("<missing>", "ENV A=b", 0, ()),
        ("<missing>", "ADD rootfs", 24, ()),
    ]
    assert entries[0].created_seconds == 1_767_225_602 and entries[0].comment == "last"


async def test_a_prune_takes_what_has_no_name(shelf: Shelf) -> None:
    await imported(shelf)
    lost = await shelf.images.import_(chunks(OTHER))
    pruned = shelf.images.prune({}, nobody)
    assert pruned.deleted == [{"Deleted": lost.id}, {"Deleted": lost.chain_ids[0]}]
    assert pruned.bytes == 5
    assert [image.repo_tags for image in shelf.images.list()] == [("demo:1",)]


async def test_a_prune_of_all_leaves_what_is_used(shelf: Shelf) -> None:
    used = await imported(shelf)
    await imported(shelf, "other", data=OTHER)
    pruned = shelf.images.prune({"dangling": ["false"]}, lambda one: stopped(one) if one == used.id else [])
    assert [record["Untagged"] for record in pruned.deleted if "Untagged" in record] == ["other:1"]
    assert [image.id for image in shelf.images.list()] == [used.id]


async def test_sizes_count_shared_layers_once(shelf: Shelf) -> None:
    await imported(shelf)
    await imported(shelf, "demo", "2")
    await imported(shelf, "other", data=OTHER)
    assert shelf.images.layers_size() == 24 + 5
    assert shelf.images.count() == 3


async def test_everything_is_found_again_after_a_restart(shelf: Shelf) -> None:
    image = await imported(shelf)
    shelf.images.tag("demo:1", "also")
    again = shelf.again()
    assert again.get("also").id == image.id
    assert again.get("demo:1") == shelf.images.get("demo:1")


async def test_a_start_removes_what_no_row_owns(shelf: Shelf) -> None:
    image = await imported(shelf)
    shelf.content.write(b"rubbish")
    with shelf.content.writer() as half:
        half.write(b"half")
        shelf.snapshots.extract(digest(OTHER), None, io.BytesIO(OTHER))
        shelf.again()
    assert shelf.blobs() == {image.id, image.manifest, *image.layers}
    assert shelf.snapshots.made.keys() == set(image.chain_ids)


async def test_tagged_manifests_are_in_the_layouts_index(shelf: Shelf) -> None:
    image = await imported(shelf)
    await shelf.images.import_(chunks(OTHER))
    index = json.loads((shelf.root / "content/index.json").read_text())
    assert [one["digest"] for one in index["manifests"]] == [image.manifest]
    assert index["manifests"][0]["annotations"]["io.containerd.image.name"] == "docker.io/library/demo:1"
    assert index["manifests"][0]["size"] == shelf.content.size(Digest.parse(image.manifest))
    shelf.images.remove("demo:1", False, True, nobody)
    assert json.loads((shelf.root / "content/index.json").read_text())["manifests"] == []


async def test_labels_of_the_image_are_told_with_its_events(shelf: Shelf) -> None:
    await shelf.images.import_(chunks(ROOTFS), "demo", "1", ["LABEL a=b name=fake"])
    assert shelf.told.events[0][3] == {"a": "b", "name": "demo:1"}
