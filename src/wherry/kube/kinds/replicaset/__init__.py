"""``ReplicaSet``: so many pods of one template."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import AGE, NAME, Column, Kind, ScaleFields, Strategy, metadata_fields
from wherry.kube.kinds.rows import WORKLOAD, age, containers, name, selector
from wherry.kube.machinery.model import Object


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.replicaset.strategy import ReplicaSetStrategy

    return ReplicaSetStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    spec, status = obj.get("spec", {}), obj.get("status", {})
    counts = (spec.get("replicas", 0), status.get("replicas", 0), status.get("readyReplicas", 0))
    wide = (*containers(spec.get("template", {})), selector(spec.get("selector")))
    return (name(obj), *counts, age(obj, now), *wide)


def _fields(obj: Object) -> Mapping[str, str]:
    return {**metadata_fields(obj), "status.replicas": str(obj.get("status", {}).get("replicas", 0))}


KIND = Kind(
    "apps",
    "ReplicaSet",
    "replicasets",
    versions("apps", "ReplicaSet", "v1"),
    "v1",
    _strategy,
    singular="replicaset",
    short_names=("rs",),
    categories=("all",),
    columns=(
        NAME,
        Column("Desired", "integer", description="How many pods there should be."),
        Column("Current", "integer", description="How many there are."),
        Column("Ready", "integer", description="How many of these are ready."),
        AGE,
        *WORKLOAD,
    ),
    cells=_cells,
    selectable=("status.replicas",),
    fields=_fields,
    scale=ScaleFields(),
)
