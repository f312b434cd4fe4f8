"""What an import says of its image."""

import json

import pytest

from tests.unit.engine.images.archives import chunks, digest, tar
from tests.unit.engine.images.conftest import Shelf
from wherry.kit.errors import Invalid
from wherry.oci.digest import Digest

ROOTFS = tar({"bin/sh": b"#!"})


async def test_the_configuration_says_what_was_asked(shelf: Shelf) -> None:
    image = await shelf.images.import_(
        chunks(ROOTFS), "demo", "1", ["CMD echo hi", "LABEL a=b"], "my words", "linux/arm64/v8"
    )
    document = json.loads(image.config_bytes)
    assert document["config"] == {"Cmd": ["/bin/sh", "-c", "echo hi"], "Labels": {"a": "b"}}
    assert (document["os"], document["architecture"], document.get("variant")) == ("linux", "arm64", None)
    assert document["comment"] == "my words"
    assert document["history"] == [{"created": document["created"], "comment": "my words"}]
    assert document["rootfs"] == {"type": "layers", "diff_ids": [digest(ROOTFS)]}
    assert image.created_nanoseconds < shelf.clock[0]


async def test_the_manifest_names_the_blobs(shelf: Shelf) -> None:
    image = await shelf.images.import_(chunks(ROOTFS), "demo", "1")
    manifest = json.loads(shelf.content.read(Digest.parse(image.manifest)))
    assert manifest["schemaVersion"] == 2 and manifest["mediaType"] == image.manifest_type
    assert manifest["config"]["digest"] == image.id and manifest["config"]["size"] == len(image.config_bytes)
    assert [layer["digest"] for layer in manifest["layers"]] == list(image.layers)


@pytest.mark.parametrize(
    ("changes", "platform", "message"),
    [
        (["RUN x"], "", "RUN is not a valid change command"),
        ([], "windows/amd64", "operating system is not supported"),
        ([], "linux/a/b/c", "cannot parse platform specifier"),
        ([], "linux/a b", "cannot parse platform specifier"),
    ],
)
async def test_nonsense_is_refused_before_anything_is_read(
    shelf: Shelf, changes: list[str], platform: str, message: str
) -> None:
    read = chunks(ROOTFS)
    with pytest.raises(Invalid, match=message):
        await shelf.images.import_(read, "demo", "1", changes, "", platform)
    assert await anext(read) == ROOTFS[:10_000]
    assert shelf.blobs() == set()
