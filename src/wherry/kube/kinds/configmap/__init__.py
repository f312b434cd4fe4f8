"""``ConfigMap``: texts and bytes by key, for configuration."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import AGE, NAME, Column, Kind, Strategy
from wherry.kube.machinery.model import Object


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.configmap.strategy import ConfigMapStrategy

    return ConfigMapStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    from wherry.kube.kinds.rows import age, name

    return [name(obj), len(obj.get("data") or ()) + len(obj.get("binaryData") or ()), age(obj, now)]


KIND = Kind(
    "",
    "ConfigMap",
    "configmaps",
    versions("", "ConfigMap", "v1"),
    "v1",
    _strategy,
    has_status=False,
    singular="configmap",
    short_names=("cm",),
    columns=(NAME, Column("Data", description="How many keys it has."), AGE),
    cells=_cells,
)
