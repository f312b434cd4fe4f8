"""``CSIDriver``: what a storage driver needs of the cluster."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import AGE, NAME, Column, Kind, Strategy
from wherry.kube.kinds.rows import NONE, UNSET, age, name
from wherry.kube.machinery.model import Object


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.csidriver.strategy import CSIDriverStrategy

    return CSIDriverStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    spec = obj.get("spec", {})
    tokens = spec.get("tokenRequests")
    return (
        name(obj),
        spec.get("attachRequired", True),
        spec.get("podInfoOnMount", False),
        spec.get("storageCapacity", False),
        UNSET if tokens is None else ",".join(each.get("audience", "") for each in tokens),
        spec.get("requiresRepublish", False),
        ",".join(spec.get("volumeLifecycleModes") or ()) or NONE,
        age(obj, now),
    )


KIND = Kind(
    "storage.k8s.io",
    "CSIDriver",
    "csidrivers",
    versions("storage.k8s.io", "CSIDriver", "v1"),
    "v1",
    _strategy,
    has_status=False,
    allow_unconditional_update=False,
    namespaced=False,
    singular="csidriver",
    columns=(
        NAME,
        Column("AttachRequired", "boolean"),
        Column("PodInfoOnMount", "boolean"),
        Column("StorageCapacity", "boolean"),
        Column("TokenRequests", description="For whom it wants tokens of service accounts."),
        Column("RequiresRepublish", "boolean"),
        Column("Modes", description="Which volumes it has."),
        AGE,
    ),
    cells=_cells,
)
