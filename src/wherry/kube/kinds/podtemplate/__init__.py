"""``PodTemplate``: a pod to make copies of."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import NAME, Column, Kind, Strategy
from wherry.kube.machinery.model import Object


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.podtemplate.strategy import PodTemplateStrategy

    return PodTemplateStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    from wherry.kube.kinds.rows import containers, labels, name

    template = obj.get("template") or {}
    return [name(obj), *containers(template), labels((template.get("metadata") or {}).get("labels"))]


KIND = Kind(
    "",
    "PodTemplate",
    "podtemplates",
    versions("", "PodTemplate", "v1"),
    "v1",
    _strategy,
    has_status=False,
    singular="podtemplate",
    columns=(
        NAME,
        Column("Containers", description="Names of each container in the template."),
        Column("Images", description="Images referenced by each container in the template."),
        Column("Pod Labels", description="The labels for the pod template."),
    ),
    cells=_cells,
)
