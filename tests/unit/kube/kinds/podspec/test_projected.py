from typing import Any

import pytest

from tests.unit.kube.kinds.objects import said
from wherry.kube.kinds.podspec.projected import validate_projected
from wherry.kube.machinery.fielderrors import Path

Z = "p.sources[0]"
FIELD = {"apiVersion": "v1", "fieldPath": "metadata.labels"}
TOKEN = {"path": "token", "expirationSeconds": 3600}


@pytest.mark.parametrize(
    ("source", "errors"),
    [
        ({"serviceAccountToken": TOKEN}, []),
        ({"secret": {"name": "a", "items": [{"key": "k", "path": "x"}]}, "configMap": None}, []),
        ({"secret": {}}, [f"{Z}.secret.name: Required value"]),
        (
            {"secret": {"name": "a"}, "configMap": {"name": "b"}},
            [f"{Z}: Forbidden: may not specify more than 1 volume type per source"],
        ),
        (
            {"serviceAccountToken": {"path": "a", "expirationSeconds": 599}},
            [
                f"{Z}.serviceAccountToken.expirationSeconds: Invalid value: 599: may not specify a duration less than "
                "10 minutes"
            ],
        ),
        (
            {"serviceAccountToken": {"path": "a", "expirationSeconds": 2**32 + 1}},
            [
                f"{Z}.serviceAccountToken.expirationSeconds: Invalid value: 4294967297: may not specify a duration "
                "larger than 2^32 seconds"
            ],
        ),
        ({"serviceAccountToken": {**TOKEN, "path": ""}}, ["p.path: Required value"]),
        ({"serviceAccountToken": {**TOKEN, "path": "/a"}}, ['p.path: Invalid value: "/a": must be a relative path']),
        ({"downwardAPI": {"items": [{"path": "l", "fieldRef": FIELD}]}}, []),
        (
            {"downwardAPI": {"items": [{"path": "l"}]}},
            [f"{Z}.downwardAPI: Required value: one of fieldRef and resourceFieldRef is required"],
        ),
        (
            {"clusterTrustBundle": {"path": "a"}},
            [f"{Z}.clusterTrustBundle: Required value: either name or signerName must be specified"],
        ),
        (
            {"clusterTrustBundle": {"path": "a", "name": "x", "labelSelector": {}}},
            [
                f"{Z}.clusterTrustBundle.labelSelector: Invalid value: {{}}: labelSelector must be unset if name is "
                "specified"
            ],
        ),
        ({"clusterTrustBundle": {"path": "a", "name": "example.com:x:b"}}, []),
        ({"clusterTrustBundle": {"path": "a", "signerName": "example.com/x"}}, []),
        (
            {"clusterTrustBundle": {"path": "a", "signerName": "example/x"}},
            [
                f'{Z}.clusterTrustBundle.signerName: Invalid value: "example": should be a domain with at least two '
                "segments separated by dots"
            ],
        ),
        ({"podCertificate": {"signerName": "a.b/c", "keyType": "ED25519", "keyPath": "k"}}, []),
        (
            {"podCertificate": {"signerName": "a.b/c", "keyType": "ED25519"}},
            [
                f"{Z}.podCertificate: Required value: specify at least one of credentialBundlePath, keyPath, and "
                "certificateChainPath"
            ],
        ),
        (
            {"podCertificate": {"signerName": "a.b/c", "keyType": "DSA", "keyPath": "k"}},
            [
                f'{Z}.podCertificate.keyType: Unsupported value: "DSA": supported values: "ECDSAP256", "ECDSAP384", '
                '"ECDSAP521", "ED25519", "RSA3072", "RSA4096"'
            ],
        ),
        (
            {
                "podCertificate": {
                    "signerName": "a.b/c",
                    "keyType": "ED25519",
                    "keyPath": "k",
                    "maxExpirationSeconds": 60,
                }
            },
            [
                f"{Z}.podCertificate.maxExpirationSeconds: Invalid value: 60: must be between 3600 and 7862400, "
                "inclusive"
            ],
        ),
    ],
)
def test_sources(source: dict[str, Any], errors: list[str]) -> None:
    assert said(validate_projected({"defaultMode": 0o644, "sources": [source]}, Path("p"))) == errors


def test_the_mode_is_one_of_files() -> None:
    found = said(validate_projected({"defaultMode": 0o1000, "sources": []}, Path("p")))
    assert found == ["p.defaultMode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive"]


def test_two_sources_do_not_give_one_file() -> None:
    item = {"key": "k", "path": "same"}
    sources = [{"secret": {"name": "a", "items": [item]}}, {"configMap": {"name": "b", "items": [item]}}]
    assert said(validate_projected({"sources": sources}, Path("p"))) == [
        'p: Invalid value: "b": conflicting duplicate paths'
    ]
