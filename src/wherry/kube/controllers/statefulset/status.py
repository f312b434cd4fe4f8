"""What the status of a set says: pure (stateful_set_control.go updateStatus, completeRollingUpdate)."""

from collections.abc import Iterable
from datetime import datetime

from wherry.kube.controllers.podcontrol.pods import is_deleting
from wherry.kube.controllers.statefulset import view
from wherry.kube.machinery.model import Object


def status_of(
    owner: Object, pods: Iterable[Object], revisions: tuple[str, str], collisions: int, now: datetime
) -> Object:
    """``revisions``: names of the current one and of the one to update to; the latter is the former as soon as all pods
    are of it."""
    current, update = revisions
    pods = list(pods)
    alive = [pod for pod in pods if not is_deleting(pod)]
    figures = {
        "replicas": len(pods),
        "readyReplicas": sum(map(view.is_running_and_ready, pods)),
        "availableReplicas": sum(view.is_available(pod, owner, now) for pod in pods),
        "currentReplicas": sum(view.revision_of(pod) == current for pod in alive),
        "updatedReplicas": sum(view.revision_of(pod) == update for pod in alive),
    }
    wanted = owner["spec"].get("replicas", 1)
    whole = ("replicas", "readyReplicas", "updatedReplicas")
    if view.rolls(owner) and all(figures[name] == wanted for name in whole):
        current, figures["currentReplicas"] = update, figures["updatedReplicas"]
    status: Object = {
        name: value for name, value in figures.items() if value or name in ("replicas", "availableReplicas")
    }
    generation = owner["metadata"].get("generation")
    return {
        **status, **({"observedGeneration": generation} if generation else {}),
        "currentRevision": current, "updateRevision": update, "collisionCount": collisions,
        **_conditions(owner),
    }  # fmt: skip


def _conditions(owner: Object) -> Object:
    """Nobody sets any; what somebody else did stays."""
    found = (owner.get("status") or {}).get("conditions")
    return {"conditions": found} if found else {}
