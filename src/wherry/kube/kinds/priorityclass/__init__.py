"""``PriorityClass``: a name for how important pods are."""

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
    from wherry.kube.kinds.priorityclass.strategy import PriorityClassStrategy

    return PriorityClassStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    default = obj.get("globalDefault", False)
    return (name(obj), obj.get("value", 0), default, age(obj, now), obj.get("preemptionPolicy", ""))


KIND = Kind(
    "scheduling.k8s.io",
    "PriorityClass",
    "priorityclasses",
    versions("scheduling.k8s.io", "PriorityClass", "v1"),
    "v1",
    _strategy,
    has_status=False,
    namespaced=False,
    singular="priorityclass",
    short_names=("pc",),
    columns=(
        NAME,
        Column("Value", "integer", description="The higher, the more important."),
        Column("Global-Default", "boolean", description="Whether pods that name no class have this one."),
        AGE,
        Column("PreemptionPolicy", description="Whether others may have to go."),
    ),
    cells=_cells,
)
