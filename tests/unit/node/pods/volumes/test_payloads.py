"""What is in volumes that are made of objects."""

from base64 import b64encode

import pytest

from tests.unit.node.pods.rig import container, pod
from wherry.kit.errors import Invalid, NotFound
from wherry.kube.machinery.model import Object
from wherry.node.pods.composing.fields import UNKNOWN
from wherry.node.pods.references import Reference
from wherry.node.pods.volumes import payloads
from wherry.node.pods.volumes.atomic import File
from wherry.node.pods.volumes.payloads import BundleNeed, CertificateNeed, Contents, Credential, TokenNeed

HOLDERS: dict[tuple[str, str], Object] = {
    ("configmaps", "m"): {"data": {"a": "1", "b": "2"}, "binaryData": {"c": b64encode(b"\x00").decode()}},
    ("secrets", "s"): {"data": {"a": b64encode(b"word").decode()}},
}
CONTENTS = Contents(
    lambda kind, name: HOLDERS.get((kind, name)),
    UNKNOWN,
    lambda need: f"token for {need.audience or 'the API'}",
    lambda need: f"bundle {need.name}{need.signer}{need.selector.decode()}".encode(),
    lambda need: Credential(f"key of {need.place[1]}".encode(), f"; chain of {need.place[1]}".encode()),
)


NO_KEY = {"key": "z", "path": "z"}


def made(source: Object, **spec: object) -> dict[str, File]:
    volume = {"name": "v", **source}
    whole = pod("web", container(volumeMounts=[{"name": "v", "mountPath": "/v"}]), volumes=[volume], **spec)
    return payloads.files(whole, volume, CONTENTS)


def texts(files: dict[str, File]) -> dict[str, str]:
    return {path: each.data.decode() for path, each in files.items()}


def test_all_keys_or_those_that_are_named() -> None:
    assert texts(made({"configMap": {"name": "m"}})) == {"a": "1", "b": "2", "c": "\x00"}
    items = [{"key": "a", "path": "x/y", "mode": 0o400}]
    found = made({"configMap": {"name": "m", "items": items, "defaultMode": 0o600}})
    assert (texts(found), found["x/y"].mode) == ({"x/y": "1"}, 0o400)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({"configMap": {"name": "no"}}, 'configmap "no" not found'),
        ({"secret": {"secretName": "no"}}, 'secret "no" not found'),
        ({"configMap": {"name": "m", "items": [NO_KEY]}}, "configmap references non-existent config key: z"),
        ({"secret": {"secretName": "s", "items": [NO_KEY]}}, "references non-existent secret key: z"),
    ],
)
def test_what_is_missing_is_named(source: Object, said: str) -> None:
    with pytest.raises(NotFound) as found:
        made(source)
    assert found.value.message == said
    next(iter(source.values()))["optional"] = True
    assert made(source) == {}
    del next(iter(source.values()))["optional"]


def test_a_projection_is_all_of_its_sources() -> None:
    sources: list[Object] = [
        {"configMap": {"name": "m", "items": [{"key": "a", "path": "a"}]}},
        {"secret": {"name": "s"}},
        {"downwardAPI": {"items": [{"path": "n", "fieldRef": {"fieldPath": "metadata.name"}}]}},
        {"serviceAccountToken": {"path": "token", "audience": "vault"}},
        {"clusterTrustBundle": {"path": "ca", "name": "b"}},
        {"clusterTrustBundle": {"path": "cas", "signerName": "s", "labelSelector": {}}},
    ]
    assert texts(made({"projected": {"sources": sources}})) == {
        "a": "word", "n": "web", "token": "token for vault", "ca": "bundle b", "cas": "bundle s{}",
    }  # fmt: skip


def test_which_bundles_a_pod_needs() -> None:
    source = {"clusterTrustBundle": {"path": "ca", "signerName": "s", "optional": True}}
    volumes: list[Object] = [{"name": "v", "projected": {"sources": [source]}}, {"name": "w", "configMap": {}}]
    mounts = [{"name": each["name"], "mountPath": f"/{each['name']}"} for each in volumes]
    whole = pod("web", container(volumeMounts=mounts), volumes=volumes)
    assert payloads.bundles(whole) == {BundleNeed(signer="s", optional=True)}


CERTIFICATE = {"signerName": "ex.io/s", "keyType": "ED25519", "userAnnotations": {"b.io/x": "1", "a.io/x": "2"}}


def test_a_certificate_is_in_one_file_or_two() -> None:
    whole = {**CERTIFICATE, "credentialBundlePath": "all", "maxExpirationSeconds": 3600}
    halves = {**CERTIFICATE, "keyPath": "tls.key", "certificateChainPath": "tls.crt"}
    source: Object = {"projected": {"sources": [{"podCertificate": whole}, {"podCertificate": halves}]}}
    assert texts(made(source)) == {
        "all": "key of all; chain of all", "tls.key": "key of tls.key", "tls.crt": "; chain of tls.key",
    }  # fmt: skip
    annotations = (("a.io/x", "2"), ("b.io/x", "1"))
    assert payloads.certificates({"name": "v", **source}) == [
        CertificateNeed(("v", "all"), "ex.io/s", "ED25519", 3600, annotations),
        CertificateNeed(("v", "tls.key"), "ex.io/s", "ED25519", None, annotations),
    ]
    assert payloads.certificates({"name": "w", "emptyDir": {}}) == []


def test_a_key_is_for_its_user_alone_where_that_is_known() -> None:
    part = {"podCertificate": {**CERTIFICATE, "keyPath": "k"}}
    source = {"projected": {"defaultMode": 0o444, "sources": [part]}}
    assert made(source)["k"].mode == 0o444
    own = made(source, securityContext={"runAsUser": 7})["k"]
    assert (own.mode, own.owner) == (0o600, (7, 0))


def test_what_cannot_be_projected_is_said() -> None:
    with pytest.raises(Invalid, match="projections of a somethingNew are not supported"):
        made({"projected": {"sources": [{"somethingNew": {"path": "x"}}]}})


def test_resources_of_a_container_that_is_not_there() -> None:
    item = {"path": "x", "resourceFieldRef": {"containerName": "no", "resource": "limits.cpu"}}
    with pytest.raises(Invalid, match="cannot find container no"):
        made({"downwardAPI": {"items": [item]}})


TOKEN = {"projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}}


def test_who_may_read_a_token() -> None:
    assert made(TOKEN)["t"].mode == 0o644
    own = made(TOKEN, securityContext={"runAsUser": 5})["t"]
    assert (own.mode, own.owner) == (0o600, (5, 0))
    group = made(TOKEN, securityContext={"fsGroup": 7, "runAsUser": 5})["t"]
    assert (group.mode, group.owner) == (0o640, (0, 7))


def test_a_group_can_read_what_is_made_for_it() -> None:
    found = made({"configMap": {"name": "m", "defaultMode": 0o400}}, securityContext={"fsGroup": 7})["a"]
    assert (found.mode, found.owner) == (0o440, (0, 7))


def test_only_what_is_mounted_counts() -> None:
    volumes = [
        {"name": "v", "projected": {"sources": [{"configMap": {"name": "m"}}, {"serviceAccountToken": {"path": "t"}}]}},
        {"name": "w", "secret": {"secretName": "s"}},
        {"name": "unused", "secret": {"secretName": "z"}},
        {"name": "e", "emptyDir": {}},
    ]
    mounts = [{"name": name, "mountPath": f"/{name}"} for name in ("v", "w", "e")]
    whole = pod("web", container(volumeMounts=mounts), volumes=volumes)
    assert payloads.references(whole) == {Reference("configmaps", "default", "m"), Reference("secrets", "default", "s")}
    assert payloads.tokens(whole) == {TokenNeed("", 3600)}
    assert [each["name"] for each in payloads.used(whole)] == ["v", "w", "e"]


def test_a_volume_without_a_source_is_an_empty_directory() -> None:
    assert payloads.source_kind({"name": "v"}) == "emptyDir"
    assert payloads.source_kind({"name": "v", "secret": {}, "configMap": None}) == "secret"
