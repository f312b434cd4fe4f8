from typing import Any

import pytest

from tests.unit.kube.kinds.objects import said
from wherry.kube.kinds.podspec.sources import NEEDED, RULES, validate_driver, validate_source
from wherry.kube.machinery.fielderrors import FieldError, Path, invalid

V = Path("v")
IQN = "iqn.2001-04.com.example:storage.disk1"
WWN = "50060e801049cfd1"
ISCSI = {"targetPortal": "10.0.0.1", "iqn": IQN, "lun": 0}


@pytest.mark.parametrize(
    ("kind", "source", "errors"),
    [
        ("emptyDir", {}, []),
        ("emptyDir", {"sizeLimit": "1Gi", "medium": "Memory"}, []),
        (
            "emptyDir",
            {"sizeLimit": "-1"},
            ["v.emptyDir.sizeLimit: Forbidden: SizeLimit field must be a valid resource quantity"],
        ),
        ("hostPath", {"path": "/data", "type": ""}, []),
        ("hostPath", {}, ["v.hostPath.path: Required value"]),
        ("hostPath", {"path": "/a/../b"}, ["v.hostPath.path: Invalid value: \"/a/../b\": must not contain '..'"]),
        (
            "hostPath",
            {"path": "/a", "type": "Folder"},
            [
                'v.hostPath.type: Unsupported value: "Folder": supported values: "", "BlockDevice", "CharDevice", '
                '"Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"'
            ],
        ),
        ("gitRepo", {"directory": "."}, ["v.gitRepo.repository: Required value"]),
        (
            "gitRepo",
            {"repository": "r", "directory": "/a"},
            ['v.gitRepo.directory: Invalid value: "/a": must be a relative path'],
        ),
        (
            "awsElasticBlockStore",
            {"partition": 256},
            [
                "v.awsElasticBlockStore.volumeID: Required value",
                "v.awsElasticBlockStore.partition: Invalid value: 256: must be between 1 and 255, inclusive",
            ],
        ),
        ("gcePersistentDisk", {}, ["v.persistentDisk.pdName: Required value"]),
        ("secret", {}, ["v.secret.secretName: Required value"]),
        (
            "configMap",
            {"name": "a", "items": [{"key": "", "path": "../x", "mode": -1}]},
            [
                "v.configMap.items[0].key: Required value",
                "v.configMap.items[0].path: Invalid value: \"../x\": must not contain '..'",
                "v.configMap.items[0].mode: Invalid value: -1: "
                "must be a number between 0 and 0777 (octal), both inclusive",
            ],
        ),
        (
            "downwardAPI",
            {"items": [{"path": "a"}]},
            ["v.downwardAPI: Required value: one of fieldRef and resourceFieldRef is required"],
        ),
        (
            "nfs",
            {"server": "s", "path": "a"},
            ['v.nfs.path: Invalid value: "a": must be an absolute path'],
        ),
        ("iscsi", ISCSI, []),
        ("iscsi", {**ISCSI, "iqn": "eui.0123456789ABCDEF"}, []),
        ("iscsi", {**ISCSI, "iqn": "iqn.now"}, ['v.iscsi.iqn: Invalid value: "iqn.now": must be valid format']),
        (
            "iscsi",
            {**ISCSI, "iqn": "disk"},
            ['v.iscsi.iqn: Invalid value: "disk": must be valid format starting with iqn, eui, or naa'],
        ),
        ("iscsi", {**ISCSI, "lun": 256}, ["v.iscsi.lun: Invalid value: 256: must be between 0 and 255, inclusive"]),
        ("iscsi", {**ISCSI, "chapAuthSession": True}, ["v.iscsi.secretRef: Required value"]),
        ("fc", {"targetWWNs": [WWN], "lun": 1}, []),
        ("fc", {}, ["v.fc.targetWWNs: Required value: must specify either targetWWNs or wwids, but not both"]),
        ("fc", {"targetWWNs": [WWN]}, ["v.fc.lun: Required value: lun is required if targetWWNs is specified"]),
        ("flocker", {}, ["v.flocker: Required value: one of datasetName and datasetUUID is required"]),
        (
            "flocker",
            {"datasetName": "a/b"},
            ["v.flocker.datasetName: Invalid value: \"a/b\": must not contain '/'"],
        ),
        ("quobyte", {"registry": "r:1", "volume": "v"}, []),
        (
            "quobyte",
            {"registry": "r", "volume": ""},
            [
                'v.quobyte.registry: Invalid value: "r": must be a host:port pair or multiple pairs separated by '
                "commas",
                "v.quobyte.volume: Required value",
            ],
        ),
        ("cinder", {"volumeID": "a", "secretRef": {}}, ["v.cinder.secretRef.name: Required value"]),
        (
            "flexVolume",
            {"driver": "a/b", "options": {"Kubernetes.io/x": "y"}},
            [
                'v.flexVolume.options[Kubernetes.io/x]: Invalid value: "Kubernetes.io/x": kubernetes.io and k8s.io '
                "namespaces are reserved"
            ],
        ),
        (
            "azureDisk",
            {"diskName": "d", "diskURI": "x", "kind": "Managed"},
            [
                'v.azureDisk.diskURI: Unsupported value: "x": supported values: "/subscriptions/{sub-id}'
                '/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}"'
            ],
        ),
        (
            "azureDisk",
            {"diskName": "d", "diskURI": "https://x", "kind": "Shared", "cachingMode": "Some"},
            ['v.azureDisk.cachingMode: Unsupported value: "Some": supported values: "None", "ReadOnly", "ReadWrite"'],
        ),
        (
            "csi",
            {"driver": "d.example", "nodePublishSecretRef": {}},
            ["v.csi.nodePublishSecretRef.name: Required value"],
        ),
        (
            "image",
            {"reference": "a", "pullPolicy": "Now"},
            ['v.image.pullPolicy: Unsupported value: "Now": supported values: "Always", "IfNotPresent", "Never"'],
        ),
    ],
)
def test_sources(kind: str, source: dict[str, Any], errors: list[str]) -> None:
    assert said(validate_source(kind, source, V)) == errors


@pytest.mark.parametrize(("kind", "fields"), [each for each in NEEDED.items() if each[0] not in RULES])
def test_what_must_be_there(kind: str, fields: tuple[str, ...]) -> None:
    assert said(validate_source(kind, {}, V)) == [f"v.{kind}.{name}: Required value" for name in fields]
    assert said(validate_source(kind, dict.fromkeys(fields, "x"), V)) == []


def test_the_rules_of_the_user_come_first() -> None:
    def refuse(source: dict[str, Any], path: Path) -> list[FieldError]:
        return [invalid(path, source, "never")]

    assert said(validate_source("emptyDir", {}, V, {"emptyDir": refuse})) == ["v.emptyDir: Invalid value: {}: never"]


def test_drivers_have_dns_names_but_for_case() -> None:
    assert said(validate_driver("CSI.example.com", V)) == []
    first, *_ = said(validate_driver("a" * 64, V))
    assert first == "v: Too long: may not be more than 63 bytes"
