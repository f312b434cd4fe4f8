"""The image that a stage becomes."""

from dataclasses import replace

import msgspec
import pytest

from tests.unit.engine.build.workshop import Workshop
from wherry.engine.build.exporting import image_config, store
from wherry.engine.build.layers import Layer
from wherry.engine.build.state import State
from wherry.engine.dockerfile.settings import Settings
from wherry.oci import mediatypes
from wherry.oci.digest import Digest
from wherry.oci.model import ContainerConfig, Manifest, encode
from wherry.oci.platform import Platform

A, B = ("sha256:" + letter * 64 for letter in "ab")


@pytest.fixture
def state() -> State:
    layers = (
        Layer(A, B, 10, mediatypes.DOCKER_LAYER_GZIP, 100),
        Layer(B, A, 20, mediatypes.OCI_LAYER_GZIP, 200),
    )
    settings = Settings(ContainerConfig(labels={"b": "1"}), "author")
    return State(Platform("linux", "arm", "v7"), 60, settings, layers=layers)


def test_a_configuration(state: State) -> None:
    config = image_config(state, {"a": "2", "b": "3"}, 9)
    assert list((config.config.labels or {}).items()) == [("a", "2"), ("b", "3")]
    assert (config.created, config.author) == ("1970-01-01T00:01:00Z", "author")
    assert (config.os, config.architecture, config.variant) == ("linux", "arm", "v7")
    assert config.rootfs.diff_ids == [A, B]


def test_the_time_of_the_build_where_there_is_no_epoch(state: State) -> None:
    assert image_config(replace(state, epoch_seconds=None), {}, 9).created == "1970-01-01T00:00:09Z"


def test_a_manifest_has_names_of_one_kind(workshop: Workshop, state: State) -> None:
    document = encode(image_config(state, {}, 9))
    candidate = store(workshop.content, workshop.images.work(), state, document)
    manifest = msgspec.json.decode(workshop.content.read(Digest.parse(candidate.manifest)), type=Manifest)
    assert [layer.media_type for layer in manifest.layers] == [mediatypes.OCI_LAYER_GZIP] * 2
    assert [(layer.digest, layer.size) for layer in manifest.layers] == [(B, 10), (A, 20)]
    assert manifest.config.digest == str(Digest.of(document))
    assert workshop.content.read(Digest.of(document)) == document
