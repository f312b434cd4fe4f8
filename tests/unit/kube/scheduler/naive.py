"""A scheduler's filters once more, slow and from the objects alone: to compare with."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from wherry.kube.machinery.model import Object
from wherry.kube.machinery.quantity import parse


@dataclass(frozen=True, slots=True)
class World:
    """Pods have their nodes in ``spec.nodeName``."""

    nodes: tuple[Object, ...]
    pods: tuple[Object, ...]

    def on(self, node: Object) -> list[Object]:
        return [pod for pod in self.pods if pod["spec"]["nodeName"] == node["metadata"]["name"]]

    def node_of(self, pod: Object) -> Object:
        return next(node for node in self.nodes if node["metadata"]["name"] == pod["spec"]["nodeName"])


def fits(world: World, pod: Object, node: Object) -> bool:
    """Whether every filter lets the pod be there."""
    return all(
        check(world, pod, node)
        for check in (_taints, _standing, _ports, _resources, _spreads, _affinity, _anti_affinity, _others)
    )


def feasible(world: World, pod: Object) -> set[str]:
    return {node["metadata"]["name"] for node in world.nodes if fits(world, pod, node)}


def _labels(obj: Object) -> Mapping[str, str]:
    return obj["metadata"].get("labels") or {}


def _tolerated(pod: Object, taint: Object) -> bool:
    for each in pod["spec"].get("tolerations") or ():
        if each.get("effect") and each["effect"] != taint["effect"]:
            continue
        if each.get("operator") == "Exists":
            if not each.get("key") or each["key"] == taint["key"]:
                return True
        elif each.get("key") == taint["key"] and each.get("value", "") == taint.get("value", ""):
            return True
    return False


def _untolerated(pod: Object, node: Object) -> bool:
    taints = node["spec"].get("taints") or ()
    return any(each["effect"] != "PreferNoSchedule" and not _tolerated(pod, each) for each in taints)


def _taints(world: World, pod: Object, node: Object) -> bool:
    cordon = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
    if node["spec"].get("unschedulable") and not _tolerated(pod, cordon):
        return False
    return not _untolerated(pod, node)


def _expression(each: Object, labels: Mapping[str, str]) -> bool:
    value, values = labels.get(each["key"]), each.get("values") or ()
    match each["operator"]:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case "Gt":
            return value is not None and value.isdigit() and int(value) > int(values[0])
        case _:
            return value is not None and value.isdigit() and int(value) < int(values[0])


def _demand(pod: Object, node: Object) -> bool:
    labels = _labels(node)
    if any(labels.get(key) != value for key, value in (pod["spec"].get("nodeSelector") or {}).items()):
        return False
    affinity = (pod["spec"].get("affinity") or {}).get("nodeAffinity")
    if affinity is None:
        return True
    terms = affinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    name = {"metadata.name": node["metadata"]["name"]}
    return any(
        (bool(term.get("matchExpressions")) or bool(term.get("matchFields")))
        and all(_expression(each, labels) for each in term.get("matchExpressions") or ())
        and all(_expression(each, name) for each in term.get("matchFields") or ())
        for term in terms
    )


def _standing(world: World, pod: Object, node: Object) -> bool:
    return _demand(pod, node)


def _host_ports(pod: Object) -> set[int]:
    return {port["hostPort"] for each in pod["spec"]["containers"] for port in each.get("ports") or ()}


def _ports(world: World, pod: Object, node: Object) -> bool:
    return not any(_host_ports(pod) & _host_ports(other) for other in world.on(node))


def _asked(pods: Iterable[Object], name: str) -> int:
    return sum(
        parse(each.get("resources", {}).get("requests", {}).get(name, "0")).nano
        for pod in pods for each in pod["spec"]["containers"]
    )  # fmt: skip


def _resources(world: World, pod: Object, node: Object) -> bool:
    there, room = world.on(node), node["status"]["allocatable"]
    if len(there) + 1 > int(room["pods"]):
        return False
    return all(
        not _asked([pod], name) or _asked([*there, pod], name) <= parse(room[name]).nano for name in ("cpu", "memory")
    )


def _selects(selector: Object, pod: Object) -> bool:
    return all(_labels(pod).get(key) == value for key, value in selector["matchLabels"].items())


def _spreads(world: World, pod: Object, node: Object) -> bool:
    hard = [
        each for each in pod["spec"].get("topologySpreadConstraints") or ()
        if each["whenUnsatisfiable"] == "DoNotSchedule"
    ]  # fmt: skip
    return all(_spread(world, pod, node, hard, each) for each in hard)


def _spread(world: World, pod: Object, node: Object, hard: list[Object], constraint: Object) -> bool:
    key = constraint["topologyKey"]
    counts: dict[str, int] = {}
    for each in world.nodes:
        if any(one["topologyKey"] not in _labels(each) for one in hard):
            continue
        if constraint.get("nodeAffinityPolicy") != "Ignore" and not _demand(pod, each):
            continue
        if constraint.get("nodeTaintsPolicy") == "Honor" and _untolerated(pod, each):
            continue
        counts[_labels(each)[key]] = counts.get(_labels(each)[key], 0) + sum(
            other["metadata"]["namespace"] == pod["metadata"]["namespace"]
            and "deletionTimestamp" not in other["metadata"]
            and _selects(constraint["labelSelector"], other)
            for other in world.on(each)
        )
    if key not in _labels(node):
        return False
    least = min(counts.values(), default=0) if len(counts) >= constraint.get("minDomains", 1) else 0
    own = int(_selects(constraint["labelSelector"], pod))
    return counts.get(_labels(node)[key], 0) + own - least <= constraint["maxSkew"]


def _terms(pod: Object, kind: str) -> list[Object]:
    affinity = (pod["spec"].get("affinity") or {}).get(kind) or {}
    found: list[Object] = affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or []
    return found


def _means(term: Object, owner: Object, other: Object) -> bool:
    """Whether the term of one pod is about another."""
    spaces = term.get("namespaces") or [owner["metadata"]["namespace"]]
    return other["metadata"]["namespace"] in spaces and _selects(term["labelSelector"], other)


def _near(world: World, term: Object, node: Object) -> list[Object]:
    """Pods in the same domain."""
    key = term["topologyKey"]
    if key not in _labels(node):
        return []
    return [pod for pod in world.pods if _labels(world.node_of(pod)).get(key) == _labels(node)[key]]


def _affinity(world: World, pod: Object, node: Object) -> bool:
    terms = _terms(pod, "podAffinity")
    if any(term["topologyKey"] not in _labels(node) for term in terms):
        return False

    def wanted(other: Object) -> bool:
        return all(_means(term, pod, other) for term in terms)

    if all(any(wanted(other) for other in _near(world, term, node)) for term in terms):
        return True
    somewhere = any(
        wanted(other) and any(term["topologyKey"] in _labels(world.node_of(other)) for term in terms)
        for other in world.pods
    )
    return not somewhere and wanted(pod)


def _anti_affinity(world: World, pod: Object, node: Object) -> bool:
    return not any(
        _means(term, pod, other) for term in _terms(pod, "podAntiAffinity") for other in _near(world, term, node)
    )


def _others(world: World, pod: Object, node: Object) -> bool:
    return not any(
        _means(term, other, pod) and other in _near(world, term, node)
        for other in world.pods for term in _terms(other, "podAntiAffinity")
    )  # fmt: skip
