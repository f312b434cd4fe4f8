"""``PodDisruptionBudget``: how many pods of a kind may be taken away at a time."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import AGE, NAME, Column, Kind, Strategy
from wherry.kube.kinds.rows import age, name
from wherry.kube.machinery.model import Object


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.poddisruptionbudget.strategy import PodDisruptionBudgetStrategy

    return PodDisruptionBudgetStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    spec = obj.get("spec", {})
    limits = (str(spec.get(each, "N/A")) for each in ("minAvailable", "maxUnavailable"))
    return (name(obj), *limits, obj.get("status", {}).get("disruptionsAllowed", 0), age(obj, now))


KIND = Kind(
    "policy",
    "PodDisruptionBudget",
    "poddisruptionbudgets",
    versions("policy", "PodDisruptionBudget", "v1"),
    "v1",
    _strategy,
    allow_unconditional_update=False,
    singular="poddisruptionbudget",
    short_names=("pdb",),
    columns=(
        NAME,
        Column("Min Available", description="How many pods must stay."),
        Column("Max Unavailable", description="How many may be away."),
        Column("Allowed Disruptions", "integer", description="How many may be taken away now."),
        AGE,
    ),
    cells=_cells,
)
