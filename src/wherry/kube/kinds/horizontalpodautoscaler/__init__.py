"""``HorizontalPodAutoscaler``: how many pods a workload should have, by what they are measured to do."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from wherry.kube.kinds.declared import version
from wherry.kube.kinds.model import AGE, NAME, Column, Conversion, Kind, Strategy
from wherry.kube.machinery.model import Object


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.horizontalpodautoscaler.strategy import HorizontalPodAutoscalerStrategy

    return HorizontalPodAutoscalerStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    from wherry.kube.kinds.horizontalpodautoscaler.columns import cells

    return cells(obj, now)


def _from_v1(obj: Object) -> Object:
    from wherry.kube.kinds.horizontalpodautoscaler.conversion import from_v1

    return from_v1(obj)


def _to_v1(obj: Object) -> Object:
    from wherry.kube.kinds.horizontalpodautoscaler.conversion import to_v1

    return to_v1(obj)


KIND = Kind(
    "autoscaling",
    "HorizontalPodAutoscaler",
    "horizontalpodautoscalers",
    (
        version("autoscaling", "HorizontalPodAutoscaler", "v2"),
        version("autoscaling", "HorizontalPodAutoscaler", "v1", Conversion(_from_v1, _to_v1)),
    ),
    "v2",
    _strategy,
    singular="horizontalpodautoscaler",
    short_names=("hpa",),
    categories=("all",),
    columns=(
        NAME,
        Column("Reference", description="What is scaled."),
        Column("Targets", description="What is measured, and what it should be."),
        Column("MinPods"),
        Column("MaxPods"),
        Column("Replicas", description="How many pods there are."),
        AGE,
    ),
    cells=_cells,
)
