"""Statuses of containers (pkg/kubelet/kubelet_pods.go, convertToAPIContainerStatuses)."""

from datetime import UTC, datetime

import msgspec

from wherry.kube.machinery.model import Object
from wherry.kube.machinery.times import rfc3339
from wherry.node.pods import view
from wherry.node.pods.composing.containers import IMAGE, USER
from wherry.node.pods.life.model import Probed, StartContainer
from wherry.node.pods.runtime import Container, State
from wherry.node.pods.status.model import Report
from wherry.node.pods.view import Member, Role

SCHEME = "wherry://"
_LOST = "The container could not be located when the pod was terminated"
_DELETED = "The container could not be located when the pod was deleted.  The container used to be Running"
_KILLED = 137
_LISTS = {
    "initContainerStatuses": (Role.INIT, Role.SIDECAR),
    "containerStatuses": (Role.REGULAR,),
    "ephemeralContainerStatuses": (Role.EPHEMERAL,),
}


def statuses(report: Report) -> dict[str, list[Object]]:
    """By the status's field; those of regular containers are in the order of their names."""
    found: dict[str, list[Object]] = {}
    runs: dict[str, list[Container]] = {}
    for run in report.facts.containers:
        runs.setdefault(run.name, []).append(run)
    for kind, roles in _LISTS.items():
        of_kind = [_status(report, each, runs.get(each.name, [])) for each in view.of_role(report.facts.pod, *roles)]
        if kind == "containerStatuses":
            of_kind.sort(key=lambda each: str(each["name"]))
        if of_kind:
            found[kind] = of_kind
    return found


def _status(report: Report, member: Member, runs: list[Container]) -> Object:
    known = view.container_statuses(report.facts.pod).get(member.name) or {}
    run = runs[-1] if runs else None
    state = _state(report, member, run, known)
    last = _last_state(report, state, runs, known)
    is_running = "running" in state
    probed = report.facts.probed.get(run.id, Probed()) if run else Probed()
    started = is_running and probed.started is not False
    found: Object = {
        "name": member.name,
        "state": state,
        "lastState": last,
        "ready": _is_ready(member, state, started, probed),
        "restartCount": run.attempt if run else int(known.get("restartCount", 0)),
        "image": (run.annotations.get(IMAGE) if run else "") or member.container.get("image") or "",
        "imageID": run.image_reference if run else known.get("imageID", ""),
    }
    if run is not None or known.get("containerID"):
        found["containerID"] = SCHEME + run.id if run else known["containerID"]
    if member.role is not Role.EPHEMERAL:
        found["started"] = started
    return found | _given(report, member, run)


def _given(report: Report, member: Member, run: Container | None) -> Object:
    """Resources and mounts of what has been made."""
    if run is None or member.role is Role.EPHEMERAL:
        return {}
    found: Object = {}
    resources = report.resources.get(member.name) or member.container.get("resources") or {}
    if resources.get("requests"):
        found["allocatedResources"] = resources["requests"]
    if resources:
        found["resources"] = {name: resources[name] for name in ("limits", "requests") if resources.get(name)}
    mounts = [_mount(each) for each in member.container.get("volumeMounts") or ()]
    if mounts:
        found["volumeMounts"] = mounts
    user = run.annotations.get(USER)
    if user:
        found["user"] = {"linux": msgspec.json.decode(user)}
    signal = (member.container.get("lifecycle") or {}).get("stopSignal")
    if signal:
        found["stopSignal"] = signal
    return found


def _mount(each: Object) -> Object:
    found: Object = {"name": each["name"], "mountPath": each["mountPath"]}
    if each.get("readOnly"):
        wanted = each.get("recursiveReadOnly") in ("Enabled", "IfPossible")
        found |= {"readOnly": True, "recursiveReadOnly": "Enabled" if wanted else "Disabled"}
    return found


def _is_ready(member: Member, state: Object, started: bool, probed: Probed) -> bool:
    if member.role is Role.INIT:
        return (state.get("terminated") or {}).get("exitCode") == 0
    if member.role is Role.EPHEMERAL:
        return False
    return started and probed.ready is not False


def _state(report: Report, member: Member, run: Container | None, known: Object) -> Object:
    facts = report.facts
    is_starting = StartContainer(member.name, 0).key in facts.busy
    if run is not None and run.state is State.RUNNING and not is_starting:
        return {"running": {"startedAt": time(run.started_ns)}}
    waiting = report.plan.waiting.get(member.name)
    if run is not None and run.state is State.EXITED and waiting is None:
        return terminated(report, run)
    if run is None and "terminated" in (known.get("state") or {}):
        return dict(known["state"])  # the runtime has forgotten it, the API has not
    if report.has_stopped:
        return _lost(known)
    if waiting is not None:
        reason, message = waiting
        return {"waiting": {"reason": reason, **({"message": message} if message else {})}}
    return {"waiting": {"reason": _usual_reason(report)}}


def _usual_reason(report: Report) -> str:
    return "PodInitializing" if view.of_role(report.facts.pod, Role.INIT, Role.SIDECAR) else "ContainerCreating"


_NEVER = "1970-01-01T00:00:00Z"
"""When a container began that could not be started: a runtime's zero."""


def _lost(known: Object) -> Object:
    """Of a container that did not come to run, or that nobody knows the end of, when the pod has ended."""
    message = _DELETED if "running" in (known.get("state") or {}) else _LOST
    return {
        "terminated": {
            "exitCode": _KILLED, "reason": "ContainerStatusUnknown", "message": message, "startedAt": None,
            "finishedAt": None,
        }
    }  # fmt: skip


def terminated(report: Report, run: Container) -> Object:
    found: Object = {
        "exitCode": run.exit_code,
        "reason": run.reason or ("Error" if run.exit_code else "Completed"),
        "startedAt": time(run.started_ns) or _NEVER,
        "finishedAt": time(run.finished_ns) or _NEVER,
        "containerID": SCHEME + run.id,
    }
    message = report.messages.get(run.id) or run.message
    if message:
        found["message"] = message
    return {"terminated": found}


def _last_state(report: Report, state: Object, runs: list[Container], known: Object) -> Object:
    """How the run before ended. What the runtime does not keep any more the API may still know."""
    run = runs[-1] if runs else None
    if "waiting" in state and run is not None and run.state is State.EXITED:
        return terminated(report, run)
    ended = [each for each in runs[:-1] if each.state is State.EXITED]
    if ended:
        return terminated(report, ended[-1])
    if not known.get("containerID"):
        return {}
    if run is not None and known["containerID"] == SCHEME + run.id:
        return dict(known.get("lastState") or {})
    if run is None and "waiting" not in state:
        return dict(known.get("lastState") or {})
    before = known.get("state") or {}
    if "terminated" in before:
        return dict(before)
    if "running" in before:
        return _lost(known)
    return dict(known.get("lastState") or {})


def time(nanoseconds: int) -> str | None:
    """As the API has it; None for what has not been."""
    return rfc3339(datetime.fromtimestamp(nanoseconds // 1_000_000_000, UTC)) if nanoseconds else None
