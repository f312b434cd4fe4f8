"""Manifests, tags, referrers and lists of a registry alone."""

import json

import pytest

from tests.unit.engine.registry.conftest import Depot, descriptor, index_of, manifest_of
from wherry.engine.registry.model import Code, Refused
from wherry.oci import mediatypes
from wherry.oci.digest import Digest

FOREIGN = "application/vnd.oci.image.layer.nondistributable.v1.tar"


async def refused(depot: Depot, data: bytes, reference: Digest | str = "1", repository: str = "a") -> Refused:
    with pytest.raises(Refused) as refusal:
        await depot.registry.manifests.put(repository, reference, data, None)
    return refusal.value


def unknown(depot: Depot, reference: Digest | str, repository: str = "a") -> bool:
    with pytest.raises(Refused) as refusal:
        depot.registry.manifests.find(repository, reference)
    return refusal.value.code is Code.MANIFEST_UNKNOWN


async def test_a_manifest_is_found_by_tag_and_digest_in_its_repository(depot: Depot) -> None:
    digest = await depot.push_image("a", "1", b"layer")
    manifests = depot.registry.manifests
    for reference in ("1", digest):
        stored = manifests.find("a", reference)
        assert (stored.digest, stored.media_type) == (str(digest), mediatypes.OCI_MANIFEST)
        assert manifests.read(stored) == manifest_of(b"layer")
    assert unknown(depot, "2")
    assert unknown(depot, "1", "b")
    assert unknown(depot, digest, "b")


async def test_a_manifest_whose_blobs_are_elsewhere_is_refused(depot: Depot) -> None:
    await depot.push_image("b", "1", b"layer")
    refusal = await refused(depot, manifest_of(b"layer"))
    assert refusal.code is Code.MANIFEST_BLOB_UNKNOWN
    assert refusal.detail == {"digest": str(Digest.of(b"{}"))}
    assert unknown(depot, "1")
    await depot.push_blob("a", b"{}")
    await depot.push_blob("a", b"layer")
    await depot.registry.blobs.delete("a", Digest.of(b"layer"))
    refusal = await refused(depot, manifest_of(b"layer"))
    assert refusal.detail == {"digest": str(Digest.of(b"layer"))}


async def test_sizes_must_be_true(depot: Depot) -> None:
    await depot.push_image("a", "1", b"layer")
    lie = {**descriptor(b"layer"), "size": 4}
    assert (await refused(depot, manifest_of(layers=[lie]))).code is Code.SIZE_INVALID


async def test_layers_fetched_elsewhere_may_be_missing(depot: Depot) -> None:
    await depot.push_blob("a", b"{}")
    layers = [descriptor(b"far away", FOREIGN, urls=["https://example.com/"])]
    data = manifest_of(layers=layers)
    await depot.registry.manifests.put("a", "1", data, None)
    assert (await refused(depot, manifest_of(layers=[descriptor(b"far", FOREIGN)]))).code is Code.MANIFEST_BLOB_UNKNOWN


async def test_an_index_needs_its_manifests_and_may_have_blobs(depot: Depot) -> None:
    child = manifest_of(b"layer")
    assert (await refused(depot, index_of(child))).code is Code.MANIFEST_BLOB_UNKNOWN
    await depot.push_image("a", None, b"layer")
    await depot.registry.manifests.put("a", "all", index_of(child), None)
    assert depot.registry.manifests.find("a", "all").media_type == mediatypes.OCI_INDEX
    cache = json.loads(index_of(child))
    cache["manifests"].append(descriptor(b"layer"))  # as BuildKit's registry cache
    await depot.registry.manifests.put("a", "cache", json.dumps(cache).encode(), None)


async def test_a_tag_moves_and_what_it_left_stays_by_digest(depot: Depot) -> None:
    first = await depot.push_image("a", "1", b"one")
    second = await depot.push_image("a", "1", b"two")
    assert depot.registry.manifests.find("a", "1").digest == str(second)
    assert depot.registry.manifests.find("a", first).digest == str(first)


async def test_pushing_again_changes_nothing(depot: Depot) -> None:
    digest = await depot.push_image("a", "1", b"one")
    await depot.push_image("a", "2", b"one")
    for _ in range(2):
        pushed = await depot.registry.manifests.put("a", digest, manifest_of(b"one"), None)
        assert pushed.digest == str(digest)
    assert depot.registry.manifests.tags("a", "", 10) == ["1", "2"]


async def test_sha512_is_a_digest_like_the_other(depot: Depot) -> None:
    for data in (b"{}", b"layer"):
        await depot.push_blob("a", data)
    data = manifest_of(b"layer")
    digest = Digest.of(data, "sha512")
    await depot.registry.manifests.put("a", digest, data, None)
    assert depot.registry.manifests.find("a", digest).digest == str(digest)
    assert unknown(depot, Digest.of(data))


async def test_deleting_a_tag_leaves_the_manifest(depot: Depot) -> None:
    digest = await depot.push_image("a", "1", b"one")
    await depot.push_image("a", "2", b"one")
    await depot.registry.manifests.delete("a", "1")
    assert unknown(depot, "1")
    assert depot.registry.manifests.find("a", "2").digest == str(digest)
    with pytest.raises(Refused):
        await depot.registry.manifests.delete("a", "1")


async def test_deleting_a_manifest_takes_its_tags_and_its_bytes(depot: Depot) -> None:
    digest = await depot.push_image("a", "1", b"one")
    await depot.push_image("b", "1", b"one")
    await depot.registry.manifests.delete("a", digest)
    assert unknown(depot, "1")
    assert unknown(depot, digest)
    assert str(digest) in depot.blobs()  # b has it
    await depot.registry.manifests.delete("b", digest)
    assert str(digest) not in depot.blobs()
    assert depot.registry.manifests.repositories("", 10) == []


async def test_tags_and_repositories_are_sorted_and_come_in_pages(depot: Depot) -> None:
    manifests = depot.registry.manifests
    for repository in ("b", "a/b", "a", "c"):
        for tag in ("2", "10", "B", "a"):
            await depot.push_image(repository, tag, b"one")
    await depot.push_blob("only-a-blob", b"one")
    assert manifests.tags("a", "", 10) == ["10", "2", "B", "a"]
    assert manifests.tags("a", "10", 2) == ["2", "B"]
    assert manifests.tags("only-a-blob", "", 2) == []
    assert manifests.repositories("", 10) == ["a", "a/b", "b", "c"]
    assert manifests.repositories("a", 2) == ["a/b", "b"]
    assert manifests.repositories("c", 2) == []
    with pytest.raises(Refused) as refusal:
        manifests.tags("nobody", "", 10)
    assert refusal.value.code is Code.NAME_UNKNOWN


async def test_referrers_are_found_before_and_after_their_subject_came(depot: Depot) -> None:
    subject = Digest.of(manifest_of(b"one"))
    reference = descriptor(manifest_of(b"one"), mediatypes.OCI_MANIFEST)
    found = depot.registry.manifests.referrers
    assert found("a", subject, "", "", 10) == []
    signature = await depot.push_image(
        "a", None, b"s", subject=reference, artifactType="x/signature", annotations={"k": "v"}
    )
    await depot.push_image("a", "1", b"one")
    bill = await depot.push_image("a", None, b"b", subject=reference)
    everything = found("a", subject, "", "", 10)
    assert [one.digest for one in everything] == sorted([str(signature), str(bill)])
    assert [one.digest for one in found("a", subject, "", everything[0].digest, 10)] == [everything[1].digest]
    (one,) = found("a", subject, "x/signature", "", 10)
    assert (one.digest, one.artifact_type, one.annotations) == (str(signature), "x/signature", {"k": "v"})
    assert [one.digest for one in found("a", subject, mediatypes.OCI_CONFIG, "", 10)] == [str(bill)]
    assert found("b", subject, "", "", 10) == []
    await depot.registry.manifests.delete("a", signature)
    assert [one.digest for one in found("a", subject, "", "", 10)] == [str(bill)]


async def test_a_refused_manifest_leaves_no_bytes(depot: Depot, monkeypatch: pytest.MonkeyPatch) -> None:
    before = depot.blobs()
    await refused(depot, manifest_of(b"layer"))
    assert depot.blobs() == before


async def test_a_blob_deleted_while_the_manifest_is_written_refuses_it(
    depot: Depot, monkeypatch: pytest.MonkeyPatch
) -> None:
    for data in (b"{}", b"layer"):
        await depot.push_blob("a", data)
    write = depot.content.write

    def write_slowly(data: bytes, expected: Digest | None = None) -> Digest:
        depot.rows.unlink("a", str(Digest.of(b"layer")))
        return write(data, expected)

    monkeypatch.setattr(depot.content, "write", write_slowly)
    assert (await refused(depot, manifest_of(b"layer"))).code is Code.MANIFEST_BLOB_UNKNOWN
    assert str(Digest.of(manifest_of(b"layer"))) not in depot.blobs()
