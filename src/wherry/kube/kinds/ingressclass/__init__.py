"""``IngressClass``: who serves Ingresses that name it."""

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
    from wherry.kube.kinds.ingressclass.strategy import IngressClassStrategy

    return IngressClassStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    spec = obj.get("spec", {})
    return (name(obj), spec.get("controller", ""), _parameters(spec.get("parameters")), age(obj, now))


def _parameters(reference: Object | None) -> str:
    if reference is None:
        return NONE
    group = reference.get("apiGroup")
    kind = reference.get("kind", "") if group is None else f"{reference.get('kind', '')}.{group}"
    return f"{kind}/{reference.get('name', '')}"


KIND = Kind(
    "networking.k8s.io",
    "IngressClass",
    "ingressclasses",
    versions("networking.k8s.io", "IngressClass", "v1"),
    "v1",
    _strategy,
    has_status=False,
    namespaced=False,
    singular="ingressclass",
    columns=(
        NAME,
        Column("Controller", description="Who serves it."),
        Column("Parameters", description="What that one reads besides."),
        AGE,
    ),
    cells=_cells,
)
