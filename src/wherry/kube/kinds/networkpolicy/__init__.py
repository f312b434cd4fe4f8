"""``NetworkPolicy``: with whom pods may talk."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import AGE, NAME, Column, Kind, Strategy
from wherry.kube.kinds.rows import age, name, selector
from wherry.kube.machinery.model import Object


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.networkpolicy.strategy import NetworkPolicyStrategy

    return NetworkPolicyStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    return (name(obj), selector(obj.get("spec", {}).get("podSelector", {})), age(obj, now))


KIND = Kind(
    "networking.k8s.io",
    "NetworkPolicy",
    "networkpolicies",
    versions("networking.k8s.io", "NetworkPolicy", "v1"),
    "v1",
    _strategy,
    has_status=False,
    singular="networkpolicy",
    short_names=("netpol",),
    columns=(NAME, Column("Pod-Selector", description="For which pods it holds."), AGE),
    cells=_cells,
)
