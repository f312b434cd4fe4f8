"""``PersistentVolumeClaim``: a wish for storage, and what has come of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import AGE, NAME, Column, Kind, Strategy, metadata_fields
from wherry.kube.machinery.model import Object


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.persistentvolumeclaim.strategy import PersistentVolumeClaimStrategy

    return PersistentVolumeClaimStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    from wherry.kube.kinds.persistentvolume.columns import access_modes, phase, storage_class
    from wherry.kube.kinds.rows import UNSET, age, name

    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    bound, attributes = bool(spec.get("volumeName")), spec.get("volumeAttributesClassName")
    return [
        name(obj),
        phase(obj),
        spec.get("volumeName", ""),
        (status.get("capacity") or {}).get("storage", "0") if bound else "",
        access_modes(status.get("accessModes")) if bound else "",
        storage_class(obj),
        UNSET if attributes is None else attributes,
        age(obj, now),
        spec.get("volumeMode") or UNSET,
    ]


def _fields(obj: Object) -> Mapping[str, str]:
    found = metadata_fields(obj)
    return {**found, "name": found["metadata.name"]}


KIND = Kind(
    "",
    "PersistentVolumeClaim",
    "persistentvolumeclaims",
    versions("", "PersistentVolumeClaim", "v1"),
    "v1",
    _strategy,
    singular="persistentvolumeclaim",
    short_names=("pvc",),
    columns=(
        NAME,
        Column("Status", description="Whether it is bound."),
        Column("Volume", description="The volume it is bound to."),
        Column("Capacity", description="How much the volume holds."),
        Column("Access Modes", description="How the volume may be mounted."),
        Column("StorageClass", description="StorageClass of the pvc"),
        Column("VolumeAttributesClass", description="VolumeAttributesClass of the pvc"),
        AGE,
        Column("VolumeMode", priority=1, description="A filesystem or a block device."),
    ),
    cells=_cells,
    selectable=("name",),
    fields=_fields,
)
