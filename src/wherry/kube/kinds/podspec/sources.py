"""Sources of volumes, of pods and of PersistentVolumes: one function a kind that has rules of its own, and one table of
what must be there for the rest."""

import re
from collections.abc import Callable, Mapping

from wherry.kube.kinds.checking import choice, needed, optional_choice, read_quantity
from wherry.kube.kinds.podspec.environment import (
    VOLUME_FIELDS,
    validate_descending_path,
    validate_field_reference,
    validate_local_path,
    validate_no_backsteps,
    validate_resource_reference,
)
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, Path, forbidden, invalid, not_supported, required, too_long
from wherry.kube.machinery.model import Object

Rule = Callable[[Object, Path], list[FieldError]]
FILE_MODE = "must be a number between 0 and 0777 (octal), both inclusive"
_HOST_PATHS = (
    "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket",
)  # fmt: skip
_CACHING = ("None", "ReadOnly", "ReadWrite")
_DISKS = ("Dedicated", "Managed", "Shared")
_MANAGED_DISK = "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}"
_BLOB_DISK = "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"
_INITIATORS = {
    "iqn": re.compile(r"iqn\.\d{4}-\d{2}\.([A-Za-z0-9\-.]+)(:[^,;*&$|\s]+)$", re.ASCII),
    "eui": re.compile(r"eui.[A-Za-z0-9]{16}$", re.ASCII),
    "naa": re.compile(r"naa.[A-Za-z0-9]{32}$", re.ASCII),
}

NEEDED: dict[str, tuple[str, ...]] = {
    "gitRepo": ("repository",),
    "gcePersistentDisk": ("pdName",),
    "awsElasticBlockStore": ("volumeID",),
    "nfs": ("server", "path"),
    "glusterfs": ("endpoints", "path"),
    "persistentVolumeClaim": ("claimName",),
    "rbd": ("monitors", "image"),
    "cinder": ("volumeID",),
    "cephfs": ("monitors",),
    "flexVolume": ("driver",),
    "azureFile": ("secretName", "shareName"),
    "vsphereVolume": ("volumePath",),
    "photonPersistentDisk": ("pdID",),
    "portworxVolume": ("volumeID",),
    "azureDisk": ("diskName", "diskURI"),
    "scaleIO": ("gateway", "system", "volumeName"),
    "secret": ("secretName",),
    "configMap": ("name",),
}
PATHS = {"gcePersistentDisk": "persistentDisk"}
"""Where upstream finds fault with a source, if not under its own name."""


def validate_source(kind: str, source: Object, path: Path, more: Mapping[str, Rule] | None = None) -> list[FieldError]:
    """``path`` is that of the source's owner. ``more``: rules of the user, which come instead of those here."""
    at = path.child(PATHS.get(kind, kind))
    errors = needed(at, source, *NEEDED.get(kind, ()))
    rule = (more or {}).get(kind) or RULES.get(kind)
    return errors + rule(source, at) if rule else errors


def validate_mode(document: Object, name: str, path: Path) -> list[FieldError]:
    mode = document.get(name)
    return [] if mode is None or 0 <= mode <= 0o777 else [invalid(path.child(name), mode, FILE_MODE)]


def _empty_dir(source: Object, path: Path) -> list[FieldError]:
    amount, errors = read_quantity(path.child("sizeLimit"), source.get("sizeLimit") or "0")
    if amount.nano < 0:
        return [forbidden(path.child("sizeLimit"), "SizeLimit field must be a valid resource quantity")]
    return errors


def _host_path(source: Object, path: Path) -> list[FieldError]:
    target = source.get("path", "")
    if not target:
        return [required(path.child("path"))]
    errors = validate_no_backsteps(target, path.child("path"))
    return errors + optional_choice(path.child("type"), source.get("type"), _HOST_PATHS)


def _git(source: Object, path: Path) -> list[FieldError]:
    return validate_descending_path(source.get("directory", ""), path.child("directory"))


def _partition(source: Object, path: Path) -> list[FieldError]:
    number = source.get("partition", 0)
    return [] if 0 <= number <= 255 else [invalid(path.child("partition"), number, names.in_range(1, 255))]


def validate_items(source: Object, path: Path) -> list[FieldError]:
    """Of a secret or a config map as files: keys to paths."""
    errors = validate_mode(source, "defaultMode", path)
    for position, item in enumerate(source.get("items") or ()):
        at = path.child("items").index(position)
        errors += needed(at, item, "key", "path")
        errors += validate_local_path(item.get("path", ""), at.child("path"))
        errors += validate_mode(item, "mode", at)
    return errors


def validate_downward_file(file: Object, path: Path) -> list[FieldError]:
    target, field, resource = file.get("path", ""), file.get("fieldRef"), file.get("resourceFieldRef")
    errors = needed(path, file, "path")
    errors += validate_local_path(target, path.child("path"))
    if field is not None:
        errors += validate_field_reference(field, VOLUME_FIELDS, path.child("fieldRef"))
        if resource is not None:
            both = "fieldRef and resourceFieldRef can not be specified simultaneously"
            errors.append(invalid(path, "resource", both))
    elif resource is not None:
        errors += validate_resource_reference(resource, path.child("resourceFieldRef"), in_volume=True)
    else:
        errors.append(required(path, "one of fieldRef and resourceFieldRef is required"))
    return errors + validate_mode(file, "mode", path)


def _downward(source: Object, path: Path) -> list[FieldError]:
    errors = validate_mode(source, "defaultMode", path)
    for file in source.get("items") or ():
        errors += validate_downward_file(file, path)
    return errors


def _nfs(source: Object, path: Path) -> list[FieldError]:
    target = source.get("path", "")
    return [] if target.startswith("/") else [invalid(path.child("path"), target, "must be an absolute path")]


def validate_iscsi(source: Object, path: Path) -> list[FieldError]:
    errors = needed(path, source, "targetPortal", "iqn")
    if iqn := source.get("iqn"):
        errors += _initiator(iqn, path.child("iqn"))
    lun = source.get("lun", 0)
    if not 0 <= lun <= 255:
        errors.append(invalid(path.child("lun"), lun, names.in_range(0, 255)))
    if (source.get("chapAuthDiscovery") or source.get("chapAuthSession")) and source.get("secretRef") is None:
        errors.append(required(path.child("secretRef")))
    if source.get("initiatorName") is not None:
        errors += _initiator(source["initiatorName"], path.child("initiatorname"))
    return errors


def _initiator(name: str, path: Path) -> list[FieldError]:
    pattern = _INITIATORS.get(name[:3])
    if pattern is None:
        return [invalid(path, name, "must be valid format starting with iqn, eui, or naa")]
    return [] if pattern.match(name) else [invalid(path, name, "must be valid format")]


def _fc(source: Object, path: Path) -> list[FieldError]:
    names_, ids, lun = source.get("targetWWNs") or [], source.get("wwids") or [], source.get("lun")
    errors: list[FieldError] = []
    if not names_ and not ids:
        errors.append(required(path.child("targetWWNs"), "must specify either targetWWNs or wwids, but not both"))
    if names_ and ids:
        both = "targetWWNs and wwids can not be specified simultaneously"
        errors.append(invalid(path.child("targetWWNs"), names_, both))
    if names_ and lun is None:
        errors.append(required(path.child("lun"), "lun is required if targetWWNs is specified"))
    elif names_ and not 0 <= (lun or 0) <= 255:
        errors.append(invalid(path.child("lun"), lun, names.in_range(0, 255)))
    return errors


def _flocker(source: Object, path: Path) -> list[FieldError]:
    name, uuid = source.get("datasetName", ""), source.get("datasetUUID", "")
    errors: list[FieldError] = []
    if not name and not uuid:
        errors.append(required(path, "one of datasetName and datasetUUID is required"))
    if name and uuid:
        both = "datasetName and datasetUUID can not be specified simultaneously"
        errors.append(invalid(path, "resource", both))
    if "/" in name:
        errors.append(invalid(path.child("datasetName"), name, "must not contain '/'"))
    return errors


def _quobyte(source: Object, path: Path) -> list[FieldError]:
    pairs = "must be a host:port pair or multiple pairs separated by commas"
    registry = source.get("registry", "")
    errors: list[FieldError] = []
    if not registry:
        errors.append(required(path.child("registry"), pairs))
    elif len(source.get("tenant", "")) >= 65:
        most = "must be a UUID and may not exceed a length of 64 characters"
        errors.append(required(path.child("tenant"), most))
    elif not all(":" in pair for pair in registry.split(",")):
        errors.append(invalid(path.child("registry"), registry, pairs))
    return errors + needed(path, source, "volume")


def _secret_name(source: Object, path: Path) -> list[FieldError]:
    secret = source.get("secretRef")
    return needed(path.child("secretRef"), secret, "name") if secret is not None else []


def validate_flex(source: Object, path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    for key in source.get("options") or {}:
        normalized = "." + key.partition("/")[0].lower()
        if normalized.endswith((".kubernetes.io", ".k8s.io")):
            reserved = "kubernetes.io and k8s.io namespaces are reserved"
            errors.append(invalid(path.child("options").key(key), key, reserved))
    return errors


def _azure_disk(source: Object, path: Path) -> list[FieldError]:
    kind, uri = source.get("kind"), source.get("diskURI", "")
    errors = optional_choice(path.child("cachingMode"), source.get("cachingMode"), _CACHING)
    errors += optional_choice(path.child("kind"), kind, _DISKS)
    if kind == "Managed" and not uri.startswith("/subscriptions/"):
        errors.append(not_supported(path.child("diskURI"), uri, [_MANAGED_DISK]))
    elif kind not in (None, "Managed") and not uri.startswith("https://"):
        errors.append(not_supported(path.child("diskURI"), uri, [_BLOB_DISK]))
    return errors


def validate_storageos(source: Object, path: Path) -> list[FieldError]:
    name, namespace = source.get("volumeName", ""), source.get("volumeNamespace", "")
    errors = needed(path, source, "volumeName")
    if name:
        errors += names.complain(path.child("volumeName"), name, names.dns1123_label(name))
    if namespace:
        errors += names.complain(path.child("volumeNamespace"), namespace, names.dns1123_label(namespace))
    return errors + _secret_name(source, path)


def validate_driver(name: str, path: Path) -> list[FieldError]:
    """Of a CSI driver: a DNS name, but for upper case."""
    errors = [] if name else [required(path)]
    if len(name.encode()) > 63:
        errors.append(too_long(path, "", 63))
    return errors + names.complain(path, name, names.dns1123_subdomain(name.lower()))


def _csi(source: Object, path: Path) -> list[FieldError]:
    errors = validate_driver(source.get("driver", ""), path.child("driver"))
    secret = source.get("nodePublishSecretRef")
    if secret is None:
        return errors
    name = secret.get("name", "")
    if not name:
        return [*errors, required(path.child("nodePublishSecretRef", "name"))]
    return errors + names.complain(path.child("name"), name, names.dns1123_subdomain(name))


def _image(source: Object, path: Path) -> list[FieldError]:
    return choice(path.child("pullPolicy"), source.get("pullPolicy", ""), ("Always", "IfNotPresent", "Never"))


RULES: dict[str, Rule] = {
    "emptyDir": _empty_dir,
    "hostPath": _host_path,
    "gitRepo": _git,
    "gcePersistentDisk": _partition,
    "awsElasticBlockStore": _partition,
    "secret": validate_items,
    "configMap": validate_items,
    "downwardAPI": _downward,
    "nfs": _nfs,
    "iscsi": validate_iscsi,
    "fc": _fc,
    "flocker": _flocker,
    "quobyte": _quobyte,
    "cinder": _secret_name,
    "flexVolume": validate_flex,
    "azureDisk": _azure_disk,
    "storageos": validate_storageos,
    "csi": _csi,
    "image": _image,
}
