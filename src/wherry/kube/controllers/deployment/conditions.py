"""Conditions of a deployment: pure (deployment_util.go). Lists are not changed, new ones are returned."""

from collections.abc import Sequence
from datetime import datetime

from wherry.kube.machinery.model import Object
from wherry.kube.machinery.times import rfc3339

AVAILABLE, PROGRESSING, FAILURE = "Available", "Progressing", "ReplicaFailure"

MINIMUM_AVAILABLE = "MinimumReplicasAvailable"
MINIMUM_UNAVAILABLE = "MinimumReplicasUnavailable"
NEW_SET_CREATED = "NewReplicaSetCreated"
NEW_SET_FOUND = "FoundNewReplicaSet"
NEW_SET_FAILED = "ReplicaSetCreateError"
SET_UPDATED = "ReplicaSetUpdated"
NEW_SET_AVAILABLE = "NewReplicaSetAvailable"
TIMED_OUT = "ProgressDeadlineExceeded"
PAUSED, RESUMED = "DeploymentPaused", "DeploymentResumed"

Conditions = Sequence[Object]


def find(conditions: Conditions, kind: str) -> Object | None:
    return next((each for each in conditions if each.get("type") == kind), None)


def without(conditions: Conditions, kind: str) -> list[Object]:
    return [each for each in conditions if each.get("type") != kind]


def condition(kind: str, status: str, reason: str, message: str, now: datetime) -> Object:
    time = rfc3339(now)
    said = {"type": kind, "status": status, "reason": reason, "message": message}
    return {**said, "lastUpdateTime": time, "lastTransitionTime": time}


def with_condition(conditions: Conditions, made: Object) -> list[Object]:
    """One that says the same by another message stays as it is; the time of a transition is that of the status."""
    old = find(conditions, made["type"])
    if old is not None and old.get("status") == made["status"]:
        if old.get("reason") == made["reason"]:
            return list(conditions)
        made = {**made, "lastTransitionTime": old.get("lastTransitionTime")}
    return [*without(conditions, made["type"]), made]
