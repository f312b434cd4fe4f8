"""From a node's conditions, and the time its lease was last renewed, to what it ought to say. Pure."""

from collections.abc import Sequence

import msgspec

from wherry.kube.machinery.model import Object

GRACE_SECONDS = 50.0
"""kube-controller-manager --node-monitor-grace-period, since 1.32."""
STARTUP_SECONDS = 60.0
"""--node-startup-grace-period: of a node that has never said whether it is ready."""
READY = "Ready"
WATCHED = (READY, "MemoryPressure", "DiskPressure", "PIDPressure")
NOT_READY, UNREACHABLE = "node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"
UNSCHEDULABLE = "node.kubernetes.io/unschedulable"
_PRESSURES = {
    "MemoryPressure": "node.kubernetes.io/memory-pressure",
    "DiskPressure": "node.kubernetes.io/disk-pressure",
    "PIDPressure": "node.kubernetes.io/pid-pressure",
    "NetworkUnavailable": "node.kubernetes.io/network-unavailable",
}
OURS = frozenset({NOT_READY, UNREACHABLE, UNSCHEDULABLE, *_PRESSURES.values()})
_EXECUTES = frozenset({NOT_READY, UNREACHABLE})
_LOST = "NodeStatusUnknown"
_SILENT = "Kubelet stopped posting node status."
_NEVER = "Kubelet never posted node status."


class Taint(msgspec.Struct, frozen=True):
    """``added``: RFC 3339, of those that end pods."""

    key: str
    effect: str
    added: str = ""

    def document(self) -> Object:
        found: Object = {"key": self.key, "effect": self.effect}
        return {**found, "timeAdded": self.added} if self.added else found


def status_of(node: Object, kind: str) -> str:
    """True, False, Unknown; empty: it says nothing of that."""
    conditions = (node.get("status") or {}).get("conditions") or ()
    return next((str(each.get("status", "")) for each in conditions if each.get("type") == kind), "")


def is_lost(node: Object) -> bool:
    """It has said how it is, and says nothing any more: what its pods last said of themselves does not hold. One that
    says it is not ready still speaks for its pods; one that never said anything has not been heard of them either
    (monitorNodeHealth: pods follow the way from ready to unknown alone)."""
    conditions = (node.get("status") or {}).get("conditions") or ()
    return any(
        (each.get("type"), each.get("status"), each.get("reason")) == (READY, "Unknown", _LOST) for each in conditions
    )


def silenced(node: Object, now: str) -> list[Object] | None:
    """The conditions of a node that has stopped to report; None: they are so already."""
    conditions = [dict(each) for each in (node.get("status") or {}).get("conditions") or ()]
    changed = False
    for kind in WATCHED:
        found = next((each for each in conditions if each.get("type") == kind), None)
        if found is None:
            found = {"type": kind, "lastHeartbeatTime": now}
            found |= {"reason": "NodeStatusNeverUpdated", "message": _NEVER}
            conditions.append(found)
        elif found.get("status") == "Unknown":
            continue
        else:
            found |= {"reason": _LOST, "message": _SILENT}
        found |= {"status": "Unknown", "lastTransitionTime": now}
        changed = True
    return conditions if changed else None


def taints(node: Object, executes: bool | None, now: str) -> list[Object] | None:
    """All taints that the node ought to have, those of others as they are; None: it has them.

    ``executes``: whether a node that is not well is to lose its pods; None: as it has been.
    """
    before = (node.get("spec") or {}).get("taints") or []
    wanted = _wanted(node, executes)
    kept = [each for each in before if _key(each) in wanted or not _is_ours(each)]
    there = {_key(each) for each in kept}
    added = [Taint(key, effect, now if effect == "NoExecute" else "") for key, effect in sorted(wanted - there)]
    if not added and len(kept) == len(before):
        return None
    return [*kept, *(each.document() for each in added)]


def executes(node: Object) -> bool:
    """It is to lose its pods."""
    return any(
        each.get("effect") == "NoExecute" and each.get("key") in _EXECUTES
        for each in (node.get("spec") or {}).get("taints") or ()
    )


def is_ill(node: Object) -> bool:
    """It has said, or it is said of it, that it is not ready."""
    return status_of(node, READY) not in ("", "True")


def _wanted(node: Object, to_execute: bool | None) -> set[tuple[str, str]]:
    found = {(key, "NoSchedule") for kind, key in _PRESSURES.items() if status_of(node, kind) == "True"}
    if (node.get("spec") or {}).get("unschedulable"):
        found.add((UNSCHEDULABLE, "NoSchedule"))
    status = status_of(node, READY)
    bad = {"True": "", "Unknown": UNREACHABLE}.get(status, NOT_READY)
    if bad:
        found.add((bad, "NoSchedule"))
        if status and (executes(node) if to_execute is None else to_execute):
            found.add((bad, "NoExecute"))
    return found


def _key(taint: Object) -> tuple[str, str]:
    return taint.get("key", ""), taint.get("effect", "")


def _is_ours(taint: Object) -> bool:
    key, effect = _key(taint)
    return key in OURS and (effect == "NoSchedule" or (effect == "NoExecute" and key in _EXECUTES))


def unready(pod: Object, now: str) -> Sequence[Object] | None:
    """The conditions of a pod whose node is lost; None: it is not said to be ready anyway (MarkPodsNotReady)."""
    conditions = (pod.get("status") or {}).get("conditions") or ()
    if not any(each.get("type") == READY and each.get("status") == "True" for each in conditions):
        return None
    changed = {"status": "False", "lastTransitionTime": now}
    return [{**each, **changed} if each.get("type") == READY else each for each in conditions]
