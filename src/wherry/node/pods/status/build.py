"""The whole status of a pod, as the node sees it."""

from wherry.kube.kinds.pod.qos import qos_class
from wherry.kube.kinds.pod.restarting import all_may_restart
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.times import rfc3339
from wherry.node.pods import view
from wherry.node.pods.life import anew
from wherry.node.pods.status import conditions, containers
from wherry.node.pods.status.model import Report
from wherry.node.pods.status.phase import phase


def status(report: Report) -> Object:
    """The fields that are the node's; others (``nominatedNodeName``, conditions of others) are left alone."""
    facts, pod = report.facts, report.facts.pod
    known = pod.get("status") or {}
    if report.refusal is not None:
        return _refused(report, known)
    lists = containers.statuses(report)
    by_name = {each["name"]: each for kind in lists.values() for each in kind}
    now = _phase(report, by_name, known)
    ips = list(facts.sandbox.ips) if facts.sandbox and not report.has_stopped else []
    found: Object = {
        **_usual(report, known),
        "phase": now,
        **lists,
        "hostIP": next(iter(report.host_ips), None),
        "hostIPs": [{"ip": each} for each in report.host_ips],
    }
    if view.host_network(pod):
        ips = list(report.host_ips) if facts.sandbox else []
    if not ips and facts.ending is not None:
        # It had them: who reads the end may want to know. Of a short life the API may have heard of its end alone.
        ips = [each["ip"] for each in known.get("podIPs") or ()] or list(report.last_ips)
    if ips:
        found["podIP"], found["podIPs"] = ips[0], [{"ip": each} for each in ips]
    has_sandbox = facts.sandbox is not None and facts.sandbox.ready and not report.has_stopped
    own = conditions.conditions(pod, by_name, now, has_sandbox)
    if all_may_restart(pod["spec"]):
        own.append(conditions.all_restarting(now, facts.ending is None and anew.is_under_way(facts)))
    own += [*report.conditions, *_disruption(report)]
    found["conditions"] = conditions.dated(own, pod, report.now)
    return found


def _usual(report: Report, known: Object) -> Object:
    """Why it had to end is told when it has (mergePodStatus, pkg/kubelet/status/status_manager.go)."""
    ending = report.facts.ending if report.has_stopped else None
    found: Object = {
        "startTime": known.get("startTime") or rfc3339(report.begun),
        "qosClass": known.get("qosClass") or qos_class(report.facts.pod["spec"]),
        "reason": (ending.reason if ending else "") or known.get("reason"),
        "message": (ending.message if ending else "") or known.get("message"),
    }
    generation = report.facts.pod["metadata"].get("generation")
    return found | ({"observedGeneration": generation} if generation else {})


def _phase(report: Report, by_name: dict[str, Object], known: Object) -> str:
    """A pod that has ended stays so; one that something still runs of has not ended."""
    if view.is_finished(report.facts.pod):
        return str(known["phase"])
    ending = report.facts.ending
    found = phase(report.facts.pod, by_name, report.has_stopped)
    if ending is None:
        # What has ended of itself is told when the sidecars have, too.
        return str(known.get("phase") or "Pending") if found in view.FINISHED else found
    if report.has_stopped:
        return "Failed" if ending.reason else found
    return found if found not in view.FINISHED else str(known.get("phase") or "Running")


def _disruption(report: Report) -> list[Object]:
    ending = report.facts.ending
    if ending is None or not ending.disruption:
        return []
    return [{"type": conditions.DISRUPTION, "status": "True", "reason": ending.disruption, "message": ending.message}]


def _refused(report: Report, known: Object) -> Object:
    assert report.refusal is not None
    return {
        **_usual(report, known),
        "phase": "Failed",
        "reason": report.refusal.reason,
        "message": report.refusal.status_message,
    }
