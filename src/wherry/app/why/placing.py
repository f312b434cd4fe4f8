"""Why a pod has no node: what the scheduler would say of each node now."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from wherry.app.why.gathering import Known
from wherry.app.why.words import age, ago, amount, clean, names, plural
from wherry.kube.machinery.model import Object
from wherry.kube.scheduler.model import Pod
from wherry.kube.scheduler.nodes import Node
from wherry.kube.scheduler.options import Profile
from wherry.kube.scheduler.plan import Facts, refusals
from wherry.kube.scheduler.reading import Reader, is_over
from wherry.kube.scheduler.refusals import UNTOLERATED, Refusal
from wherry.kube.scheduler.volumes.view import claim_of, class_of, limits_of, volume_of
from wherry.kube.scheduler.watching import BUDGETS, CLAIMS, CLASSES, CSI_NODES, NAMESPACES, NODES, PODS, VOLUMES

SCHEDULERS = frozenset({Profile().name})
"""Those of a cluster of ours."""
_PLAIN: Mapping[str, str] = {
    "node(s) were unschedulable": "closed to new pods (cordoned)",
    "node(s) had untolerated taint(s)": "with a taint that the pod does not tolerate",
    "node(s) didn't match Pod's node affinity/selector": "without the labels that the pod wants of its node",
    "node(s) didn't satisfy plugin(s) [NodeAffinity]": "not the node that the pod is for",
    "node(s) didn't have free ports for the requested pod ports": "with another pod on the port that this one wants",
    "node(s) had no available disk": "with another pod on the disk that this one wants",
    "node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode":
        "out: another pod uses the volume, and only one may",
    "node(s) exceed max volume count": "with as many volumes as they can have",
    "node(s) didn't find available persistent volumes to bind": "without a volume for its claims",
    "node(s) didn't match PersistentVolume's node affinity": "where its volume cannot be reached",
    "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)": "out: the pod's volume is gone",
    "node(s) had no available volume zone": "in another zone than its volume",
    "node(s) didn't match pod topology spread constraints": "in a domain that has enough pods of this kind already",
    "node(s) didn't match pod topology spread constraints (missing required label)":
        "without the label that its pods are spread over",
    "node(s) didn't match pod affinity rules": "without the pods near which this one must be",
    "node(s) didn't match pod anti-affinity rules": "near pods near which this one must not be",
    "node(s) didn't satisfy existing pods anti-affinity rules": "near pods that want none like this one near",
    "Too many pods": "with as many pods as they can have",
}  # fmt: skip


def waiting_for_node(known: Known, now: datetime) -> Iterator[str]:
    """The sentences. The first is the answer, the others say more of it."""
    spec, status = known.pod["spec"], known.status
    since = age(known.pod["metadata"].get("creationTimestamp"), now)
    gates = [each.get("name", "") for each in spec.get("schedulingGates") or ()]
    if gates:
        yield f"It is held back by {plural(len(gates), 'scheduling gate')}: {names(gates)}."
        yield "A gate is taken off by whoever put it there, when what the pod depends on is ready."
        return
    scheduler = spec.get("schedulerName") or "default-scheduler"
    if scheduler not in SCHEDULERS:
        yield f"It waits for the scheduler {scheduler!r}, which is none of this cluster's own."
        return
    facts, pod = facts_of(known)
    if not len(facts.cluster):
        yield f"It waits for a node{_for(since)}: there is none."
        return
    found = refusals(pod, facts, Profile())
    if isinstance(found, Refusal):
        yield f"It waits for a node{_for(since)}, and no node can be chosen: {clean(', '.join(found.reasons))}."
        return
    fitting = [name for name in facts.cluster.nodes if name not in found]
    if fitting:
        yield f"It waits for its turn: there is room on {names(sorted(fitting))} now."
    else:
        yield f"It waits for a node{_for(since)}: none of {len(facts.cluster)} will do."
        yield from _by_reason(found, facts, pod)
    yield from _preemption(status, fitting)
    yield from _attempts(known, now)


def _for(since: str) -> str:
    return f" for {since}" if since else ""


def facts_of(known: Known) -> tuple[Facts, Pod]:
    """As a scheduler that was started now would know them."""
    facts, reader = Facts(), Reader()
    lists = known.lists
    for node in lists.get(NODES, ()):
        facts.cluster.set_node(node)
    for space in lists.get(NAMESPACES, ()):
        facts.cluster.set_namespace(space["metadata"]["name"], space["metadata"].get("labels") or {})
    for found in lists.get(CLASSES, ()):
        facts.volumes.set_class(found["metadata"]["name"], class_of(found))
    for found in lists.get(VOLUMES, ()):
        facts.volumes.set_volume(found["metadata"]["name"], volume_of(found))
    for found in lists.get(CLAIMS, ()):
        facts.volumes.set_claim((found["metadata"]["namespace"], found["metadata"]["name"]), claim_of(found))
    for found in lists.get(CSI_NODES, ()):
        facts.volumes.set_limits(found["metadata"]["name"], limits_of(found))
    for found in lists.get(BUDGETS, ()):
        facts.budgets.set(found["metadata"]["namespace"], found["metadata"]["name"], found)
    for found in lists.get(PODS, ()):
        if is_over(found):
            continue
        if found["spec"].get("nodeName"):
            facts.cluster.set_pod(reader.pod(found))
        elif found["status"].get("nominatedNodeName"):
            facts.cluster.nominate(reader.pod(found), found["status"]["nominatedNodeName"])
    return facts, reader.pod(known.pod)


def _by_reason(found: Mapping[str, Refusal], facts: Facts, pod: Pod) -> Iterator[str]:
    """One line a reason, the most frequent first; a taint is a reason of its own."""
    by_reason: dict[tuple[str, str], list[str]] = {}
    for name, refusal in sorted(found.items()):
        taint = _untolerated(facts.cluster.nodes[name], pod) if refusal is UNTOLERATED else ""
        for reason in refusal.reasons:
            by_reason.setdefault((reason, taint), []).append(name)
    for (reason, taint), nodes in sorted(by_reason.items(), key=lambda each: (-len(each[1]), each[0])):
        said = f"with the taint {clean(taint)}, which the pod does not tolerate" if taint else ""
        said = said or _in_words(reason, nodes, facts, pod)
        yield f"  {plural(len(nodes), 'node')} {said} ({names(nodes)})"


def _untolerated(node: Node, pod: Pod) -> str:
    return next((str(each) for each in node.taints if each.forbids and not pod.shape.tolerates(each)), "")


def _in_words(reason: str, nodes: list[str], facts: Facts, pod: Pod) -> str:
    if reason in _PLAIN:
        return _PLAIN[reason]
    if reason.startswith("Insufficient "):
        resource = reason.removeprefix("Insufficient ")
        wanted = dict(pod.shape.requests).get(resource, 0)
        most, where = _most_free(resource, nodes, facts)
        has = f"{amount(resource, most)} free, on {where}" if most else "none free"
        return f"with too little {resource}: it asks for {amount(resource, wanted)}; they have at most {has}"
    return f"out: {clean(reason)}"


def _most_free(resource: str, names: list[str], facts: Facts) -> tuple[int, str]:
    def free(node: Node) -> int:
        return node.allocatable.get(resource, 0) - node.requested.get(resource, 0)

    best = max((facts.cluster.nodes[name] for name in names), key=free)
    return max(free(best), 0), best.name


def _preemption(status: Object, fitting: list[str]) -> Iterator[str]:
    nominated = status.get("nominatedNodeName")
    if nominated:
        yield f"Less important pods on {nominated} are being ended to make room for it."
        return
    text = str(_condition(status).get("message") or "")
    if fitting or "preemption:" not in text:
        return
    if "preemptionPolicy=Never" in text:
        yield "It may not make less important pods give way (preemptionPolicy: Never)."
    elif "Preemption is not helpful" in text or "No preemption victims" in text:
        yield "Making less important pods give way would not help."


def _attempts(known: Known, now: datetime) -> Iterator[str]:
    found = [each for each in known.events if each.get("reason") == "FailedScheduling"]
    if not found:
        yield "The scheduler has not said anything about it yet."
        return
    last = ago(found[-1].get("lastTimestamp"), now)
    tried = f" (it last was {last})" if last else ""
    yield f"It is tried again as soon as something changes that may help{tried}."


def _condition(status: Object) -> Object:
    return next((each for each in status.get("conditions") or () if each.get("type") == "PodScheduled"), {})
