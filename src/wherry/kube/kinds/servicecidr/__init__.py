"""``ServiceCIDR``: networks that Services have their addresses from."""

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
    from wherry.kube.kinds.servicecidr.strategy import ServiceCIDRStrategy

    return ServiceCIDRStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    return (name(obj), ",".join(obj.get("spec", {}).get("cidrs") or ()), age(obj, now))


KIND = Kind(
    "networking.k8s.io",
    "ServiceCIDR",
    "servicecidrs",
    versions("networking.k8s.io", "ServiceCIDR", "v1"),
    "v1",
    _strategy,
    namespaced=False,
    singular="servicecidr",
    columns=(NAME, Column("CIDRs", description="The networks."), AGE),
    cells=_cells,
)
