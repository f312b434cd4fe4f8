"""What the status says: pure (replica_set_utils.go calculateStatus)."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from wherry.kube.controllers.podcontrol.pods import seconds_to_available
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.times import rfc3339

FAILURE = "ReplicaFailure"


class Failure(msgspec.Struct, frozen=True):
    """Why pods could not be made (``FailedCreate``) or deleted (``FailedDelete``)."""

    reason: str
    message: str


class Counted(msgspec.Struct):
    """Of the active pods; ``soon`` are the seconds until the next ready one has been so for long enough."""

    replicas: int = 0
    labeled: int = 0
    ready: int = 0
    available: int = 0
    soon: float | None = None


def count(owner: Object, pods: Sequence[Object], now: datetime) -> Counted:
    spec = owner["spec"]
    wanted = (spec.get("template") or {}).get("metadata", {}).get("labels") or {}
    min_ready = spec.get("minReadySeconds") or 0
    found = Counted(len(pods))
    for pod in pods:
        labels = pod["metadata"].get("labels") or {}
        found.labeled += wanted.items() <= labels.items()
        rest = seconds_to_available(pod, min_ready, now)
        if rest is None:
            continue
        found.ready += 1
        found.available += not rest
        if rest and (found.soon is None or rest < found.soon):
            found.soon = rest
    return found


def status_of(owner: Object, found: Counted, terminating: int | None, failure: Failure | None, now: datetime) -> Object:
    """``terminating`` None: this kind does not show them. A failure that goes on keeps its time and first message."""
    meta, old = owner["metadata"], owner.get("status") or {}
    status: Object = {"replicas": found.replicas}
    figures = {
        "fullyLabeledReplicas": found.labeled,
        "readyReplicas": found.ready,
        "availableReplicas": found.available,
        "observedGeneration": meta.get("generation", 0),
    }
    status |= {name: value for name, value in figures.items() if value}
    if terminating is not None:
        status["terminatingReplicas"] = terminating
    if conditions := _conditions(old.get("conditions") or [], failure, now):
        status["conditions"] = conditions
    return status


def _conditions(old: list[Object], failure: Failure | None, now: datetime) -> list[Object]:
    if failure is None:
        return [each for each in old if each.get("type") != FAILURE]
    if any(each.get("type") == FAILURE for each in old):
        return old
    made = {"type": FAILURE, "status": "True", "reason": failure.reason, "message": failure.message}
    return [*old, {**made, "lastTransitionTime": rfc3339(now)}]
