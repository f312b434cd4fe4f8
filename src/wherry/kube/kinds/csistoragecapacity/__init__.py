"""``CSIStorageCapacity``: how much storage of a class there is in a part of the cluster."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import NAME, Column, Kind, Strategy
from wherry.kube.kinds.rows import UNSET, name
from wherry.kube.machinery.model import Object


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.csistoragecapacity.strategy import CSIStorageCapacityStrategy

    return CSIStorageCapacityStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    return (name(obj), obj.get("storageClassName", ""), str(obj.get("capacity", UNSET)))


KIND = Kind(
    "storage.k8s.io",
    "CSIStorageCapacity",
    "csistoragecapacities",
    versions("storage.k8s.io", "CSIStorageCapacity", "v1"),
    "v1",
    _strategy,
    has_status=False,
    allow_unconditional_update=False,
    singular="csistoragecapacity",
    columns=(NAME, Column("StorageClassName"), Column("Capacity")),
    cells=_cells,
)
