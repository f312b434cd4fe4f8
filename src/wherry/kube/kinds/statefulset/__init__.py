"""``StatefulSet``: pods with an order, names that stay, and volumes of their own."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import AGE, NAME, Column, Kind, ScaleFields, Strategy
from wherry.kube.kinds.rows import CONTAINERS, IMAGES, age, containers, name
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.names import dns1123_label


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.statefulset.strategy import StatefulSetStrategy

    return StatefulSetStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    spec, ready = obj.get("spec", {}), obj.get("status", {}).get("readyReplicas", 0)
    return (name(obj), f"{ready}/{spec.get('replicas', 0)}", age(obj, now), *containers(spec.get("template", {})))


KIND = Kind(
    "apps",
    "StatefulSet",
    "statefulsets",
    versions("apps", "StatefulSet", "v1"),
    "v1",
    _strategy,
    singular="statefulset",
    short_names=("sts",),
    categories=("all",),
    columns=(NAME, Column("Ready", description="Ready pods, of how many there should be."), AGE, CONTAINERS, IMAGES),
    cells=_cells,
    name_check=dns1123_label,
    scale=ScaleFields(),
)
