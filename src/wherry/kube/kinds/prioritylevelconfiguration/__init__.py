"""``PriorityLevelConfiguration``: how many requests of a level are served at once, and which wait."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import AGE, NAME, Column, Kind, Strategy
from wherry.kube.kinds.rows import NONE, age, name
from wherry.kube.machinery.model import Object


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.prioritylevelconfiguration.strategy import PriorityLevelConfigurationStrategy

    return PriorityLevelConfigurationStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    spec = obj.get("spec", {})
    limited = spec.get("limited")
    shares = NONE if limited is None else limited.get("nominalConcurrencyShares", 0)
    queuing = (limited or {}).get("limitResponse", {}).get("queuing")
    shown = (NONE,) * 3 if queuing is None else _queues(queuing)
    return (name(obj), spec.get("type", ""), shares, *shown, age(obj, now))


def _queues(queuing: Object) -> tuple[Any, ...]:
    return tuple(queuing.get(field, 0) for field in ("queues", "handSize", "queueLengthLimit"))


KIND = Kind(
    "flowcontrol.apiserver.k8s.io",
    "PriorityLevelConfiguration",
    "prioritylevelconfigurations",
    versions("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration", "v1"),
    "v1",
    _strategy,
    namespaced=False,
    singular="prioritylevelconfiguration",
    columns=(
        NAME,
        Column("Type", description="Whether it is limited."),
        Column("NominalConcurrencyShares", description="Its part of the requests served at once."),
        Column("Queues", description="How many there are."),
        Column("HandSize", description="Among how many of them a flow is spread."),
        Column("QueueLengthLimit", description="How many requests wait in one."),
        AGE,
    ),
    cells=_cells,
)
