"""``CSINode``: the storage drivers that a node has."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import AGE, NAME, Column, Kind, Strategy
from wherry.kube.kinds.rows import age, name
from wherry.kube.machinery.model import Object


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.csinode.strategy import CSINodeStrategy

    return CSINodeStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    return (name(obj), len(obj.get("spec", {}).get("drivers") or ()), age(obj, now))


KIND = Kind(
    "storage.k8s.io",
    "CSINode",
    "csinodes",
    versions("storage.k8s.io", "CSINode", "v1"),
    "v1",
    _strategy,
    has_status=False,  # its status is alpha
    allow_unconditional_update=False,
    namespaced=False,
    singular="csinode",
    columns=(NAME, Column("Drivers", "integer", description="How many drivers there are."), AGE),
    cells=_cells,
)
