"""``Endpoints``: where a service's pods are, as one object. EndpointSlices have come in its place."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from msgspec.structs import replace

from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import AGE, NAME, Column, Kind, Strategy
from wherry.kube.machinery.model import Object


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.endpoints.strategy import EndpointsStrategy

    return EndpointsStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    from wherry.kube.kinds.endpoints.columns import cells

    return cells(obj, now)


_DEPRECATED = "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"

KIND = Kind(
    "",
    "Endpoints",
    "endpoints",
    tuple(replace(each, deprecation_warning=_DEPRECATED) for each in versions("", "Endpoints", "v1")),
    "v1",
    _strategy,
    has_status=False,
    allow_create_on_update=True,
    singular="endpoints",
    short_names=("ep",),
    columns=(NAME, Column("Endpoints", description="The first of the addresses, and how many more there are."), AGE),
    cells=_cells,
)
