"""``Node``: a machine that runs pods."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from wherry.kube.kinds.checking import texts
from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import AGE, NAME, Column, Kind, Strategy, metadata_fields
from wherry.kube.machinery.model import Object


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.node.strategy import NodeStrategy

    return NodeStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    from wherry.kube.kinds.node.columns import cells

    return cells(obj, now)


def _fields(obj: Object) -> Mapping[str, str]:
    unschedulable = bool((obj.get("spec") or {}).get("unschedulable"))
    return {**metadata_fields(obj), **texts({"spec.unschedulable": unschedulable})}


KIND = Kind(
    "",
    "Node",
    "nodes",
    versions("", "Node", "v1"),
    "v1",
    _strategy,
    namespaced=False,
    singular="node",
    short_names=("no",),
    columns=(
        NAME,
        Column("Status", description="The status of the node"),
        Column("Roles", description="The roles of the node"),
        AGE,
        Column("Version", description="The version of its agent."),
        Column("Internal-IP", priority=1, description="Its address in the cluster."),
        Column("External-IP", priority=1, description="Its address outside of the cluster."),
        Column("OS-Image", priority=1, description="Its operating system."),
        Column("Kernel-Version", priority=1, description="Its kernel."),
        Column("Container-Runtime", priority=1, description="What runs its containers."),
    ),
    cells=_cells,
    selectable=("spec.unschedulable",),
    fields=_fields,
    subresources=("proxy",),
    status_at_create=True,
)
