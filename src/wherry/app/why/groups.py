"""What the pods of a workload or of a service wait for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from wherry.app.why.explaining import explain
from wherry.app.why.gathering import Known, all_of, events_of, gather
from wherry.app.why.words import clean, plural
from wherry.kube.client.model import Client
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.selectors import of_labels, of_object
from wherry.kube.scheduler.watching import PODS

MOST = 3
"""Pods of which each is told of."""
TYPES = {
    "Deployment": ("apps", "deployments", "deploy"),
    "ReplicaSet": ("apps", "replicasets", "rs"),
    "StatefulSet": ("apps", "statefulsets", "sts"),
    "DaemonSet": ("apps", "daemonsets", "ds"),
    "ReplicationController": ("", "replicationcontrollers", "rc"),
    "Job": ("batch", "jobs"),
    "Service": ("", "services", "svc"),
}
_MAPS = ("Service", "ReplicationController")
"""Kinds whose selector is a map of labels."""


@dataclass(frozen=True, slots=True)
class Group:
    """``pods``: that are not on the way out; ``told``: all about the first of those that are not ready."""

    kind: str
    obj: Object
    events: Sequence[Object] = ()
    pods: Sequence[Object] = ()
    told: Sequence[Known] = field(default=())

    @property
    def spec(self) -> Object:
        found: Object = self.obj.get("spec") or {}
        return found

    @property
    def status(self) -> Object:
        found: Object = self.obj.get("status") or {}
        return found

    def condition(self, kind: str) -> Object:
        """The one that holds; empty: it does not."""
        conditions = self.status.get("conditions") or ()
        return next((each for each in conditions if each.get("type") == kind and each.get("status") == "True"), {})


def kind_of(word: str) -> str:
    """Of a type as kubectl knows it (``deploy``, ``deployment.apps``); empty: it is none that has pods."""
    first = word.partition(".")[0].lower()
    return next((kind for kind, names in TYPES.items() if first == kind.lower() or first in names[1:]), "")


async def gather_group(client: Client, kind: str, namespace: str, name: str) -> Group:
    """Raises StatusError when there is no such object, or it may not be read."""
    group, resource = TYPES[kind][:2]
    obj = await client.get(GroupVersionResource(group, "v1", resource), name, namespace)
    wanted = (obj.get("spec") or {}).get("selector")
    selector = of_labels(wanted or {}) if kind in _MAPS else of_object(wanted or {})
    found = await all_of(client, PODS, namespace) if wanted else []
    pods = [
        each for each in found
        if selector.matches(each["metadata"].get("labels") or {}) and "deletionTimestamp" not in each["metadata"]
    ]  # fmt: skip
    waiting = [each for each in pods if not _is_ready(each) and _phase(each) != "Succeeded"][:MOST]
    told = [await gather(client, namespace, each["metadata"]["name"]) for each in waiting]
    return Group(kind, obj, await events_of(client, obj), pods, told)


def explain_group(group: Group, now: datetime) -> list[str]:
    """Lines to print."""
    lines = [_head(group), *(f"{each.rstrip('.')}." for each in _own(group))]
    alike: dict[tuple[str, ...], list[str]] = {}
    for each in group.told:
        head, *said = explain(each, now)
        alike.setdefault(tuple(said), []).append(head)
    for same, (first, *others) in alike.items():
        lines += ["", first, *same, *([f"{plural(len(others), 'other pod')} of it: the same."] if others else ())]
    more = sum(not _is_ready(each) and _phase(each) != "Succeeded" for each in group.pods) - len(group.told)
    if more > 0:
        lines += ["", f"{plural(more, 'more pod')} of it {'is' if more == 1 else 'are'} not ready."]
    if len(lines) == 1:
        lines.append("It waits for nothing.")
    return lines


def _head(group: Group) -> str:
    meta = group.obj["metadata"]
    called = f"{group.kind} {meta['namespace']}/{meta['name']}"
    ready = sum(map(_is_ready, group.pods))
    if group.kind == "Service":
        return f"{called} leads to {ready} ready of {plural(len(group.pods), 'pod')}." if group.pods else f"{called}:"
    if group.kind == "Job":
        done = group.status.get("succeeded", 0)
        of = group.spec.get("completions")
        return f"{called} has {plural(done, 'pod')} that succeeded{f', of {of} that it wants' if of else ''}."
    return f"{called} has {ready} ready of {plural(_wanted(group), 'pod')} that it wants."


def _wanted(group: Group) -> int:
    if group.kind == "DaemonSet":
        return int(group.status.get("desiredNumberScheduled", 0))
    return int(group.spec.get("replicas", 1))


def _own(group: Group) -> Iterator[str]:
    """What is not about one of its pods."""
    if group.kind == "Service":
        yield from _service(group)
        return
    if group.spec.get("paused"):
        yield "It is paused: what was changed in its template waits for kubectl rollout resume"
    if group.spec.get("suspend"):
        yield "It is suspended: it has no pods until spec.suspend is false"
    for kind, what in (("Failed", "It has failed"), ("Complete", "It is complete")):
        if group.kind == "Job" and (found := group.condition(kind)):
            yield f"{what}: {clean(found.get('message') or found.get('reason') or '')}"
    for name in _outdated(group):
        yield f"Its pod {name} has another template than is wanted, and is in the way until it is ready, or deleted"
    failure = group.condition("ReplicaFailure").get("message") or _failed_to_make(group)
    if failure:
        yield f"Pods of it cannot be made: {clean(failure)}"
    if _condition_reason(group, "Progressing") == "ProgressDeadlineExceeded":
        yield f"Its rollout has come no further for {group.spec.get('progressDeadlineSeconds', 600)} seconds"
    if group.kind != "Job" and not _wanted(group):
        where = "no node is one that it wants a pod on" if group.kind == "DaemonSet" else "spec.replicas is 0"
        yield f"It wants no pods: {where}"


def _outdated(group: Group) -> Iterator[str]:
    """Of a StatefulSet that takes one pod after another: what it waits for when its template was mended meanwhile
    (kubernetes.io/docs/concepts/workloads/controllers/statefulset, "Forced rollback")."""
    wanted = group.status.get("updateRevision")
    if group.kind == "StatefulSet" and wanted and group.spec.get("podManagementPolicy") != "Parallel":
        for each in group.pods:
            labels = each["metadata"].get("labels") or {}
            if not _is_ready(each) and labels.get("controller-revision-hash") != wanted:
                yield each["metadata"]["name"]


def _failed_to_make(group: Group) -> str:
    """Of those that have no condition for it: the newest event, as long as there are too few pods."""
    if group.kind in ("Deployment", "Service") or group.condition("Complete") or group.condition("Failed"):
        return ""
    wanted = int(group.spec.get("parallelism", 1)) if group.kind == "Job" else _wanted(group)
    found = [each for each in group.events if each.get("reason") == "FailedCreate"]
    said = str(found[-1].get("message") or "") if found and len(group.pods) < wanted else ""
    return said.rpartition("Error creating: ")[2]


def _condition_reason(group: Group, kind: str) -> str:
    conditions = group.status.get("conditions") or ()
    return next((str(each.get("reason") or "") for each in conditions if each.get("type") == kind), "")


def _service(group: Group) -> Iterator[str]:
    spec, namespace = group.spec, group.obj["metadata"]["namespace"]
    if spec.get("type") == "ExternalName":
        yield f"It is another name of {clean(spec.get('externalName') or '')}, and has nothing to do with pods"
    elif not spec.get("selector"):
        yield "It has no selector: it leads where its EndpointSlices say, which are not made of pods"
    elif not group.pods:
        yield f"No pod of namespace {namespace} has the labels {of_labels(spec['selector'])}"
    else:
        called = {port.get("name") for pod in group.pods for port in _ports(pod)}
        for port in spec.get("ports") or ():
            target = port.get("targetPort")
            if isinstance(target, str) and target not in called:
                yield f"Its port {port['port']} leads to a port called {clean(target)}, which none of its pods has"


def _ports(pod: Object) -> Iterator[Object]:
    for part in ("initContainers", "containers"):
        for container in pod["spec"].get(part) or ():
            yield from container.get("ports") or ()


def _phase(pod: Object) -> str:
    return str((pod.get("status") or {}).get("phase") or "Pending")


def _is_ready(pod: Object) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(each.get("type") == "Ready" and each.get("status") == "True" for each in conditions)
