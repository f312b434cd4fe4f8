"""``Deployment``: so many pods of one template, and how they are replaced when it changes."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import AGE, NAME, Column, Kind, ScaleFields, Strategy
from wherry.kube.kinds.rows import WORKLOAD
from wherry.kube.machinery.model import Object


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.deployment.strategy import DeploymentStrategy

    return DeploymentStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    from wherry.kube.kinds.deployment.columns import cells

    return cells(obj, now)


KIND = Kind(
    "apps",
    "Deployment",
    "deployments",
    versions("apps", "Deployment", "v1"),
    "v1",
    _strategy,
    singular="deployment",
    short_names=("deploy",),
    categories=("all",),
    columns=(
        NAME,
        Column("Ready", description="Ready pods, of how many there should be."),
        Column("Up-to-date", description="Pods of the present template."),
        Column("Available", description="Pods that have been ready for long enough."),
        AGE,
        *WORKLOAD,
    ),
    cells=_cells,
    scale=ScaleFields(),
    status_annotations=True,
)
