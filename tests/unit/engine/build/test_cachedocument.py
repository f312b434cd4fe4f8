"""A build cache as a document."""

import json

import msgspec
import pytest

from wherry.engine.build.cache import CachedLayer
from wherry.engine.build.cachedocument import ARTIFACT, CONFIG, document, manifest, parse
from wherry.kit.errors import Invalid
from wherry.oci.digest import Digest
from wherry.oci.model import Manifest

A, B = ("sha256:" + letter * 64 for letter in "ab")
STEPS = {"2" * 64: CachedLayer("chain", A, B, 5, 9), "1" * 64: CachedLayer("chain", B, B, 5, 1)}


def test_there_and_back() -> None:
    found = parse(document(STEPS), "it")
    assert {key: (one.diff_id, one.blob, one.blob_bytes, one.unpacked_bytes) for key, one in found.items()} == {
        "1" * 64: (B, B, 5, 1),
        "2" * 64: (A, B, 5, 9),
    }
    assert all(not one.chain_id for one in found.values())


def test_the_same_steps_give_the_same_document() -> None:
    assert document(STEPS) == document(dict(reversed(STEPS.items())))


def test_an_artifact_names_each_blob_once() -> None:
    config = document(STEPS)
    found = msgspec.json.decode(manifest(config, STEPS.values()), type=Manifest)
    assert (found.artifact_type, found.config.media_type, found.config.digest) == (
        ARTIFACT,
        CONFIG,
        str(Digest.of(config)),
    )
    assert [(layer.digest, layer.size) for layer in found.layers] == [(B, 5)]


def changed(**fields: object) -> bytes:
    whole = json.loads(document(STEPS))
    whole["steps"][0] |= fields
    return json.dumps(whole).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        b'{"version":2,"steps":[]}',
        changed(key="short"),
        changed(diff_id="sha256:x"),
        changed(blob="../../etc/passwd"),
        changed(blob_bytes="5"),
    ],
)
def test_what_is_no_cache(data: bytes) -> None:
    with pytest.raises(Invalid):
        parse(data, "it")
