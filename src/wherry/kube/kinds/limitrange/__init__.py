"""``LimitRange``: how much a single pod, container or claim of a namespace may have, and what it has by default."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import AGE, NAME, Column, Kind, Strategy
from wherry.kube.machinery.model import Object


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.limitrange.strategy import LimitRangeStrategy

    return LimitRangeStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    meta = obj["metadata"]
    return [meta.get("name", ""), meta.get("creationTimestamp", "")]


KIND = Kind(
    "",
    "LimitRange",
    "limitranges",
    versions("", "LimitRange", "v1"),
    "v1",
    _strategy,
    has_status=False,
    singular="limitrange",
    short_names=("limits",),
    columns=(
        NAME,
        Column("Created At", "date", description=AGE.description),
    ),
    cells=_cells,
)
