"""``ComponentStatus``: how parts of the control plane are (:mod:`wherry.kube.apiserver.components`)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import NAME, Column, Kind
from wherry.kube.machinery.model import Object


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    from wherry.kube.kinds.rows import name

    said = {"True": "Healthy", "False": "Unhealthy"}
    conditions = obj.get("conditions") or ()
    healthy: Object = next((each for each in conditions if each.get("type") == "Healthy"), {})
    status = said.get(healthy.get("status", ""), "Unknown")
    return [name(obj), status, healthy.get("message", ""), healthy.get("error", "")]


KIND = Kind(
    "",
    "ComponentStatus",
    "componentstatuses",
    tuple(
        replace(each, deprecation_warning="v1 ComponentStatus is deprecated in v1.19+")
        for each in versions("", "ComponentStatus", "v1")
    ),
    "v1",
    has_status=False,
    namespaced=False,
    singular="componentstatus",
    short_names=("cs",),
    verbs=("get", "list"),
    columns=(
        NAME,
        Column("Status", description="Status of the component conditions"),
        Column("Message", description="Message of the component conditions"),
        Column("Error", description="Error of the component conditions"),
    ),
    cells=_cells,
)
