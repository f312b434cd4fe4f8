"""``FlowSchema``: which requests belong to which level of priority."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import AGE, NAME, Column, Kind, Strategy
from wherry.kube.kinds.rows import NONE, age, name
from wherry.kube.machinery.model import Object


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.flowschema.strategy import FlowSchemaStrategy

    return FlowSchemaStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    spec, conditions = obj.get("spec", {}), obj.get("status", {}).get("conditions") or ()
    method = spec.get("distinguisherMethod")
    return (
        name(obj),
        spec.get("priorityLevelConfiguration", {}).get("name", ""),
        spec.get("matchingPrecedence", 0),
        NONE if method is None else method.get("type", ""),
        age(obj, now),
        next((each.get("status", "") for each in conditions if each.get("type") == "Dangling"), "?"),
    )


KIND = Kind(
    "flowcontrol.apiserver.k8s.io",
    "FlowSchema",
    "flowschemas",
    versions("flowcontrol.apiserver.k8s.io", "FlowSchema", "v1"),
    "v1",
    _strategy,
    namespaced=False,
    singular="flowschema",
    columns=(
        NAME,
        Column("PriorityLevel", description="The level of the requests."),
        Column("MatchingPrecedence", "integer", description="Which schema is asked first: the lowest."),
        Column("DistinguisherMethod", description="What tells flows apart."),
        AGE,
        Column("MissingPL", description="Whether there is no such level."),
    ),
    cells=_cells,
)
