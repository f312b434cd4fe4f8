"""``ReplicationController``: so many pods of one template. ReplicaSets and Deployments have come in its place."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from wherry.kube.kinds.checking import texts
from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import AGE, NAME, Column, Kind, ScaleFields, Strategy, metadata_fields
from wherry.kube.kinds.rows import WORKLOAD
from wherry.kube.machinery.model import Object


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.replicationcontroller.strategy import ReplicationControllerStrategy

    return ReplicationControllerStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    from wherry.kube.kinds.rows import age, containers, labels, name

    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    counts = (spec.get("replicas", 0), status.get("replicas", 0), status.get("readyReplicas", 0))
    template = spec.get("template") or {}
    return [name(obj), *counts, age(obj, now), *containers(template), labels(spec.get("selector"))]


def _fields(obj: Object) -> Mapping[str, str]:
    replicas = (obj.get("status") or {}).get("replicas", 0)
    return {**metadata_fields(obj), **texts({"status.replicas": replicas})}


KIND = Kind(
    "",
    "ReplicationController",
    "replicationcontrollers",
    versions("", "ReplicationController", "v1"),
    "v1",
    _strategy,
    singular="replicationcontroller",
    short_names=("rc",),
    categories=("all",),
    columns=(
        NAME,
        Column("Desired", "integer", description="How many pods there should be."),
        Column("Current", "integer", description="How many pods there are."),
        Column("Ready", "integer", description="How many of them are ready."),
        AGE,
        *WORKLOAD,
    ),
    cells=_cells,
    selectable=("status.replicas",),
    fields=_fields,
    scale=ScaleFields(),
    delete_strategy="orphan",
)
