"""``ControllerRevision``: a state of a DaemonSet or StatefulSet that can be gone back to. Its data never changes."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import AGE, NAME, Column, Kind, Strategy
from wherry.kube.kinds.rows import NONE, age, name
from wherry.kube.machinery.model import Object


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.controllerrevision.strategy import ControllerRevisionStrategy

    return ControllerRevisionStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    return (name(obj), _controller(obj), obj.get("revision", 0), age(obj, now))


def _controller(obj: Object) -> str:
    for owner in obj.get("metadata", {}).get("ownerReferences") or ():
        if owner.get("controller"):
            group = owner.get("apiVersion", "").rpartition("/")[0]
            kind = owner.get("kind", "").lower()
            return f"{kind}.{group}/{owner.get('name', '')}" if group else f"{kind}/{owner.get('name', '')}"
    return NONE


KIND = Kind(
    "apps",
    "ControllerRevision",
    "controllerrevisions",
    versions("apps", "ControllerRevision", "v1"),
    "v1",
    _strategy,
    has_status=False,
    singular="controllerrevision",
    columns=(NAME, Column("Controller", description="Whose state it is."), Column("Revision"), AGE),
    cells=_cells,
)
