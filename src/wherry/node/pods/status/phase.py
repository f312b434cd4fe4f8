"""A pod's phase (pkg/kubelet/kubelet_pods.go, getPhase)."""

from collections import Counter
from collections.abc import Mapping

from wherry.kube.machinery.model import Object
from wherry.node.pods import view
from wherry.node.pods.life import restarts
from wherry.node.pods.view import Member, Role


def phase(pod: Object, statuses: Mapping[str, Object], is_over: bool) -> str:
    """``statuses``: of containers, by name. ``is_over``: nothing of it runs or will run any more."""
    if any(_has_failed(pod, each, statuses.get(each.name)) for each in view.of_role(pod, Role.INIT)):
        return "Failed"
    counts = Counter(_how(statuses.get(each.name)) for each in view.of_role(pod, Role.REGULAR))
    is_initialized = counts["running"] or counts["ended well"] or counts["ended badly"]
    if not is_initialized and not is_over and not _is_initialized(pod, statuses):
        return "Pending"
    if counts["waiting"]:
        return "Pending"
    if counts["running"]:
        return "Running"
    if is_over:
        return "Failed" if counts["ended badly"] else "Succeeded"
    return "Running" if _may_go_on(pod, statuses) else "Failed" if counts["ended badly"] else "Succeeded"


def _how(status: Object | None) -> str:
    state = (status or {}).get("state") or {}
    if "running" in state:
        return "running"
    ended = state.get("terminated") or ((status or {}).get("lastState") or {}).get("terminated")
    if ended is None:
        return "waiting"
    return "ended badly" if ended.get("exitCode") else "ended well"


def _has_failed(pod: Object, member: Member, status: Object | None) -> bool:
    """An init container that ended badly and does not start again."""
    ended = ((status or {}).get("state") or {}).get("terminated")
    return bool(ended and ended.get("exitCode") and not restarts.restarts(pod, member, ended["exitCode"]))


def _is_initialized(pod: Object, statuses: Mapping[str, Object]) -> bool:
    for each in view.of_role(pod, Role.INIT, Role.SIDECAR):
        status = statuses.get(each.name) or {}
        if each.role is Role.SIDECAR and not status.get("started"):
            return False
        if each.role is Role.INIT and _how(status) != "ended well":
            return False
    return True


def _may_go_on(pod: Object, statuses: Mapping[str, Object]) -> bool:
    """Of a pod none of whose containers runs at the moment: whether one starts again."""
    for each in view.of_role(pod, Role.REGULAR):
        state = (statuses.get(each.name) or {}).get("state") or {}
        ended = state.get("terminated")
        if ended is None or restarts.restarts(pod, each, int(ended.get("exitCode") or 0)):
            return True
    return False
