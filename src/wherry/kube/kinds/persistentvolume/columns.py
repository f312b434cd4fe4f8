"""How ``kubectl get pv`` shows a volume (pkg/printers/internalversion/printers.go: printPersistentVolume)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from wherry.kube.kinds.rows import UNSET, age, name
from wherry.kube.machinery.model import Object

CLASS = "volume.beta.kubernetes.io/storage-class"
_MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}


def access_modes(modes: Iterable[str] | None) -> str:
    """Always in the same order, each once."""
    found = set(modes or ())
    return ",".join(short for mode, short in _MODES.items() if mode in found)


def storage_class(obj: Object) -> str:
    """Of a volume or a claim; the annotation is from before there was a field."""
    annotations = obj.get("metadata", {}).get("annotations") or {}
    return str(annotations.get(CLASS, (obj.get("spec") or {}).get("storageClassName") or ""))


def phase(obj: Object) -> str:
    if "deletionTimestamp" in obj.get("metadata", {}):
        return "Terminating"
    return str((obj.get("status") or {}).get("phase", ""))


def cells(volume: Object, now: datetime) -> Sequence[Any]:
    """One row."""
    spec = volume.get("spec") or {}
    claim = spec.get("claimRef")
    attributes = spec.get("volumeAttributesClassName")
    return [
        name(volume),
        (spec.get("capacity") or {}).get("storage", "0"),
        access_modes(spec.get("accessModes")),
        spec.get("persistentVolumeReclaimPolicy", ""),
        phase(volume),
        f"{claim.get('namespace', '')}/{claim.get('name', '')}" if claim is not None else "",
        storage_class(volume),
        UNSET if attributes is None else attributes,
        (volume.get("status") or {}).get("reason", ""),
        age(volume, now),
        spec.get("volumeMode") or UNSET,
    ]
