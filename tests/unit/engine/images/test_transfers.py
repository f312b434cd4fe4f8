"""Load and save: what goes out comes in again, and a lie leaves nothing."""

import gzip
import io
import json
import tarfile
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.unit.engine.images.archives import (
    blob,
    chunks,
    config,
    digest,
    docker_archive,
    manifest_entry,
    oci_archive,
    oci_image,
    tar,
)
from tests.unit.engine.images.conftest import Shelf
from wherry.engine.content import Corrupt
from wherry.engine.images import ImageUse
from wherry.kit.errors import Invalid, NotFound, Unavailable
from wherry.oci.digest import Digest

LAYERS = [tar({"a": b"1"}), tar({"b": b"22"})]


def nobody(image: str) -> list[ImageUse]:
    return []


async def load(shelf: Shelf, data: bytes) -> list[str]:
    return [one["stream"].strip() async for one in shelf.images.load(chunks(data)) if "stream" in one]


async def save(shelf: Shelf, *names: str) -> bytes:
    return b"".join([chunk async for chunk in shelf.images.save(names)])


def members(data: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        found = {}
        for member in archive.getmembers():
            file = archive.extractfile(member)
            if file is not None:
                found[member.name] = file.read()
        return found


async def test_a_docker_archive_is_loaded(shelf: Shelf) -> None:
    assert await load(shelf, docker_archive(LAYERS, ["demo:1", "demo:2"])) == [
        "Loaded image: demo:1",
        "Loaded image: demo:2",
    ]
    image = shelf.images.get("demo:2")
    assert image.id == digest(config(LAYERS))
    assert image.diff_ids == tuple(map(digest, LAYERS))
    assert shelf.told.actions() == [("load", image.id)]


async def test_an_unnamed_image_is_told_by_id(shelf: Shelf) -> None:
    assert await load(shelf, docker_archive(LAYERS, None)) == [f"Loaded image ID: {digest(config(LAYERS))}"]


async def test_layers_without_a_manifest_are_stored_compressed(shelf: Shelf) -> None:
    big = tar({"zeros": bytes(100_000)})
    await load(shelf, docker_archive([big]))
    (layer,) = shelf.images.get("demo:1").layers
    data = members(await save(shelf, "demo:1"))["blobs/" + layer.replace(":", "/")]
    assert len(data) < 5000 and gzip.decompress(data) == big


async def test_a_manifest_and_its_blobs_are_kept_byte_for_byte(shelf: Shelf) -> None:
    manifest, blobs = oci_image(LAYERS)
    await load(shelf, oci_archive([manifest_entry(manifest, "demo:1")], blobs))
    image = shelf.images.get("demo:1")
    assert image.manifest == digest(manifest)
    saved = members(await save(shelf, "demo:1"))
    assert {name: data for name, data in saved.items() if name.startswith("blobs/")} == blobs


async def test_what_was_saved_is_loaded_as_it_was(shelf: Shelf) -> None:
    await load(shelf, docker_archive(LAYERS, ["demo:1", "demo:2", "other:1"]))
    await shelf.images.import_(chunks(tar({"c": b"3"})), "third")
    before = {image.id: image for image in shelf.images.list()}
    saved = await save(shelf, "demo", "other:1", "third")
    for name in ("demo:1", "demo:2", "other:1", "third"):
        shelf.images.remove(name, False, True, nobody)
    await shelf.images.settle()
    assert shelf.blobs() == set()
    await load(shelf, saved)
    for image in shelf.images.list():
        was = before[image.id]
        assert (image.manifest, image.layers, image.repo_tags) == (was.manifest, was.layers, was.repo_tags)
    assert len(shelf.images.list()) == 2


async def test_a_saved_archive_describes_itself_three_times(shelf: Shelf) -> None:
    await load(shelf, docker_archive(LAYERS, ["demo:1"]))
    image = shelf.images.get("demo:1")
    files = members(await save(shelf, "demo:1"))
    manifest = json.loads(files["manifest.json"])
    index = json.loads(files["index.json"])
    assert manifest[0]["Config"] == blob(config(LAYERS)) and manifest[0]["RepoTags"] == ["demo:1"]
    assert [digest(files[name]) for name in manifest[0]["Layers"]] == list(image.layers)
    assert index["manifests"][0]["digest"] == image.manifest
    assert index["manifests"][0]["platform"] == {"architecture": "amd64", "os": "linux"}
    assert json.loads(files["repositories"]) == {"demo": {"1": image.layers[-1].removeprefix("sha256:")}}
    assert json.loads(files["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}


async def test_a_repositorys_name_saves_all_its_tags_and_an_id_none(shelf: Shelf) -> None:
    await load(shelf, docker_archive(LAYERS, ["demo:1", "demo:2", "other:1"]))
    image = shelf.images.get("demo:1")
    assert json.loads(members(await save(shelf, "demo"))["manifest.json"])[0]["RepoTags"] == ["demo:1", "demo:2"]
    assert json.loads(members(await save(shelf, image.id))["manifest.json"])[0]["RepoTags"] is None
    assert json.loads(members(await save(shelf, image.id[7:19]))["manifest.json"])[0]["RepoTags"] is None


async def test_a_repository_of_docker_hub_that_is_called_like_a_host_is_saved(shelf: Shelf) -> None:
    await load(shelf, docker_archive(LAYERS, ["docker.io/localhost/demo:1"]))
    saved = members(await save(shelf, "docker.io/localhost/demo:1"))
    assert json.loads(saved["manifest.json"])[0]["RepoTags"] == ["localhost/demo:1"]


async def test_saving_what_is_not_there_is_refused_before_the_first_byte(shelf: Shelf) -> None:
    with pytest.raises(NotFound, match="No such image: absent:latest"):
        shelf.images.save(["absent"])


async def test_a_name_that_was_anothers_is_taken(shelf: Shelf) -> None:
    await load(shelf, docker_archive(LAYERS[:1]))
    old = shelf.images.get("demo:1").id
    assert await load(shelf, docker_archive(LAYERS)) == [
        f"The image demo:1 already exists, renaming the old one with ID {old} to empty string",
        "Loaded image: demo:1",
    ]
    assert shelf.images.get(old).repo_tags == ()


async def test_progress_names_each_layer(shelf: Shelf) -> None:
    progress = [one async for one in shelf.images.load(chunks(docker_archive(LAYERS))) if "status" in one]
    assert [one["status"] for one in progress] == ["Loading layer"] * 2
    assert progress[0]["id"] == digest(LAYERS[0])[7:19]
    assert progress[0]["progressDetail"] == {"current": len(LAYERS[0]), "total": len(LAYERS[0])}


async def test_loading_again_changes_nothing(shelf: Shelf) -> None:
    await load(shelf, docker_archive(LAYERS))
    before = shelf.images.get("demo:1"), shelf.blobs()
    await load(shelf, docker_archive(LAYERS))
    assert (shelf.images.get("demo:1").manifest, shelf.blobs()) == (before[0].manifest, before[1])


async def test_the_same_image_with_another_manifest_leaves_nothing_behind(shelf: Shelf) -> None:
    await load(shelf, docker_archive(LAYERS))
    before = shelf.blobs()
    manifest, blobs = oci_image(LAYERS)
    await load(shelf, oci_archive([manifest_entry(manifest, "demo:2")], blobs))
    assert shelf.blobs() == before
    assert shelf.images.get("demo:2").repo_tags == ("demo:1", "demo:2")


async def test_an_archives_parents_are_believed_when_their_history_fits(shelf: Shelf) -> None:
    base, derived = config(LAYERS[:1]), config(LAYERS)
    files = {"base.json": base, "derived.json": derived, "0.tar": LAYERS[0], "1.tar": LAYERS[1]}
    items: list[dict[str, Any]] = [
        {"Config": "base.json", "RepoTags": None, "Layers": ["0.tar"]},
        {"Config": "derived.json", "RepoTags": ["demo:1"], "Layers": ["0.tar", "1.tar"], "Parent": digest(base)},
    ]
    await load(shelf, tar({**files, "manifest.json": json.dumps(items).encode()}))
    assert shelf.images.get("demo:1").parent == digest(base)
    assert [image.repo_tags for image in shelf.images.list()] == [("demo:1",)]
    assert len(shelf.images.list(everything=True)) == 2
    assert [one.id for one in shelf.images.history("demo:1")] == [digest(derived), digest(base)]
    lower, upper = shelf.images.get("demo:1").chain_ids
    assert shelf.images.remove("demo:1", False, True, nobody) == [
        {"Untagged": "demo:1"},
        {"Deleted": digest(derived)},
        {"Deleted": upper},
        {"Deleted": digest(base)},
        {"Deleted": lower},
    ]
    assert shelf.images.list(everything=True) == []


def corrupted(kind: str) -> bytes:
    manifest, blobs = oci_image(LAYERS)
    first = blob(gzip.compress(LAYERS[0], mtime=0))
    match kind:
        case "a layer's bytes":
            blobs[first] = blobs[first][:-1] + b"?"
        case "a layer's size":
            blobs[first] += b"\0"
        case "a missing layer":
            del blobs[first]
        case "a diff id":
            manifest, blobs = oci_image(LAYERS, config([LAYERS[0], LAYERS[0]]))
        case "the number of layers":
            manifest, blobs = oci_image(LAYERS, config(LAYERS[:1]))
        case "another system":
            manifest, blobs = oci_image(LAYERS, config(LAYERS, os="windows"))
        case "no tar":
            broken = [LAYERS[0], b"no tar" * 1000]
            manifest, blobs = oci_image(broken)
    return oci_archive([manifest_entry(manifest, "demo:1")], blobs)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("a layer's bytes", "hashes to"),
        ("a layer's size", "bytes, expected"),
        ("a missing layer", "does not contain"),
        ("a diff id", "invalid diffID for layer 1"),
        ("the number of layers", "layers length mismatch: expected 2, got 1"),
        ("another system", "cannot load windows image on linux"),
        ("no tar", "not a tar"),
    ],
)
async def test_a_lie_leaves_nothing(shelf: Shelf, kind: str, message: str) -> None:
    with pytest.raises((Invalid, NotFound), match=message):
        await load(shelf, corrupted(kind))
    assert shelf.images.list() == []
    assert shelf.blobs() == set() and shelf.snapshots.made == {}
    assert list((shelf.root / "content/ingest").iterdir()) == []
    assert list((shelf.root / "tmp").iterdir()) == []


async def test_a_wrong_layer_of_a_docker_archive_leaves_nothing(shelf: Shelf) -> None:
    with pytest.raises(Invalid, match=r'invalid diffID for layer 0: expected "sha256:.*", got "sha256:'):
        await load(shelf, docker_archive(LAYERS[:1], settings=config(LAYERS[1:])))
    assert shelf.blobs() == set() and shelf.snapshots.made == {}


async def test_a_failed_extraction_leaves_nothing(shelf: Shelf) -> None:
    shelf.snapshots.fail = Unavailable("no space left on device")
    with pytest.raises(Unavailable):
        await shelf.images.import_(chunks(LAYERS[0]), "demo", "1")
    assert shelf.images.list() == [] and shelf.blobs() == set()
    shelf.snapshots.fail = None
    assert (await shelf.images.import_(chunks(LAYERS[0]), "demo", "1")).repo_tags == ("demo:1",)


async def test_an_interrupted_request_leaves_nothing(shelf: Shelf) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield docker_archive(LAYERS)[:3000]
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await shelf.images.import_(broken(), "demo", "1")
    with pytest.raises(ConnectionResetError):
        async for _ in shelf.images.load(broken()):
            pass
    assert shelf.images.list() == [] and shelf.blobs() == set()
    assert list((shelf.root / "content/ingest").iterdir()) == []


async def test_images_before_a_lie_stay(shelf: Shelf) -> None:
    good, bad = config(LAYERS[:1]), config(LAYERS[1:])
    files = {"good.json": good, "bad.json": bad, "0.tar": LAYERS[0]}
    items = [
        {"Config": "good.json", "RepoTags": ["good:1"], "Layers": ["0.tar"]},
        {"Config": "bad.json", "RepoTags": ["bad:1"], "Layers": ["0.tar"]},
    ]
    with pytest.raises(Invalid):
        await load(shelf, tar({**files, "manifest.json": json.dumps(items).encode()}))
    assert [image.repo_tags for image in shelf.images.list()] == [("good:1",)]


async def test_a_damaged_blob_is_not_saved(shelf: Shelf) -> None:
    await load(shelf, docker_archive(LAYERS))
    path = shelf.content.path(Digest.parse(shelf.images.get("demo:1").layers[0]))
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(Corrupt):
        await save(shelf, "demo:1")


@pytest.mark.parametrize("data", [b"", b"no tar" * 500])
async def test_no_archives_are_refused(shelf: Shelf, data: bytes) -> None:
    with pytest.raises(Invalid):
        await load(shelf, data)
    assert list((shelf.root / "tmp").iterdir()) == []
