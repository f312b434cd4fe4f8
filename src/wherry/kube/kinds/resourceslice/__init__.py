"""``ResourceSlice``: the devices of a pool, or a part of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from wherry.kube.kinds.declared import version
from wherry.kube.kinds.model import AGE, NAME, Column, Conversion, Kind, Strategy, metadata_fields
from wherry.kube.kinds.rows import age, name
from wherry.kube.machinery.model import Object


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.resourceslice.strategy import ResourceSliceStrategy

    return ResourceSliceStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    spec = obj.get("spec", {})
    pool = spec.get("pool", {}).get("name", "")
    return (name(obj), spec.get("nodeName", ""), spec.get("driver", ""), pool, age(obj, now))


def _fields(obj: Object) -> Mapping[str, str]:
    spec = obj.get("spec", {})
    own = {f"spec.{field}": spec.get(field, "") for field in ("nodeName", "driver")}
    return {**metadata_fields(obj), **own}


def _from_v1beta1(obj: Object) -> Object:
    for device in obj.get("spec", {}).get("devices") or ():
        device.update(device.pop("basic", None) or {})
    return obj


def _to_v1beta1(obj: Object) -> Object:
    for device in obj.get("spec", {}).get("devices") or ():
        device["basic"] = {field: device.pop(field) for field in list(device) if field != "name"}
    return obj


KIND = Kind(
    "resource.k8s.io",
    "ResourceSlice",
    "resourceslices",
    (
        version("resource.k8s.io", "ResourceSlice", "v1"),
        version("resource.k8s.io", "ResourceSlice", "v1beta2"),
        version("resource.k8s.io", "ResourceSlice", "v1beta1", Conversion(_from_v1beta1, _to_v1beta1)),
    ),
    "v1",
    _strategy,
    has_status=False,
    namespaced=False,
    singular="resourceslice",
    columns=(
        NAME,
        Column("Node", description="Where the devices are, if on one node."),
        Column("Driver", description="Whose they are."),
        Column("Pool", description="To what pool they belong."),
        AGE,
    ),
    cells=_cells,
    selectable=("spec.nodeName", "spec.driver"),
    fields=_fields,
)
