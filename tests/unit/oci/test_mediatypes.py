"""What a media type says of a blob."""

import pytest

from wherry.oci import mediatypes
from wherry.oci.mediatypes import compression


@pytest.mark.parametrize(
    ("media_type", "expected"),
    [
        (mediatypes.OCI_LAYER, ""),
        (mediatypes.DOCKER_LAYER, ""),
        (mediatypes.OCI_LAYER_GZIP, "gzip"),
        (mediatypes.DOCKER_LAYER_GZIP, "gzip"),
        (mediatypes.OCI_LAYER_ZSTD, "zstd"),
        (mediatypes.DOCKER_LAYER_ZSTD, "zstd"),
        ("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "gzip"),
        ("application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", "zstd"),
        (mediatypes.OCI_CONFIG, None),
        (mediatypes.OCI_MANIFEST, None),
        ("application/vnd.in-toto+json", None),
        (mediatypes.OCI_LAYER + "+xz", None),
        ("", None),
    ],
)
def test_a_layer_is_compressed_as_its_media_type_says(media_type: str, expected: str | None) -> None:
    assert compression(media_type) == expected


def test_layers_are_the_media_types_that_have_a_compression() -> None:
    assert all(compression(layer) is not None for layer in mediatypes.LAYERS)


def test_no_media_type_is_of_two_kinds() -> None:
    kinds = [
        mediatypes.MANIFESTS,
        mediatypes.INDEXES,
        mediatypes.CONFIGS,
        mediatypes.DOCKER_SCHEMA_1,
        mediatypes.LAYERS,
        frozenset({mediatypes.OCI_EMPTY}),
    ]
    assert len(frozenset().union(*kinds)) == sum(map(len, kinds))
