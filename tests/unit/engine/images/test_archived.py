"""The images of archives of all kinds."""

import io
import json
import tempfile
from typing import Any

import pytest

from tests.unit.engine.images.archives import (
    blob,
    config,
    descriptor,
    docker_archive,
    manifest_entry,
    oci_archive,
    oci_image,
    tar,
)
from wherry.engine.images.archive import Archive
from wherry.engine.images.archived import ArchivedImage, images_in
from wherry.kit.errors import Invalid, NotFound

LAYER = tar({"file": b"content"})
INDEX = "application/vnd.oci.image.index.v1+json"


def read(data: bytes, platform: str = "linux/amd64") -> list[ArchivedImage]:
    with tempfile.TemporaryFile() as file:
        return images_in(Archive.receive(io.BytesIO(data), file.fileno()), platform)


def tags(image: ArchivedImage) -> list[str]:
    return [one.familiar() for one in image.tags]


def test_a_docker_archive_without_manifests() -> None:
    (image,) = read(docker_archive([LAYER], ["demo:1", "localhost:5000/x:2"]))
    assert tags(image) == ["demo:1", "localhost:5000/x:2"]
    assert image.manifest is None
    assert [layer.descriptor for layer in image.layers] == [None]
    assert image.config == config([LAYER])


def test_an_unnamed_image() -> None:
    (image,) = read(docker_archive([LAYER], None))
    assert tags(image) == []


def test_the_manifest_beside_a_docker_archive_is_kept() -> None:
    manifest, blobs = oci_image([LAYER])
    settings = blob(config([LAYER]))
    items = [{"Config": settings, "RepoTags": ["demo:1"], "Layers": ["ignored"]}]
    archive = oci_archive([manifest_entry(manifest)], blobs, **{"manifest.json": json.dumps(items).encode()})
    (image,) = read(archive)
    assert image.manifest == manifest
    assert tags(image) == ["demo:1"]
    assert image.layers[0].member == "blobs/" + image.layers[0].descriptor.digest.replace(":", "/")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "index", [b"nonsense", b'{"schemaVersion":2,"manifests":[{"mediaType":"x"}]}', b'{"manifests":{}}']
)
def test_a_broken_index_beside_a_docker_archive_loses_nothing(index: bytes) -> None:
    settings = config([LAYER])
    items = [{"Config": "c.json", "RepoTags": ["demo:1"], "Layers": ["l.tar"]}]
    files = {"c.json": settings, "l.tar": LAYER, "manifest.json": json.dumps(items).encode()}
    (image,) = read(tar({**files, "index.json": index, "oci-layout": b"{}"}))
    assert image.manifest is None and image.layers[0].member == "l.tar"


@pytest.mark.parametrize(
    ("name", "full", "expected"),
    [
        ("demo:1", "", ["demo:1"]),
        ("localhost/demo:1", "", ["localhost/demo:1"]),
        ("1", "docker.io/library/demo:1", ["demo:1"]),
        ("latest", "", []),
        ("", "", []),
    ],
)
def test_names_in_an_oci_archive(name: str, full: str, expected: list[str]) -> None:
    manifest, blobs = oci_image([LAYER])
    (image,) = read(oci_archive([manifest_entry(manifest, name, full)], blobs))
    assert tags(image) == expected
    assert image.manifest == manifest


def test_several_names_of_one_manifest_are_one_image() -> None:
    manifest, blobs = oci_image([LAYER])
    (image,) = read(oci_archive([manifest_entry(manifest, "demo:1"), manifest_entry(manifest, "demo:2")], blobs))
    assert tags(image) == ["demo:1", "demo:2"]


def test_the_platform_is_chosen_from_an_index() -> None:
    intel, intel_blobs = oci_image([LAYER])
    arm, arm_blobs = oci_image([LAYER], config([LAYER], architecture="arm64"))
    index = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": INDEX,
            "manifests": [
                manifest_entry(arm, platform={"os": "linux", "architecture": "arm64"}),
                manifest_entry(intel, platform={"os": "linux", "architecture": "amd64"}),
            ],
        }
    ).encode()
    blobs = {**intel_blobs, **arm_blobs, blob(index): index}
    archive = oci_archive([descriptor(INDEX, index, annotations={"io.containerd.image.name": "demo:1"})], blobs)
    assert [image.manifest for image in read(archive, "linux/amd64")] == [intel]
    assert [image.manifest for image in read(archive, "linux/arm64")] == [arm]
    with pytest.raises(Invalid, match="does not provide this platform"):
        read(archive, "linux/s390x")


def test_indexes_in_a_circle_of_names_end() -> None:
    inner, blobs = oci_image([LAYER])
    entry: dict[str, Any] = manifest_entry(inner)
    for _ in range(6):
        index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]}).encode()
        blobs[blob(index)] = index
        entry = descriptor(INDEX, index)
    with pytest.raises(Invalid, match="nested more than"):
        read(oci_archive([entry], blobs))


def test_artifacts_are_no_images() -> None:
    empty = b"{}"
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "artifactType": "application/x",
            "config": descriptor("application/vnd.oci.empty.v1+json", empty),
            "layers": [],
        }
    ).encode()
    assert read(oci_archive([manifest_entry(manifest)], {blob(empty): empty, blob(manifest): manifest})) == []


@pytest.mark.parametrize(
    ("files", "error", "message"),
    [
        ({"a": b""}, Invalid, "invalid archive: does not contain a manifest.json"),
        ({"manifest.json": b"null"}, Invalid, "manifest cannot be null"),
        ({"manifest.json": b"{}"}, Invalid, "failed to decode manifest.json"),
        ({"manifest.json": b"[" * 5000}, Invalid, "failed to decode manifest.json"),
        ({"manifest.json": b'[{"Config":"x"}]'}, NotFound, "does not contain x"),
        ({"manifest.json": b'[{"Config":"../../../etc/passwd"}]'}, NotFound, "does not contain"),
        ({"manifest.json": b'[{"Config":"c","RepoTags":["UPPER:1"]}]', "c": b"{}"}, Invalid, "must be lowercase"),
        ({"manifest.json": b'[{"Config":"c","RepoTags":["demo"]}]', "c": b"{}"}, Invalid, 'invalid tag "demo"'),
        ({"manifest.json": b" " * (5 << 20)}, Invalid, "at most"),
    ],
)
def test_nonsense_is_refused(files: dict[str, bytes], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        read(tar(files))


@pytest.mark.parametrize("lie", ["size", "digest", "media type", "missing"])
def test_lies_of_descriptors_are_refused(lie: str) -> None:
    manifest, blobs = oci_image([LAYER])
    entry = manifest_entry(manifest, "demo:1")
    match lie:
        case "size":
            entry["size"] += 1
        case "digest":
            blobs[blob(manifest)] = manifest + b" "
        case "media type":
            entry["mediaType"] = "application/vnd.docker.distribution.manifest.v2+json"
        case "missing":
            del blobs[blob(manifest)]
    with pytest.raises((Invalid, NotFound)):
        read(oci_archive([entry], blobs))


def test_a_document_that_is_manifest_and_index_at_once_is_refused() -> None:
    both = json.loads(oci_image([LAYER])[0]) | {"manifests": []}
    data = json.dumps(both).encode()
    with pytest.raises(Invalid, match="ambiguous"):
        read(oci_archive([manifest_entry(data)], {**oci_image([LAYER])[1], blob(data): data}))


def test_a_layer_of_unknown_type_is_refused() -> None:
    manifest, blobs = oci_image([LAYER])
    odd = manifest.replace(b"v1.tar+gzip", b"v1.tar+lzma")
    with pytest.raises(Invalid, match="unknown media type"):
        read(oci_archive([manifest_entry(odd)], {**blobs, blob(odd): odd}))
