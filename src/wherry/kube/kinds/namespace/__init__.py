"""``Namespace``: a room for the names of other objects."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import AGE, NAME, Column, Kind, Strategy, metadata_fields
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.names import dns1123_label


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.namespace.strategy import NamespaceStrategy

    return NamespaceStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    from wherry.kube.kinds.rows import age, name

    return [name(obj), (obj.get("status") or {}).get("phase", ""), age(obj, now)]


def _fields(obj: Object) -> Mapping[str, str]:
    found = metadata_fields(obj)
    return {**found, "name": found["metadata.name"], "status.phase": (obj.get("status") or {}).get("phase", "")}


KIND = Kind(
    "",
    "Namespace",
    "namespaces",
    versions("", "Namespace", "v1"),
    "v1",
    _strategy,
    namespaced=False,
    singular="namespace",
    short_names=("ns",),
    verbs=("create", "delete", "get", "list", "patch", "update", "watch"),
    columns=(NAME, Column("Status", description="The status of the namespace"), AGE),
    cells=_cells,
    selectable=("status.phase", "name"),
    fields=_fields,
    subresources=("finalize",),
    name_check=dns1123_label,
)
