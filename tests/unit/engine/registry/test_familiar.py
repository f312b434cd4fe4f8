"""The engine's images as repositories, without a copy."""

import pytest

from tests.unit.engine.images.archives import chunks, tar
from tests.unit.engine.images.conftest import Shelf
from tests.unit.engine.registry.conftest import chunk, descriptor, index_of, manifest_of
from wherry.engine.database import Database
from wherry.engine.images.rows import ImageRows
from wherry.engine.registry.familiar import EngineImages
from wherry.engine.registry.model import Code, Collected, Refused
from wherry.engine.registry.owner import RegistryOwner
from wherry.engine.registry.registry import Registry
from wherry.engine.registry.rows import RegistryRows
from wherry.oci import mediatypes
from wherry.oci.digest import Digest


@pytest.fixture
def registry(shelf: Shelf) -> Registry:
    """Beside the shelf's engine, on its database and content store."""
    database = Database(shelf.root / "engine.sqlite")
    rows = RegistryRows(database)
    shelf.images.add_owner(RegistryOwner(rows.database))
    return Registry(rows, shelf.content, shelf.images, EngineImages(ImageRows(database)), lambda: 0)


async def built(shelf: Shelf, repository: str, tag: str = "1", content: bytes = b"x") -> Digest:
    image = await shelf.images.import_(chunks(tar({"file": content})), repository, tag)
    return Digest.parse(image.manifest)


@pytest.mark.parametrize(
    ("image", "repositories"),
    [
        ("demo", ["demo", "library/demo", "docker.io/library/demo"]),
        ("x/y", ["x/y", "docker.io/x/y"]),
        ("localhost:5000/x/y", ["x/y"]),
        ("127.0.0.1:5001/x/y", ["x/y"]),
        ("[::1]:5000/x/y", ["x/y"]),
        ("localhost/x", ["x", "localhost/x"]),
        ("quay.io/x/y", ["quay.io/x/y"]),
    ],
)
async def test_an_image_is_pulled_under_every_name_that_means_it(
    shelf: Shelf, registry: Registry, image: str, repositories: list[str]
) -> None:
    digest = await built(shelf, image)
    for repository in repositories:
        for reference in ("1", digest):
            stored = registry.manifests.find(repository, reference)
            assert stored.digest == str(digest)
        found = shelf.images.get(f"{image}:1")
        for blob in (*found.layers, found.id):
            assert registry.blobs.size(repository, Digest.parse(blob)) > 0
        assert registry.manifests.tags(repository, "", 10) == ["1"]
    assert registry.manifests.repositories("", 10) == repositories[:1]


@pytest.mark.parametrize(
    ("image", "repository"),
    [("demo", "demo2"), ("demo", "x/demo"), ("evil.example:5000/x/y", "x/y"), ("quay.io/x/y", "x/y"),
     ("localhost.evil.example:5000/x", "x"), ("localhost:5000/x/y", "y"), ("127.0.0.1.evil.example/x", "x")],
)  # fmt: skip
async def test_an_image_has_no_other_names(shelf: Shelf, registry: Registry, image: str, repository: str) -> None:
    digest = await built(shelf, image)
    for reference in ("1", digest):
        with pytest.raises(Refused):
            registry.manifests.find(repository, reference)
    for blob in shelf.images.get(f"{image}:1").layers:
        with pytest.raises(Refused):
            registry.blobs.size(repository, Digest.parse(blob))


async def test_this_machine_s_name_goes_before_docker_s(shelf: Shelf, registry: Registry) -> None:
    await built(shelf, "x/y", content=b"docker's")
    own = await built(shelf, "localhost:5000/x/y", content=b"own")
    assert registry.manifests.find("x/y", "1").digest == str(own)


async def test_what_was_pushed_goes_before_images(shelf: Shelf, registry: Registry) -> None:
    image = await built(shelf, "demo", "1")
    await built(shelf, "demo", "2")
    upload = registry.uploads.begin("demo")
    await registry.uploads.finish("demo", upload, Digest.of(b"{}"), chunk(b"{}"))
    await registry.manifests.put("demo", "1", manifest_of(), None)
    assert registry.manifests.find("demo", "1").digest == str(Digest.of(manifest_of()))
    assert registry.manifests.find("demo", image).digest == str(image)
    assert registry.manifests.tags("demo", "", 10) == ["1", "2"]
    assert registry.manifests.tags("demo", "1", 10) == ["2"]
    await registry.manifests.delete("demo", "1")
    assert registry.manifests.find("demo", "1").digest == str(image)


async def test_images_are_not_deleted_from_here(shelf: Shelf, registry: Registry) -> None:
    digest = await built(shelf, "demo")
    layer = Digest.parse(shelf.images.get("demo:1").layers[0])
    for attempt in (
        registry.manifests.delete("demo", "1"),
        registry.manifests.delete("demo", digest),
        registry.blobs.delete("demo", layer),
    ):
        with pytest.raises(Refused) as refusal:
            await attempt
        assert refusal.value.code is Code.DENIED
    assert shelf.images.get("demo:1")


async def test_a_manifest_pushed_over_an_image_s_blobs_keeps_them_when_the_image_goes(
    shelf: Shelf, registry: Registry
) -> None:
    digest = await built(shelf, "demo")
    manifest = shelf.content.read(digest)
    await registry.manifests.put("demo", "mine", manifest, None)
    assert registry.blobs.mount("other", Digest.parse(shelf.images.get("demo:1").id), "demo")
    before = shelf.blobs()
    shelf.images.remove("demo:1", force=False, prune=True, in_use=lambda _: ())
    await shelf.images.settle()
    assert shelf.blobs() == before
    assert registry.manifests.read(registry.manifests.find("demo", "mine")) == manifest
    await registry.manifests.delete("demo", "mine")
    await registry.manifests.delete("demo", digest)
    assert await registry.collector.collect(0) == Collected(blobs=3)
    assert shelf.blobs() == set()


async def test_an_index_over_an_image_s_manifest_keeps_it_too(shelf: Shelf, registry: Registry) -> None:
    digest = await built(shelf, "demo")
    await registry.manifests.put("demo", "all", index_of(shelf.content.read(digest)), None)
    shelf.images.remove("demo:1", force=False, prune=True, in_use=lambda _: ())
    await shelf.images.settle()
    assert registry.manifests.read(registry.manifests.find("demo", digest))


async def test_what_was_pushed_about_an_image_stays_as_long_as_that(shelf: Shelf, registry: Registry) -> None:
    digest = await built(shelf, "demo")
    subject = descriptor(shelf.content.read(digest), mediatypes.OCI_MANIFEST)
    upload = registry.uploads.begin("demo")
    await registry.uploads.finish("demo", upload, Digest.of(b"{}"), chunk(b"{}"))
    signature = manifest_of(subject=subject)
    await registry.manifests.put("demo", Digest.of(signature), signature, None)
    assert await registry.collector.collect(0, untagged=True) == Collected()
    shelf.images.remove("demo:1", force=False, prune=True, in_use=lambda _: ())
    assert await registry.collector.collect(0, untagged=True) == Collected(manifests=1, blobs=1)


async def test_the_engine_s_sweep_at_start_leaves_what_the_registry_has(shelf: Shelf, registry: Registry) -> None:
    upload = registry.uploads.begin("a")
    await registry.uploads.finish("a", upload, Digest.of(b"x"), chunk(b"x"))
    half = registry.uploads.begin("a")
    await registry.uploads.append("a", half, chunk(b"half"))
    shelf.content.write(b"nobody's")
    shelf.images.recover()
    registry.uploads.recover()
    assert shelf.blobs() == {str(Digest.of(b"x"))}
    assert registry.uploads.offset("a", half) == 4
