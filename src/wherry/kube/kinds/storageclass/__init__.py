"""``StorageClass``: how volumes are made for claims that name it."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import AGE, NAME, Column, Kind, Strategy
from wherry.kube.kinds.rows import age, name
from wherry.kube.machinery.model import Object

_DEFAULT = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.storageclass.strategy import StorageClassStrategy

    return StorageClassStrategy()


def is_default(obj: Object) -> bool:
    """Claims that name no class get this one."""
    annotations = obj.get("metadata", {}).get("annotations") or {}
    return any(annotations.get(each) == "true" for each in _DEFAULT)


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    return (
        f"{name(obj)} (default)" if is_default(obj) else name(obj),
        obj.get("provisioner", ""),
        obj.get("reclaimPolicy", "Delete"),
        obj.get("volumeBindingMode", "Immediate"),
        obj.get("allowVolumeExpansion", False),
        age(obj, now),
    )


KIND = Kind(
    "storage.k8s.io",
    "StorageClass",
    "storageclasses",
    versions("storage.k8s.io", "StorageClass", "v1"),
    "v1",
    _strategy,
    has_status=False,
    namespaced=False,
    singular="storageclass",
    short_names=("sc",),
    columns=(
        NAME,
        Column("Provisioner", description="Who makes the volumes."),
        Column("ReclaimPolicy", description="What becomes of a volume that is given back."),
        Column("VolumeBindingMode", description="Whether a volume is made before it is known where."),
        Column("AllowVolumeExpansion", description="Whether volumes can grow."),
        AGE,
    ),
    cells=_cells,
)
