"""``Service``: one address and name for many pods."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from wherry.kube.kinds.checking import texts
from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import AGE, NAME, Column, Kind, Strategy, metadata_fields
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.names import dns1035_label


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.service.strategy import ServiceStrategy

    return ServiceStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    from wherry.kube.kinds.service.columns import cells

    return cells(obj, now)


def _fields(obj: Object) -> Mapping[str, str]:
    spec = obj.get("spec") or {}
    found = {"spec.clusterIP": spec.get("clusterIP"), "spec.type": spec.get("type")}
    return {**metadata_fields(obj), **texts(found)}


KIND = Kind(
    "",
    "Service",
    "services",
    versions("", "Service", "v1"),
    "v1",
    _strategy,
    allow_create_on_update=True,
    singular="service",
    short_names=("svc",),
    categories=("all",),
    columns=(
        NAME,
        Column("Type", description="How it is exposed."),
        Column("Cluster-IP", description="The address inside of the cluster."),
        Column("External-IP", description="The addresses outside of the cluster, or the name it stands for."),
        Column("Port(s)", description="The ports, and those of the nodes."),
        AGE,
        Column("Selector", priority=1, description="Which pods it reaches."),
    ),
    cells=_cells,
    selectable=("spec.clusterIP", "spec.type"),
    fields=_fields,
    subresources=("proxy",),
    name_check=dns1035_label,
)
