"""``PersistentVolume``: storage that outlives pods."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import AGE, NAME, Column, Kind, Strategy, metadata_fields
from wherry.kube.machinery.model import Object


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.persistentvolume.strategy import PersistentVolumeStrategy

    return PersistentVolumeStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    from wherry.kube.kinds.persistentvolume.columns import cells

    return cells(obj, now)


def _fields(obj: Object) -> Mapping[str, str]:
    found = metadata_fields(obj)
    return {**found, "name": found["metadata.name"]}


KIND = Kind(
    "",
    "PersistentVolume",
    "persistentvolumes",
    versions("", "PersistentVolume", "v1"),
    "v1",
    _strategy,
    namespaced=False,
    singular="persistentvolume",
    short_names=("pv",),
    columns=(
        NAME,
        Column("Capacity", description="How much it holds."),
        Column("Access Modes", description="How it may be mounted."),
        Column("Reclaim Policy", description="What becomes of it when its claim is gone."),
        Column("Status", description="Whether it is bound."),
        Column("Claim", description="The claim it is bound to."),
        Column("StorageClass", description="StorageClass of the pv"),
        Column("VolumeAttributesClass", description="VolumeAttributesClass of the pv"),
        Column("Reason", description="Why it is in this state."),
        AGE,
        Column("VolumeMode", priority=1, description="A filesystem or a block device."),
    ),
    cells=_cells,
    selectable=("name",),
    fields=_fields,
)
