"""``APIService``: which version of which group is served by whom. Here: by this server itself."""

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
    from wherry.kube.kinds.apiservice.strategy import APIServiceStrategy

    return APIServiceStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    service = obj.get("spec", {}).get("service")
    shown = f"{service.get('namespace', '')}/{service.get('name', '')}" if service else "Local"
    return (name(obj), shown, _available(obj.get("status", {})), age(obj, now))


def _available(status: Object) -> str:
    found = next((each for each in status.get("conditions") or () if each.get("type") == "Available"), None)
    if found is None:
        return "Unknown"
    reason = "" if found.get("status") == "True" else f" ({found.get('reason', '')})"
    return f"{found.get('status', '')}{reason}"


KIND = Kind(
    "apiregistration.k8s.io",
    "APIService",
    "apiservices",
    versions("apiregistration.k8s.io", "APIService", "v1"),
    "v1",
    _strategy,
    allow_unconditional_update=False,
    namespaced=False,
    singular="apiservice",
    categories=("api-extensions",),
    columns=(
        NAME,
        Column("Service", description="Who serves it: a service, or this server."),
        Column("Available", description="Whether it is served."),
        AGE,
    ),
    cells=_cells,
    name_is_free=True,
)
