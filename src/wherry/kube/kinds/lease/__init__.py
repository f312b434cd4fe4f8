"""``Lease``: who holds something, and since when: leaders, and the heartbeats of nodes."""

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
    from wherry.kube.kinds.lease.strategy import LeaseStrategy

    return LeaseStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    return (name(obj), obj.get("spec", {}).get("holderIdentity", ""), age(obj, now))


KIND = Kind(
    "coordination.k8s.io",
    "Lease",
    "leases",
    versions("coordination.k8s.io", "Lease", "v1"),
    "v1",
    _strategy,
    has_status=False,
    allow_create_on_update=True,
    allow_unconditional_update=False,
    singular="lease",
    columns=(NAME, Column("Holder", description="Who holds it."), AGE),
    cells=_cells,
)
