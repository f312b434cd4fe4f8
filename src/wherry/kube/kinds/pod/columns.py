"""How ``kubectl get pods`` sums up a pod (pkg/printers/internalversion/printers.go: printPod)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from wherry.kube.kinds.rows import NONE, age, name
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.times import since


class _Sum(msgspec.Struct):
    """Times are RFC 3339 in UTC, so that they are ordered as texts; empty: never."""

    reason: str
    ready: int = 0
    restarts: int = 0
    last_restart: str = ""

    def restarted(self, status: Object) -> None:
        self.restarts += status.get("restartCount", 0)
        ended = (status.get("lastState") or {}).get("terminated") or {}
        self.last_restart = max(self.last_restart, ended.get("finishedAt") or "")


def cells(pod: Object, now: datetime) -> Sequence[Any]:
    """One row."""
    spec, status = pod.get("spec") or {}, pod.get("status") or {}
    init = {each.get("name"): each for each in spec.get("initContainers") or ()}
    total = len(spec.get("containers") or ()) + sum(map(_is_sidecar, init.values()))
    found = _sum(pod, init)
    restarts = str(found.restarts)
    if found.restarts and found.last_restart:
        restarts += f" ({since(found.last_restart, now)} ago)"
    addresses = status.get("podIPs") or ({"ip": status.get("podIP")},)
    return [
        name(pod),
        f"{found.ready}/{total}",
        found.reason,
        restarts,
        age(pod, now),
        addresses[0].get("ip") or NONE,
        spec.get("nodeName") or NONE,
        status.get("nominatedNodeName") or NONE,
        _gates(spec, status),
    ]


def _is_sidecar(container: Object | None) -> bool:
    return container is not None and container.get("restartPolicy") == "Always"


def _condition(status: Object, kind: str) -> Object:
    return next((each for each in status.get("conditions") or () if each.get("type") == kind), {})


def _sum(pod: Object, init: dict[Any, Object]) -> _Sum:
    status = pod.get("status") or {}
    found = _Sum(status.get("reason") or status.get("phase", ""))
    if _condition(status, "PodScheduled").get("reason") == "SchedulingGated":
        found.reason = "SchedulingGated"
    sidecars = _Sum("")
    initializing = _initialize(status, init, found, sidecars)
    if not initializing or _condition(status, "Initialized").get("status") == "True":
        found.restarts, found.last_restart = sidecars.restarts, sidecars.last_restart
        _run(status, found)
    if "deletionTimestamp" in pod.get("metadata", {}):
        if status.get("reason") == "NodeLost":
            found.reason = "Unknown"
        elif status.get("phase") not in ("Succeeded", "Failed"):
            found.reason = "Terminating"
    return found


def _initialize(status: Object, init: dict[Any, Object], found: _Sum, sidecars: _Sum) -> bool:
    """Whether init containers are still at work, and what the one is that matters."""
    for position, each in enumerate(status.get("initContainerStatuses") or ()):
        sidecar = _is_sidecar(init.get(each.get("name")))
        found.restarted(each)
        if sidecar:
            sidecars.restarted(each)
        state = each.get("state") or {}
        ended, waiting = state.get("terminated"), state.get("waiting") or {}
        if ended is not None and not ended.get("exitCode"):
            continue
        if sidecar and each.get("started"):
            found.ready += bool(each.get("ready"))
            continue
        if ended is not None:
            found.reason = f"Init:{_end(ended)}"
        elif waiting.get("reason") and waiting["reason"] != "PodInitializing":
            found.reason = f"Init:{waiting['reason']}"
        else:
            found.reason = f"Init:{position}/{len(init)}"
        return True
    return False


def _run(status: Object, found: _Sum) -> None:
    """The first container that has something to say speaks for all."""
    running = False
    for each in reversed(status.get("containerStatuses") or ()):
        found.restarted(each)
        state = each.get("state") or {}
        waiting, ended = (state.get("waiting") or {}).get("reason"), state.get("terminated")
        if waiting:
            found.reason = waiting
        elif ended is not None:
            found.reason = _end(ended)
        elif each.get("ready") and state.get("running") is not None:
            running = True
            found.ready += 1
    if found.reason == "Completed" and running:
        found.reason = "Running" if _condition(status, "Ready").get("status") == "True" else "NotReady"


def _end(ended: Object) -> str:
    if ended.get("reason"):
        return str(ended["reason"])
    return f"Signal:{ended['signal']}" if ended.get("signal") else f"ExitCode:{ended.get('exitCode', 0)}"


def _gates(spec: Object, status: Object) -> str:
    gates = spec.get("readinessGates") or ()
    if not gates:
        return NONE
    is_open = (_condition(status, gate.get("conditionType", "")).get("status") == "True" for gate in gates)
    return f"{sum(is_open)}/{len(gates)}"
