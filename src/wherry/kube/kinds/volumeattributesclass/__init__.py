"""``VolumeAttributesClass``: properties that a volume can be changed to have while it is used."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import AGE, NAME, Column, Kind, Strategy
from wherry.kube.kinds.rows import age, name
from wherry.kube.machinery.model import Object

_DEFAULT = "volumeattributesclass.alpha.kubernetes.io/is-default-class"


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.volumeattributesclass.strategy import VolumeAttributesClassStrategy

    return VolumeAttributesClassStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    default = (obj.get("metadata", {}).get("annotations") or {}).get(_DEFAULT) == "true"
    shown = f"{name(obj)} (default)" if default else name(obj)
    return (shown, obj.get("driverName", ""), age(obj, now))


KIND = Kind(
    "storage.k8s.io",
    "VolumeAttributesClass",
    "volumeattributesclasses",
    versions("storage.k8s.io", "VolumeAttributesClass", "v1"),
    "v1",
    _strategy,
    has_status=False,
    namespaced=False,
    singular="volumeattributesclass",
    short_names=("vac",),
    columns=(NAME, Column("DriverName", description="Which driver knows its parameters."), AGE),
    cells=_cells,
)
