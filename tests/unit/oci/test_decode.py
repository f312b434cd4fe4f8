"""Documents from outside are read, or refused before anything is believed."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.kit.errors import Invalid, Unsupported
from wherry.oci import mediatypes
from wherry.oci.decode import DOCUMENT_LIMIT_BYTES, LAYER_LIMIT, decode_config, decode_manifest
from wherry.oci.model import Index, Manifest, encode

DIGEST = "sha256:" + "0" * 64
LAYER = {"mediaType": mediatypes.OCI_LAYER_GZIP, "digest": DIGEST, "size": 3}
CONFIG = {"mediaType": mediatypes.OCI_CONFIG, "digest": DIGEST, "size": 2}

values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 1 << 70) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def manifest(**members: Any) -> bytes:
    """One of OCI's without a media type; None takes a member away."""
    document = {"schemaVersion": 2, "config": CONFIG, "layers": [LAYER]} | members
    return json.dumps({name: value for name, value in document.items() if value is not None}).encode()


def index(**members: Any) -> bytes:
    return manifest(**({"config": None, "layers": None, "manifests": [CONFIG]} | members))


def test_what_is_not_said_is_told_by_the_members() -> None:
    read = decode_manifest(manifest())
    assert isinstance(read, Manifest)
    assert (read.media_type, read.layers[0].size) == (mediatypes.OCI_MANIFEST, 3)
    listed = decode_manifest(index())
    assert isinstance(listed, Index)
    assert listed.media_type == mediatypes.OCI_INDEX


@pytest.mark.parametrize("media_type", sorted(mediatypes.MANIFESTS))
def test_the_document_or_its_source_say_what_it_is(media_type: str) -> None:
    own = decode_manifest(manifest(mediaType=media_type))
    said = decode_manifest(manifest(), media_type)
    both = decode_manifest(manifest(mediaType=media_type), f"{media_type}; charset=utf-8")
    assert own.media_type == said.media_type == both.media_type == media_type


def test_dockers_list_is_an_index() -> None:
    listed = decode_manifest(index(mediaType=mediatypes.DOCKER_LIST))
    assert isinstance(listed, Index)


def test_what_was_written_is_read_as_it_was() -> None:
    read = decode_manifest(manifest(annotations={"a": "b"}, subject=LAYER, artifactType="x/y"))
    assert decode_manifest(encode(read)) == read


def test_null_is_absent_as_go_reads_it() -> None:
    layer = LAYER | {"annotations": None, "platform": None, "urls": None}
    document = {"schemaVersion": 2, "mediaType": None, "config": CONFIG | {"urls": None}, "layers": [layer]}
    read = decode_manifest(json.dumps(document | {"manifests": None, "subject": None}).encode())
    assert read == decode_manifest(manifest())


@pytest.mark.parametrize(
    ("data", "said", "message"),
    [
        (b"", None, "is not valid JSON"),
        (b"\xff", None, "is not valid JSON"),
        (b"[" * 100_000, None, "is not valid JSON"),
        (b"[]", None, "is not a JSON object"),
        (b" " * (DOCUMENT_LIMIT_BYTES + 1), None, f"at most {DOCUMENT_LIMIT_BYTES} are read"),
        (b'{"a":[' + b"[]," * 100_000 + b"1]}", None, "more than 200000 values"),
        (b'{"a":[' + b"1," * 200_000 + b"1]}", None, "more than 200000 values"),
        (manifest(schemaVersion=None), None, "schemaVersion None, expected 2"),
        (manifest(schemaVersion=3), None, "schemaVersion 3, expected 2"),
        (manifest(manifests=[CONFIG]), None, "is ambiguous"),
        (manifest(manifests=[]), None, "is ambiguous"),
        (manifest(config=None, layers=None), None, "is ambiguous"),
        (manifest(fsLayers=[]), None, "is ambiguous"),
        (manifest(mediaType=mediatypes.OCI_MANIFEST), mediatypes.OCI_INDEX, "its source that it is"),
        (manifest(mediaType=mediatypes.OCI_INDEX), None, "has the members of a manifest"),
        (index(), mediatypes.OCI_MANIFEST, "has the members of an index"),
        (manifest(), "text/html", "has the members of a manifest"),
        (manifest(mediaType=7), None, "mediaType is not a string"),
        (manifest(mediaType={"a": 1}), None, "mediaType is not a string"),
        (manifest(layers=None), None, "`layers`"),
        (manifest(layers={}), None, "array"),
        (manifest(layers=[LAYER | {"digest": "sha256:0"}]), None, "digest"),
        (manifest(layers=[LAYER | {"size": -1}]), None, "negative size"),
        (manifest(layers=[LAYER] * (LAYER_LIMIT + 1)), None, "max depth exceeded"),
    ],
)
def test_what_is_no_manifest_is_refused(data: bytes, said: str | None, message: str) -> None:
    with pytest.raises(Invalid) as refusal:
        decode_manifest(data, said)
    assert message in refusal.value.message


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'{"schemaVersion":1,"fsLayers":[]}', None),
        (manifest(mediaType="application/vnd.docker.distribution.manifest.v1+json"), None),
        (manifest(), "application/vnd.docker.distribution.manifest.v1+prettyjws"),
    ],
)
def test_schema_1_is_unsupported_and_the_user_told_what_to_do(data: bytes, said: str | None) -> None:
    with pytest.raises(Unsupported, match="push the image again"):
        decode_manifest(data, said)


def test_as_many_layers_as_can_be_are_read() -> None:
    read = decode_manifest(manifest(layers=[LAYER] * LAYER_LIMIT))
    assert isinstance(read, Manifest)
    assert len(read.layers) == LAYER_LIMIT


def test_a_configuration_is_read_as_docker_wrote_it() -> None:
    config = decode_config(
        json.dumps(
            {
                "architecture": "amd64",
                "os": "linux",
                "config": {"Cmd": "true", "Entrypoint": ["a"], "Env": None, "Healthcheck": {"Test": None}},
                "container_config": None,
                "rootfs": {"type": "layers", "diff_ids": None},
                "history": [{"created_by": "x", "comment": None, "empty_layer": True}],
            }
        ).encode()
    )
    assert (config.config.cmd, config.config.entrypoint, config.config.env) == (["true"], ["a"], None)
    assert config.config.healthcheck is not None
    assert config.config.healthcheck.test is None
    assert config.rootfs.diff_ids == []
    assert config.history[0].empty_layer


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "is not a JSON object"),
        ({"rootfs": {"diff_ids": ["../../etc"]}}, "diff id '../../etc'"),
        ({"rootfs": {"diff_ids": [DIGEST] * (LAYER_LIMIT + 1)}}, "max depth exceeded"),
        ({"rootfs": []}, "image configuration: "),
        ({"history": {}}, "image configuration: "),
        ({"config": {"Env": "A=B"}}, "image configuration: "),
        ({"config": {"Cmd": [1]}}, "image configuration: "),
    ],
)
def test_what_is_no_configuration_is_refused(document: Any, message: str) -> None:
    with pytest.raises(Invalid) as refusal:
        decode_config(json.dumps(document).encode())
    assert message in refusal.value.message


@given(st.dictionaries(st.sampled_from(["config", "rootfs", "history", "os", "created", "variant"]), values))
def test_any_configuration_is_read_or_refused(document: Any) -> None:
    try:
        config = decode_config(json.dumps(document).encode())
    except Invalid:
        return
    assert decode_config(encode(config)) == config


members = ["schemaVersion", "mediaType", "config", "layers", "manifests", "subject", "annotations"]
parts = values | st.just(2) | st.just(CONFIG) | st.just([LAYER]) | st.sampled_from(sorted(mediatypes.MANIFESTS))


@given(st.dictionaries(st.sampled_from(members), parts), st.none() | st.text(max_size=5))
def test_any_document_is_read_or_refused(document: Any, said: str | None) -> None:
    try:
        read = decode_manifest(json.dumps(document).encode(), said)
    except (Invalid, Unsupported):
        return
    assert decode_manifest(encode(read)) == read
