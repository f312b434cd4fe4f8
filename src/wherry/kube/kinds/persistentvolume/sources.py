"""Sources of persistent volumes, where more is asked of them than of a pod's (validate…PersistentVolumeSource)."""

from wherry.kube.kinds.checking import needed
from wherry.kube.kinds.podspec.environment import validate_no_backsteps
from wherry.kube.kinds.podspec.sources import (
    Rule,
    validate_driver,
    validate_flex,
    validate_iscsi,
    validate_storageos,
)
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, Path, invalid, required
from wherry.kube.machinery.model import Object

SOURCES = (
    "hostPath", "gcePersistentDisk", "awsElasticBlockStore", "glusterfs", "flocker", "nfs", "rbd", "quobyte", "cephfs",
    "iscsi", "cinder", "fc", "flexVolume", "azureFile", "vsphereVolume", "photonPersistentDisk", "portworxVolume",
    "azureDisk", "scaleIO", "local", "storageos", "csi",
)  # fmt: skip
"""In the order in which the first one counts."""


def _secret(source: Object, path: Path) -> list[FieldError]:
    """A secret of some namespace."""
    reference = source.get("secretRef")
    return [] if reference is None else needed(path.child("secretRef"), reference, "name", "namespace")


def _local(source: Object, path: Path) -> list[FieldError]:
    target = source.get("path", "")
    return validate_no_backsteps(target, path.child("path")) if target else [required(path.child("path"))]


def _glusterfs(source: Object, path: Path) -> list[FieldError]:
    namespace, at = source.get("endpointsNamespace"), path.child("endpointsNamespace")
    if namespace is None:
        return []
    if not namespace:
        why = "if the endpointnamespace is set, it must be a valid namespace name"
        return [invalid(at, namespace, why)]
    return names.complain(at, namespace, names.dns1123_label(namespace))


def _azure_file(source: Object, path: Path) -> list[FieldError]:
    return [required(path.child("secretNamespace"))] if source.get("secretNamespace") == "" else []


def _iscsi(source: Object, path: Path) -> list[FieldError]:
    errors = validate_iscsi(source, path)
    secret = source.get("secretRef")
    return errors if secret is None else errors + needed(path.child("secretRef"), secret, "name")


def _storageos(source: Object, path: Path) -> list[FieldError]:
    errors = validate_storageos({name: value for name, value in source.items() if name != "secretRef"}, path)
    return errors + _secret(source, path)


_SECRETS = ("controllerPublishSecretRef", "controllerExpandSecretRef", "nodePublishSecretRef", "nodeExpandSecretRef")


def _csi(source: Object, path: Path) -> list[FieldError]:
    errors = validate_driver(source.get("driver", ""), path.child("driver"))
    errors += needed(path, source, "volumeHandle")
    for field in _SECRETS:
        if source.get(field) is not None:
            errors += _validate_reference(source[field], path.child(field))
    return errors


def _validate_reference(reference: Object, path: Path) -> list[FieldError]:
    errors = needed(path, reference, "name", "namespace")
    if name := reference.get("name"):
        errors += names.complain(path.child("name"), name, names.dns1123_subdomain(name))
    if namespace := reference.get("namespace"):
        errors += names.complain(path.child("namespace"), namespace, names.dns1123_label(namespace))
    return errors


RULES: dict[str, Rule] = {
    "local": _local,
    "glusterfs": _glusterfs,
    "azureFile": _azure_file,
    "iscsi": _iscsi,
    "cinder": _secret,
    "storageos": _storageos,
    "flexVolume": validate_flex,
    "csi": _csi,
}
