"""``DaemonSet``: one pod of a template on every node that will have it."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import AGE, NAME, Column, Kind, Strategy
from wherry.kube.kinds.rows import WORKLOAD, age, containers, labels, name, selector
from wherry.kube.machinery.model import Object

_COUNTS = (
    "desiredNumberScheduled",
    "currentNumberScheduled",
    "numberReady",
    "updatedNumberScheduled",
    "numberAvailable",
)


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.daemonset.strategy import DaemonSetStrategy

    return DaemonSetStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    spec, status = obj.get("spec", {}), obj.get("status", {})
    template = spec.get("template", {})
    nodes = labels(template.get("spec", {}).get("nodeSelector"))
    wide = (*containers(template), selector(spec.get("selector")))
    return (name(obj), *(status.get(each, 0) for each in _COUNTS), nodes, age(obj, now), *wide)


KIND = Kind(
    "apps",
    "DaemonSet",
    "daemonsets",
    versions("apps", "DaemonSet", "v1"),
    "v1",
    _strategy,
    singular="daemonset",
    short_names=("ds",),
    categories=("all",),
    columns=(
        NAME,
        Column("Desired", "integer", description="How many nodes should have a pod."),
        Column("Current", "integer", description="How many of these have one."),
        Column("Ready", "integer", description="How many of these pods are ready."),
        Column("Up-to-date", "integer", description="How many are of the present template."),
        Column("Available", "integer", description="How many have been ready for long enough."),
        Column("Node Selector", description="The labels of the nodes."),
        AGE,
        *WORKLOAD,
    ),
    cells=_cells,
)
