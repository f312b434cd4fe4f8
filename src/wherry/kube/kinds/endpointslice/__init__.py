"""``EndpointSlice``: addresses that a Service forwards to."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import AGE, NAME, Column, Kind, Strategy
from wherry.kube.kinds.rows import UNSET, age, name, some
from wherry.kube.machinery.model import Object


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.endpointslice.strategy import EndpointSliceStrategy

    return EndpointSliceStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    ports = [str(each.get("port", each.get("name", "*"))) for each in obj.get("ports") or ()]
    addresses = [text for each in obj.get("endpoints") or () for text in each.get("addresses") or ()]
    shown = (some(found, len(found)) or UNSET for found in (ports, addresses))
    return (name(obj), obj.get("addressType", ""), *shown, age(obj, now))


KIND = Kind(
    "discovery.k8s.io",
    "EndpointSlice",
    "endpointslices",
    versions("discovery.k8s.io", "EndpointSlice", "v1"),
    "v1",
    _strategy,
    has_status=False,
    singular="endpointslice",
    columns=(
        NAME,
        Column("AddressType", description="What the addresses are."),
        Column("Ports"),
        Column("Endpoints", description="The addresses."),
        AGE,
    ),
    cells=_cells,
)
