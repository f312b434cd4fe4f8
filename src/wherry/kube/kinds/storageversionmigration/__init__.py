"""``StorageVersionMigration``: that all objects of a resource are to be stored anew."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import NAME, Column, Kind, Strategy
from wherry.kube.kinds.rows import name
from wherry.kube.machinery.model import Object


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.storageversionmigration.strategy import StorageVersionMigrationStrategy

    return StorageVersionMigrationStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    resource = obj.get("spec", {}).get("resource", {})
    group = resource.get("group", "")
    shown = f"{resource.get('resource', '')}.{group}" if group else resource.get("resource", "")
    return (name(obj), shown)


KIND = Kind(
    "storagemigration.k8s.io",
    "StorageVersionMigration",
    "storageversionmigrations",
    versions("storagemigration.k8s.io", "StorageVersionMigration", "v1", "v1beta1"),
    "v1",
    _strategy,
    allow_unconditional_update=False,
    namespaced=False,
    singular="storageversionmigration",
    columns=(
        NAME,
        Column("Resource", description="What is stored anew."),
    ),
    cells=_cells,
)
