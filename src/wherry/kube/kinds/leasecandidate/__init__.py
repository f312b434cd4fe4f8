"""``LeaseCandidate``: who would hold a lease."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import AGE, NAME, Column, Kind, Strategy
from wherry.kube.kinds.rows import age, name
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.names import config_key


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.leasecandidate.strategy import LeaseCandidateStrategy

    return LeaseCandidateStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    fields = ("leaseName", "binaryVersion", "emulationVersion")
    return (name(obj), *(obj.get("spec", {}).get(each, "") for each in fields), age(obj, now))


KIND = Kind(
    "coordination.k8s.io",
    "LeaseCandidate",
    "leasecandidates",
    versions("coordination.k8s.io", "LeaseCandidate", "v1beta1"),
    "v1beta1",
    _strategy,
    has_status=False,
    allow_create_on_update=True,
    allow_unconditional_update=False,
    singular="leasecandidate",
    columns=(NAME, Column("LeaseName"), Column("BinaryVersion"), Column("EmulationVersion"), AGE),
    cells=_cells,
    name_check=config_key,
)
