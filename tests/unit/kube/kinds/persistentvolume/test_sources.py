from typing import Any

import pytest

from tests.unit.kube.kinds.objects import said
from wherry.kube.kinds.persistentvolume.sources import RULES, SOURCES
from wherry.kube.kinds.podspec.sources import NEEDED, validate_source
from wherry.kube.kinds.podspec.sources import RULES as POD_RULES
from wherry.kube.machinery.fielderrors import Path

V = Path("v")
DRIVER = {"driver": "d.example", "volumeHandle": "h"}


@pytest.mark.parametrize(
    ("kind", "source", "errors"),
    [
        ("local", {"path": "/disk"}, []),
        ("local", {}, ["v.local.path: Required value"]),
        ("local", {"path": "/a/.."}, ["v.local.path: Invalid value: \"/a/..\": must not contain '..'"]),
        ("csi", DRIVER, []),
        ("csi", {"driver": "d.example"}, ["v.csi.volumeHandle: Required value"]),
        (
            "csi",
            {**DRIVER, "nodePublishSecretRef": {"name": "a"}},
            ["v.csi.nodePublishSecretRef.namespace: Required value"],
        ),
        (
            "csi",
            {**DRIVER, "controllerExpandSecretRef": {"name": "a", "namespace": "b.c"}},
            ['v.csi.controllerExpandSecretRef.namespace: Invalid value: "b.c": must not contain dots'],
        ),
        (
            "glusterfs",
            {"endpoints": "e", "path": "p", "endpointsNamespace": ""},
            [
                'v.glusterfs.endpointsNamespace: Invalid value: "": if the endpointnamespace is set, it must be a '
                "valid namespace name"
            ],
        ),
        (
            "azureFile",
            {"secretName": "s", "shareName": "n", "secretNamespace": ""},
            ["v.azureFile.secretNamespace: Required value"],
        ),
        (
            "cinder",
            {"volumeID": "x", "secretRef": {"name": "s"}},
            ["v.cinder.secretRef.namespace: Required value"],
        ),
        (
            "storageos",
            {"volumeName": "x", "secretRef": {"name": "s"}},
            ["v.storageos.secretRef.namespace: Required value"],
        ),
        (
            "iscsi",
            {"targetPortal": "10.0.0.1", "iqn": "eui.0123456789ABCDEF", "secretRef": {}},
            ["v.iscsi.secretRef.name: Required value"],
        ),
    ],
)
def test_sources(kind: str, source: dict[str, Any], errors: list[str]) -> None:
    assert said(validate_source(kind, source, V, RULES)) == errors


def test_every_source_has_rules() -> None:
    assert set(SOURCES) <= {*RULES, *POD_RULES, *NEEDED}
