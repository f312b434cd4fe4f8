"""What a manifest is and needs."""

import json

import pytest

from tests.unit.engine.registry.conftest import descriptor, index_of, manifest_of
from wherry.engine.registry.documents import describe
from wherry.engine.registry.model import Code, Needed, Refused
from wherry.oci import mediatypes
from wherry.oci.digest import Digest

FOREIGN = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"


def test_an_image_needs_its_configuration_and_layers() -> None:
    data = manifest_of(b"one", b"two")
    described = describe(data, mediatypes.OCI_MANIFEST, None)
    assert described.digest == Digest.of(data)
    assert described.media_type == mediatypes.OCI_MANIFEST
    assert [needed.digest for needed in described.blobs] == [str(Digest.of(one)) for one in (b"{}", b"one", b"two")]
    assert described.manifests == ()


def test_an_index_needs_its_manifests() -> None:
    child = manifest_of(b"one")
    described = describe(index_of(child), None, None)
    assert described.manifests == (Needed(str(Digest.of(child)), len(child)),)
    assert described.blobs == ()


def test_layers_that_are_fetched_elsewhere_need_not_be_here() -> None:
    elsewhere = [descriptor(b"x", FOREIGN, urls=["https://example.com/x"]), descriptor(b"y", FOREIGN)]
    described = describe(manifest_of(layers=elsewhere), mediatypes.OCI_MANIFEST, None)
    assert [needed.is_optional for needed in described.blobs] == [False, True, False]
    # A usual layer with urls is one that must be here (CVE-2020-15157: nobody fetches from there).
    usual = [descriptor(b"x", urls=["https://example.com/x"])]
    assert not describe(manifest_of(layers=usual), mediatypes.OCI_MANIFEST, None).blobs[1].is_optional


def test_the_kind_of_an_artifact_is_its_own_word_or_its_configuration_s() -> None:
    assert describe(manifest_of(artifactType="a/b"), None, None).artifact_type == "a/b"
    assert describe(manifest_of(), None, None).artifact_type == mediatypes.OCI_CONFIG
    assert describe(index_of(), None, None).artifact_type == ""
    assert describe(index_of(artifactType="a/b"), None, None).artifact_type == "a/b"


def test_a_subject_and_annotations_are_told() -> None:
    described = describe(manifest_of(subject=descriptor(b"s"), annotations={"a": "b"}), None, None)
    assert described.subject == str(Digest.of(b"s"))
    assert described.annotations == {"a": "b"}


def test_another_digest_than_it_is_pushed_by_is_refused() -> None:
    data = manifest_of(b"one")
    assert describe(data, None, Digest.of(data, "sha512")).digest.algorithm == "sha512"
    with pytest.raises(Refused) as refusal:
        describe(data, None, Digest.of(b"other"))
    assert refusal.value.code is Code.DIGEST_INVALID


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (b"", None),
        (b"{}", None),
        (b"[]", mediatypes.OCI_MANIFEST),
        (b'{"schemaVersion":2', mediatypes.OCI_MANIFEST),
        (manifest_of(b"x"), mediatypes.OCI_INDEX),
        (manifest_of(b"x"), "application/json"),
        (index_of(manifest_of(b"x")), mediatypes.OCI_MANIFEST),
        (manifest_of(b"x", manifests=[descriptor(b"y")]), mediatypes.OCI_MANIFEST),  # CVE-2021-41190
        (index_of(manifest_of(b"x"), layers=[]), mediatypes.OCI_INDEX),
        (manifest_of(b"x", schemaVersion=1), mediatypes.OCI_MANIFEST),
        (json.dumps({"schemaVersion": 1, "fsLayers": []}).encode(), next(iter(mediatypes.DOCKER_SCHEMA_1))),
        (manifest_of(layers=[{**descriptor(b"x"), "digest": "sha256:../x"}]), mediatypes.OCI_MANIFEST),
        (manifest_of(layers=[{**descriptor(b"x"), "size": -1}]), mediatypes.OCI_MANIFEST),
        (manifest_of(b"x", pad="x" * (4 << 20)), mediatypes.OCI_MANIFEST),
    ],
)
def test_what_is_no_manifest_or_not_what_it_is_called_is_refused(data: bytes, media_type: str | None) -> None:
    with pytest.raises(Refused) as refusal:
        describe(data, media_type, None)
    assert refusal.value.code is Code.MANIFEST_INVALID
