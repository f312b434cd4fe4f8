"""What the status of a daemon says: pure (daemon_controller.go updateDaemonSetStatus)."""

from wherry.kube.controllers.daemonset.plan import Facts, by_age
from wherry.kube.controllers.podcontrol.pods import is_ready, seconds_to_available
from wherry.kube.machinery.model import Object

_ALWAYS = ("currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady")
_OTHERS = ("updatedNumberScheduled", "numberAvailable", "numberUnavailable")


def status_of(facts: Facts, collisions: int) -> Object:
    """Figures are of nodes; where there are several pods the oldest counts."""
    figures = dict.fromkeys((*_ALWAYS, *_OTHERS), 0)
    for name, fit in facts.nodes.items():
        pods = facts.pods.get(name)
        if not fit.runs:
            figures["numberMisscheduled"] += bool(pods)
            continue
        figures["desiredNumberScheduled"] += 1
        if not pods:
            continue
        oldest = min(pods, key=by_age)
        figures["currentNumberScheduled"] += 1
        figures["numberReady"] += is_ready(oldest)
        figures["numberAvailable"] += facts.is_available(oldest)
        figures["updatedNumberScheduled"] += facts.is_updated(oldest)
    figures["numberUnavailable"] = figures["desiredNumberScheduled"] - figures["numberAvailable"]
    status: Object = {name: value for name, value in figures.items() if value or name in _ALWAYS}
    owner = facts.owner
    if owner["metadata"].get("generation"):
        status["observedGeneration"] = owner["metadata"]["generation"]
    if collisions:
        status["collisionCount"] = collisions
    if (owner.get("status") or {}).get("conditions"):
        status["conditions"] = owner["status"]["conditions"]
    return status


def seconds_to_next(facts: Facts) -> float | None:
    """Until the next pod has been ready for long enough. None: none is waited for."""
    minimum = facts.owner["spec"].get("minReadySeconds") or 0
    if not minimum:
        return None
    waits = (seconds_to_available(pod, minimum, facts.now) for pods in facts.pods.values() for pod in pods)
    return min((each for each in waits if each), default=None)
