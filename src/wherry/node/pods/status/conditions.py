"""Conditions of a pod (pkg/kubelet/status/generate.go)."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from wherry.kube.machinery.model import Object
from wherry.kube.machinery.times import rfc3339
from wherry.node.pods import view
from wherry.node.pods.life.anew import CONDITION as RESTARTING
from wherry.node.pods.view import Role

STARTABLE = "PodReadyToStartContainers"
DISRUPTION = "DisruptionTarget"
_ENDED = {"Succeeded": "PodCompleted", "Failed": "PodFailed"}
_UNKNOWN = "UnknownContainerStatuses"


def conditions(pod: Object, statuses: Mapping[str, Object], phase: str, has_sandbox: bool) -> list[Object]:
    """Those that are the node's to say, without times. ``statuses``: of containers, by name."""
    ready = containers_ready(pod, statuses, phase)
    scheduled = _known(pod, "PodScheduled") or {"type": "PodScheduled", "status": "True"}
    return [
        _condition(STARTABLE, has_sandbox),
        initialized(pod, statuses, phase),
        pod_ready(pod, ready),
        ready,
        {name: scheduled[name] for name in ("type", "status", "reason", "message") if scheduled.get(name)},
    ]


def all_restarting(phase: str, is_under_way: bool) -> Object:
    """Of a pod one of whose containers may ask for it (GenerateAllContainersRestartingCondition)."""
    if phase in _ENDED:
        return _condition(RESTARTING, False, _ENDED[phase])
    if not is_under_way:
        return _condition(RESTARTING, False)
    return _condition(RESTARTING, True, "RestartAllContainersStarted", "container exited with restart policy rule")


def _condition(kind: str, holds: bool, reason: str = "", message: str = "") -> Object:
    found: Object = {"type": kind, "status": "True" if holds else "False"}
    if reason:
        found["reason"] = reason
    if message:
        found["message"] = message
    return found


def _known(pod: Object, kind: str) -> Object | None:
    for each in (pod.get("status") or {}).get("conditions") or ():
        if each.get("type") == kind:
            return dict(each)
    return None


def containers_ready(pod: Object, statuses: Mapping[str, Object], phase: str) -> Object:
    wanted = [each.name for each in view.of_role(pod, Role.SIDECAR, Role.REGULAR)]
    unknown = [name for name in wanted if name not in statuses]
    unready = [name for name in wanted if name in statuses and not statuses[name]["ready"]]
    if phase == "Succeeded" and not unknown:
        return _condition("ContainersReady", False, "PodCompleted")
    if phase == "Failed":
        return _condition("ContainersReady", False, "PodFailed")
    said = _said(("containers with unknown status", unknown), ("containers with unready status", unready))
    return _condition("ContainersReady", not said, "ContainersNotReady" if said else "", said)


def _said(*found: tuple[str, Sequence[str]]) -> str:
    return ", ".join(f"{what}: [{' '.join(names)}]" for what, names in found if names)


def pod_ready(pod: Object, ready: Object) -> Object:
    """All containers are, and what else the pod wants to wait for (``readinessGates``)."""
    if ready["status"] != "True":
        return _condition("Ready", False, ready.get("reason", ""), ready.get("message", ""))
    complaints: list[str] = []
    for gate in pod["spec"].get("readinessGates") or ():
        kind = gate["conditionType"]
        condition = _known(pod, kind)
        if condition is None:
            complaints.append(f'corresponding condition of pod readiness gate "{kind}" does not exist.')
        elif condition.get("status") != "True":
            complaints.append(f'the status of pod readiness gate "{kind}" is not "True", but {condition.get("status")}')
    if complaints:
        return _condition("Ready", False, "ReadinessGatesNotReady", ", ".join(complaints))
    return _condition("Ready", True)


def initialized(pod: Object, statuses: Mapping[str, Object], phase: str) -> Object:
    wanted = view.of_role(pod, Role.INIT, Role.SIDECAR)
    unknown = [each.name for each in wanted if each.name not in statuses]
    if phase == "Succeeded" and not unknown:
        return _condition("Initialized", True, "PodCompleted")
    began = any(_has_begun(statuses.get(each.name)) for each in view.of_role(pod, Role.REGULAR))
    done = {Role.INIT: "ready", Role.SIDECAR: "started"}
    incomplete = [each.name for each in wanted if each.name in statuses and not statuses[each.name][done[each.role]]]
    if began:
        incomplete = []
    said = _said(("containers with unknown status", unknown), ("containers with incomplete status", incomplete))
    return _condition("Initialized", not said, "ContainersNotInitialized" if said else "", said)


def _has_begun(status: Object | None) -> bool:
    states = [(status or {}).get(name) or {} for name in ("state", "lastState")]
    return any(("running" in each or "terminated" in each) for each in states)


def dated(found: Sequence[Object], pod: Object, now: datetime) -> list[Object]:
    """With the time of their last change, and the generation that they are about. Those that are to be taken away
    (``status`` None) stay as they are."""
    generation = pod["metadata"].get("generation")
    result: list[Object] = []
    for each in found:
        if each["status"] is None:
            result.append(each)
            continue
        before = _known(pod, each["type"])
        changed = rfc3339(now)
        if before is not None and before.get("status") == each["status"]:
            changed = before.get("lastTransitionTime") or changed
        probed = before.get("lastProbeTime") if before else None
        whole: Object = {**each, "lastProbeTime": probed, "lastTransitionTime": changed}
        if generation:
            whole["observedGeneration"] = generation
        result.append(whole)
    return result
