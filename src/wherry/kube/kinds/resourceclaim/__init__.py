"""``ResourceClaim``: devices that are wanted, and who has them."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from wherry.kube.kinds.declared import version
from wherry.kube.kinds.model import AGE, NAME, Column, Conversion, Kind, Strategy
from wherry.kube.kinds.rows import age, name
from wherry.kube.machinery.model import Object


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.resourceclaim.strategy import ResourceClaimStrategy

    return ResourceClaimStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    return (name(obj), ",".join(_states(obj)), age(obj, now))


def _states(obj: Object) -> list[str]:
    deleted, status = obj.get("metadata", {}).get("deletionTimestamp"), obj.get("status", {})
    if status.get("allocation") is None:
        return ["deleted"] if deleted else ["pending"]
    found = ["deleted", "allocated"] if deleted else ["allocated"]
    return [*found, "reserved"] if status.get("reservedFor") else found


def _from_v1beta1(obj: Object) -> Object:
    from wherry.kube.kinds.devices.conversion import to_v1

    to_v1(obj.get("spec", {}))
    return obj


def _to_v1beta1(obj: Object) -> Object:
    from wherry.kube.kinds.devices.conversion import to_v1beta1

    to_v1beta1(obj.get("spec", {}))
    return obj


KIND = Kind(
    "resource.k8s.io",
    "ResourceClaim",
    "resourceclaims",
    (
        version("resource.k8s.io", "ResourceClaim", "v1"),
        version("resource.k8s.io", "ResourceClaim", "v1beta2"),
        version("resource.k8s.io", "ResourceClaim", "v1beta1", Conversion(_from_v1beta1, _to_v1beta1)),
    ),
    "v1",
    _strategy,
    singular="resourceclaim",
    columns=(NAME, Column("State", description="Whether it has its devices, and whether they are in use."), AGE),
    cells=_cells,
)
