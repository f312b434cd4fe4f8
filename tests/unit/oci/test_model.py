"""Documents are written as the specification has them, and what they cannot be is refused when they are made."""

import json

import msgspec
import pytest

from wherry.oci import mediatypes
from wherry.oci.model import (
    ContainerConfig,
    Descriptor,
    Healthcheck,
    ImageConfig,
    Index,
    Manifest,
    Platform,
    RootFs,
    encode,
)

DIGEST = "sha256:" + "0" * 64


def descriptor(**members: object) -> Descriptor:
    usual: dict[str, object] = {"mediaType": mediatypes.OCI_LAYER, "digest": DIGEST, "size": 3}
    return msgspec.convert(usual | members, Descriptor)


def test_a_manifest_says_its_version_first_and_leaves_out_what_it_has_not() -> None:
    manifest = Manifest(media_type=mediatypes.OCI_MANIFEST, config=descriptor(), layers=[])
    assert encode(manifest).decode() == (
        '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",'
        '"config":{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"'
        + DIGEST
        + '","size":3},"layers":[]}'
    )


def test_an_index_says_what_its_manifests_are_for() -> None:
    platform = Platform(architecture="arm", os="linux", os_version="1", variant="v7")
    index = Index(media_type=mediatypes.OCI_INDEX, manifests=[descriptor(platform=msgspec.to_builtins(platform))])
    written = json.loads(encode(index))
    assert written["schemaVersion"] == 2
    assert written["manifests"][0]["platform"] == {
        "architecture": "arm",
        "os": "linux",
        "os.version": "1",
        "variant": "v7",
    }


def test_a_configuration_says_its_layers_even_when_it_has_none() -> None:
    assert json.loads(encode(ImageConfig(rootfs=RootFs()))) == {"rootfs": {"type": "layers", "diff_ids": []}}


def test_the_members_of_config_are_spelt_as_docker_does() -> None:
    config = ContainerConfig(
        open_stdin=True,
        env=[],
        exposed_ports={"80/tcp": {}},
        on_build=["RUN x"],
        healthcheck=Healthcheck(test=["NONE"], start_period=5),
        stop_timeout=0,
    )
    assert json.loads(encode(config)) == {
        "OpenStdin": True,
        "Env": [],
        "ExposedPorts": {"80/tcp": {}},
        "OnBuild": ["RUN x"],
        "Healthcheck": {"Test": ["NONE"], "StartPeriod": 5},
        "StopTimeout": 0,
    }


def test_an_empty_list_is_not_an_absent_one() -> None:
    assert msgspec.json.decode(b'{"Cmd":[]}', type=ContainerConfig).cmd == []
    assert msgspec.json.decode(b"{}", type=ContainerConfig).cmd is None


@pytest.mark.parametrize("digest", ["", "sha256:12", "md5:" + "0" * 32, "sha256:" + "/" * 64])
def test_a_descriptor_needs_a_digest(digest: str) -> None:
    with pytest.raises(msgspec.ValidationError, match="digest"):
        descriptor(digest=digest)


def test_nothing_has_less_than_no_bytes() -> None:
    assert descriptor(size=0).size == 0
    with pytest.raises(msgspec.ValidationError, match="negative size"):
        descriptor(size=-1)


def test_documents_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        descriptor().size = 4  # type: ignore[misc]


def test_unknown_members_are_dropped() -> None:
    assert msgspec.json.decode(b'{"os":"linux","moby.buildkit.cache.v0":"x"}', type=ImageConfig).os == "linux"
