"""What the status of a deployment says of its sets: pure (sync.go calculateStatus)."""

from collections.abc import Sequence
from datetime import datetime

from wherry.kube.controllers.deployment import conditions as c
from wherry.kube.controllers.deployment import view
from wherry.kube.machinery.model import Object


def status_of(deployment: Object, sets: Sequence[Object], new: Object | None, now: datetime) -> Object:
    """Figures, and whether it is available. ``sets`` are all, ``new`` is among them. Other conditions and the count of
    collisions stay."""
    old = deployment.get("status") or {}
    available = _sum(sets, "availableReplicas")
    figures = {
        "observedGeneration": deployment["metadata"].get("generation", 0),
        "replicas": _sum(sets, "replicas"),
        "updatedReplicas": view.reported(new, "replicas") if new else 0,
        "readyReplicas": _sum(sets, "readyReplicas"),
        "availableReplicas": available,
        "unavailableReplicas": max(sum(map(view.replicas_of, sets)) - available, 0),
    }
    status: Object = {name: value for name, value in figures.items() if value}
    ending = [(each.get("status") or {}).get("terminatingReplicas") for each in sets]
    if None not in ending:
        status["terminatingReplicas"] = sum(ending)
    if "collisionCount" in old:
        status["collisionCount"] = old["collisionCount"]
    status["conditions"] = c.with_condition(old.get("conditions") or (), _availability(deployment, available, now))
    return status


def _sum(sets: Sequence[Object], field: str) -> int:
    return sum(view.reported(each, field) for each in sets)


def _availability(deployment: Object, available: int, now: datetime) -> Object:
    if available >= view.replicas_of(deployment) - view.max_unavailable(deployment):
        return c.condition(c.AVAILABLE, "True", c.MINIMUM_AVAILABLE, "Deployment has minimum availability.", now)
    message = "Deployment does not have minimum availability."
    return c.condition(c.AVAILABLE, "False", c.MINIMUM_UNAVAILABLE, message, now)
