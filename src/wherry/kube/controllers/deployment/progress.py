"""Whether a rollout gets on, and when to look again: pure (progress.go)."""

from collections.abc import Sequence
from datetime import datetime

from wherry.kube.controllers.deployment import conditions as c
from wherry.kube.controllers.deployment import view
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.times import parse

_GROWING = ("updatedReplicas", "readyReplicas", "availableReplicas")


def paused(deployment: Object, now: datetime) -> Object:
    """The deployment, with a condition that says so when it has been paused or resumed: a pause is no lack of
    progress. A rollout that has timed out stays so."""
    status = deployment.get("status") or {}
    known = status.get("conditions") or ()
    current = c.find(known, c.PROGRESSING) or {}
    if view.deadline_seconds(deployment) is None or current.get("reason") == c.TIMED_OUT:
        return deployment
    is_paused = bool(deployment["spec"].get("paused"))
    if is_paused == (current.get("reason") == c.PAUSED):
        return deployment
    reason, message = (c.PAUSED, "Deployment is paused") if is_paused else (c.RESUMED, "Deployment is resumed")
    made = c.condition(c.PROGRESSING, "Unknown", reason, message, now)
    return {**deployment, "status": {**status, "conditions": c.with_condition(known, made)}}


def begun(deployment: Object, name: str, is_made: bool, now: datetime) -> Object:
    """The deployment, with a condition that its new set has been made (``is_made``), or, while nothing is said of
    progress, that there is one."""
    status = deployment.get("status") or {}
    known = status.get("conditions") or ()
    if view.deadline_seconds(deployment) is None or (not is_made and c.find(known, c.PROGRESSING)):
        return deployment
    reason, message = (c.NEW_SET_CREATED, "Created new") if is_made else (c.NEW_SET_FOUND, "Found new")
    made = c.condition(c.PROGRESSING, "True", reason, f'{message} replica set "{name}"', now)
    return {**deployment, "status": {**status, "conditions": c.with_condition(known, made)}}


def failed(deployment: Object, name: str, why: str, now: datetime) -> Object:
    """The status when the new set cannot be made."""
    status = deployment.get("status") or {}
    known = status.get("conditions") or ()
    if view.deadline_seconds(deployment) is None:
        return status
    made = c.condition(c.PROGRESSING, "False", c.NEW_SET_FAILED, failure_message(name, why), now)
    return {**status, "conditions": c.with_condition(known, made)}


def failure_message(name: str, why: str) -> str:
    return f'Failed to create new replica set "{name}": {why}'


def judged(deployment: Object, status: Object, sets: Sequence[Object], new: Object | None, now: datetime) -> Object:
    """The status, with what is to be said of progress and of pods that could not be made. ``deployment`` has the
    status that was known before."""
    known = list(status.get("conditions") or ())
    current = c.find((deployment.get("status") or {}).get("conditions") or (), c.PROGRESSING)
    if view.deadline_seconds(deployment) is None:
        known = c.without(known, c.PROGRESSING)
    elif not (_is_settled(status) and current and current.get("reason") == c.NEW_SET_AVAILABLE):
        known = _progress(deployment, {**status, "conditions": known}, new, now)
    failure = _failure([*([new] if new else ()), *sets])
    known = c.with_condition(known, failure) if failure else c.without(known, c.FAILURE)
    return {**status, "conditions": known}


def _is_settled(status: Object) -> bool:
    """Only new pods are there: what happens to them now is no rollout."""
    return bool(status.get("replicas", 0) == status.get("updatedReplicas", 0))


def _progress(deployment: Object, status: Object, new: Object | None, now: datetime) -> list[Object]:
    known: list[Object] = status["conditions"]
    name = deployment["metadata"]["name"]
    subject = f'ReplicaSet "{new["metadata"]["name"]}"' if new else f'Deployment "{name}"'
    if view.is_complete(deployment, status):
        message = f"{subject} has successfully progressed."
        return c.with_condition(known, c.condition(c.PROGRESSING, "True", c.NEW_SET_AVAILABLE, message, now))
    if _has_progressed(deployment.get("status") or {}, status):
        made = c.condition(c.PROGRESSING, "True", c.SET_UPDATED, f"{subject} is progressing.", now)
        current = c.find((deployment.get("status") or {}).get("conditions") or (), c.PROGRESSING)
        if current and current.get("status") == "True":
            made["lastTransitionTime"] = current.get("lastTransitionTime")
        return c.with_condition(c.without(known, c.PROGRESSING), made)  # lastUpdateTime is new each time
    if _is_timed_out(deployment, status, now):
        message = f"{subject} has timed out progressing."
        return c.with_condition(known, c.condition(c.PROGRESSING, "False", c.TIMED_OUT, message, now))
    return known


def _has_progressed(old: Object, new: Object) -> bool:
    """More new, ready or available pods, or fewer old ones."""
    grown = any(
        new.get(name, 0) > old.get(name, 0) for name in ("updatedReplicas", "readyReplicas", "availableReplicas")
    )
    return grown or _old_pods(new) < _old_pods(old)


def _old_pods(status: Object) -> int:
    return int(status.get("replicas", 0) - status.get("updatedReplicas", 0))


def _is_timed_out(deployment: Object, status: Object, now: datetime) -> bool:
    current, deadline = c.find(status["conditions"], c.PROGRESSING), view.deadline_seconds(deployment)
    if current is None or deadline is None or current.get("reason") == c.NEW_SET_AVAILABLE:
        return False
    if current.get("reason") == c.TIMED_OUT:
        return True
    return (now - parse(current["lastUpdateTime"])).total_seconds() > deadline


def _failure(sets: Sequence[Object]) -> Object | None:
    """Of the first set that has one."""
    for each in sets:
        found = c.find((each.get("status") or {}).get("conditions") or (), c.FAILURE)
        if found:
            return {**found, "lastUpdateTime": found.get("lastTransitionTime")}
    return None


def seconds_to_deadline(deployment: Object, status: Object, now: datetime) -> float | None:
    """When to look whether it has timed out, with a second more, since times are told in whole seconds. None: there is
    nothing to wait for."""
    current, deadline = c.find(status.get("conditions") or (), c.PROGRESSING), view.deadline_seconds(deployment)
    if deadline is None or current is None or current.get("reason") in (c.TIMED_OUT, c.PAUSED):
        return None
    if view.is_complete(deployment, status):
        return None
    return max(deadline - (now - parse(current["lastUpdateTime"])).total_seconds(), 0.0) + 1.0
