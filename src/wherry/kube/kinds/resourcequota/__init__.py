"""``ResourceQuota``: how much a namespace may have in all."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import AGE, NAME, Column, Kind, Strategy
from wherry.kube.machinery.model import Object


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.resourcequota.strategy import ResourceQuotaStrategy

    return ResourceQuotaStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    from wherry.kube.kinds.rows import age, name

    status = obj.get("status") or {}
    hard, used = status.get("hard") or {}, status.get("used") or {}
    shown = {each: f"{each}: {used.get(each, '0')}/{hard[each]}" for each in sorted(hard)}
    limits = ", ".join(text for each, text in shown.items() if each.startswith("limits."))
    requests = ", ".join(text for each, text in shown.items() if not each.startswith("limits."))
    return [name(obj), requests, limits, age(obj, now)]


KIND = Kind(
    "",
    "ResourceQuota",
    "resourcequotas",
    versions("", "ResourceQuota", "v1"),
    "v1",
    _strategy,
    singular="resourcequota",
    short_names=("quota",),
    columns=(
        NAME,
        Column("Request", description="What is asked for and counted, of how much."),
        Column("Limit", description="What is used at most, of how much."),
        AGE,
    ),
    cells=_cells,
)
