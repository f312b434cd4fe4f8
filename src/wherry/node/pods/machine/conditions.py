"""Conditions of a node (pkg/kubelet/nodestatus/setters.go). Pure."""

from collections.abc import Mapping
from datetime import datetime

from wherry.kube.machinery.model import Object
from wherry.kube.machinery.times import rfc3339
from wherry.node.pods.machine.signals import DISK, MEMORY, PIDS

READY = "Ready"
_WORDS = {
    MEMORY: (
        ("KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        ("KubeletHasInsufficientMemory", "kubelet has insufficient memory available"),
    ),
    DISK: (
        ("KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        ("KubeletHasDiskPressure", "kubelet has disk pressure"),
    ),
    PIDS: (
        ("KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        ("KubeletHasInsufficientPID", "kubelet has insufficient PID available"),
    ),
}


def conditions(pressures: Mapping[str, str], not_ready: str, node: Object, now: datetime) -> list[Object]:
    """``not_ready``: why it is not; empty: it is. ``node`` as it was told to be before."""
    found = [_condition(kind, kind in pressures, *words[kind in pressures]) for kind, words in _WORDS.items()]
    if not_ready:
        found.append(_condition(READY, False, "KubeletNotReady", not_ready))
    else:
        found.append(_condition(READY, True, "KubeletReady", "kubelet is posting ready status"))
    known = {each["type"]: each for each in (node.get("status") or {}).get("conditions") or ()}
    return [_dated(each, known.get(each["type"]), now) for each in found]


_SAID = {
    MEMORY: ("NodeHasSufficientMemory", "NodeHasInsufficientMemory"),
    DISK: ("NodeHasNoDiskPressure", "NodeHasDiskPressure"),
    PIDS: ("NodeHasSufficientPID", "NodeHasInsufficientPID"),
    READY: ("NodeNotReady", "NodeReady"),
}


def changes(before: Object, after: Object) -> list[str]:
    """Reasons of the events that tell of conditions which are others now (the recorders in setters.go)."""
    old, new = _statuses(before), _statuses(after)
    return [words[new[kind] == "True"] for kind, words in _SAID.items() if kind in new and old.get(kind) != new[kind]]


def unchanged(before: Object, after: Object) -> list[str]:
    """Reasons that say of pressures what was so before: a kubelet that starts tells all of them."""
    old, new = _statuses(before), _statuses(after)
    return [words[new[kind] == "True"] for kind, words in _SAID.items() if kind != READY and old.get(kind) == new[kind]]


def _statuses(node: Object) -> dict[str, str]:
    return {each["type"]: each["status"] for each in (node.get("status") or {}).get("conditions") or ()}


def _condition(kind: str, holds: bool, reason: str, message: str) -> Object:
    return {"type": kind, "status": "True" if holds else "False", "reason": reason, "message": message}


def _dated(condition: Object, before: Object | None, now: datetime) -> Object:
    changed = rfc3339(now)
    if before is not None and before.get("status") == condition["status"]:
        changed = before.get("lastTransitionTime") or changed
    return {**condition, "lastHeartbeatTime": rfc3339(now), "lastTransitionTime": changed}
