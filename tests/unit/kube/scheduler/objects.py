"""Nodes and pods for tests, and short ways to a decision."""

import itertools
from collections.abc import Iterable
from random import Random
from typing import Any

import msgspec

from wherry.kube.machinery.model import Object
from wherry.kube.scheduler.asking import Asking
from wherry.kube.scheduler.cluster import Cluster
from wherry.kube.scheduler.decision import Decision, Nominated, Placed, Refused, message
from wherry.kube.scheduler.model import HOSTNAME, ZONE, Pod
from wherry.kube.scheduler.options import Profile
from wherry.kube.scheduler.plan import Chance, Facts, decide
from wherry.kube.scheduler.reading import Reader

READER = Reader()
USUAL = Profile()
_uids = itertools.count()


def node(
    name: str = "n", *, labels: dict[str, str] | None = None, taints: Iterable[Object] = (), zone: str = "",
    unschedulable: bool = False, images: dict[str, int] | None = None, **room: str,
) -> Object:  # fmt: skip
    """With 4 CPUs, 16Gi and 110 pods, unless ``room`` says otherwise."""
    found = {HOSTNAME: name, **({ZONE: zone} if zone else {}), **(labels or {})}
    spec: Object = {"unschedulable": unschedulable} if unschedulable else {}
    if taints:
        spec["taints"] = list(taints)
    status: Object = {"allocatable": {"cpu": "4", "memory": "16Gi", "pods": "110", **room}}
    if images:
        status["images"] = [{"names": [name], "sizeBytes": size} for name, size in images.items()]
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": found}, "spec": spec,
            "status": status}  # fmt: skip


def pod(name: str = "p", on: str = "", *, labels: dict[str, str] | None = None, **more: Any) -> Object:
    """``more``: ``namespace``, ``cpu``, ``memory``, ``host_port``, ``status``, ``meta``, and fields of the
    specification."""
    requests = {key: more.pop(key) for key in ("cpu", "memory") if key in more}
    container: Object = {"name": "c", "image": more.pop("image", "demo:1")}
    if requests:
        container["resources"] = {"requests": requests}
    if "host_port" in more:
        port = more.pop("host_port")
        container["ports"] = [{"hostPort": port, "containerPort": port, "protocol": "TCP"}]
    namespace = more.pop("namespace", "default")
    meta = {"name": name, "namespace": namespace, "uid": more.pop("uid", f"uid-{namespace}-{name}"),
            "resourceVersion": "1", **more.pop("meta", {})}  # fmt: skip
    if labels:
        meta["labels"] = labels
    status = more.pop("status", {})
    spec = {"containers": [container], **({"nodeName": on} if on else {}), **more}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec, "status": status}


def read(obj: Object) -> Pod:
    return READER.pod(obj)


def facts(nodes: Iterable[Object], pods: Iterable[Object] = ()) -> Facts:
    found = Facts()
    for each in nodes:
        found.cluster.set_node(each)
    for each in pods:
        found.cluster.set_pod(read(each))
    return found


def asking(known: Facts, obj: Object, profile: Profile = USUAL) -> Asking:
    mine = read(obj)
    return Asking(mine, profile, known.cluster, known.fittings.of(mine.shape, profile))


def decided(known: Facts, obj: Object, profile: Profile = USUAL, seed: int = 0) -> Decision:
    return decide(read(obj), known, profile, Chance(0, Random(seed)))


def placed(known: Facts, obj: Object, profile: Profile = USUAL) -> str:
    """On which node."""
    found = decided(known, obj, profile)
    assert isinstance(found, Placed), found
    return found.node


def refused(known: Facts, obj: Object, profile: Profile = USUAL) -> str:
    """In what words."""
    found = decided(known, obj, profile)
    assert isinstance(found, Refused), found
    return message(found)


def nominated(known: Facts, obj: Object, profile: Profile = USUAL) -> Nominated:
    found = decided(known, obj, profile)
    assert isinstance(found, Refused) and found.nominated is not None, found
    return found.nominated


def nodes_with(found: Cluster) -> dict[str, list[str]]:
    """Names of pods by node, sorted."""
    return {name: sorted(each.name for each in node.pods.values()) for name, node in found.nodes.items()}


def moved(mine: Pod, to: str) -> Pod:
    return msgspec.structs.replace(mine, node=to)


def term(key: str, operator: str, *values: str) -> Object:
    """One of matchExpressions."""
    return {"key": key, "operator": operator, **({"values": list(values)} if values else {})}


def node_affinity(*terms: Object, fields: Iterable[Object] = ()) -> Object:
    """Required: one of these expressions."""
    found: list[Object] = [{"matchExpressions": [each]} for each in terms]
    found += [{"matchFields": [each]} for each in fields]
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": found}}}


def pod_affinity(kind: str, key: str = ZONE, weight: int = 0, **more: Any) -> Object:
    """``kind``: podAffinity or podAntiAffinity, to pods with the label app=web; ``weight``: how much it is
    preferred (0: a must)."""
    found = {"topologyKey": key, "labelSelector": {"matchLabels": {"app": "web"}}, **more}
    if weight:
        return {
            kind: {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": weight, "podAffinityTerm": found}]}
        }
    return {kind: {"requiredDuringSchedulingIgnoredDuringExecution": [found]}}


def spread(key: str = ZONE, skew: int = 1, *, hard: bool = True, **more: Any) -> Object:
    return {
        "topologyKey": key, "maxSkew": skew, "whenUnsatisfiable": "DoNotSchedule" if hard else "ScheduleAnyway",
        "labelSelector": {"matchLabels": {"app": "web"}}, **more,
    }  # fmt: skip


WEB = {"app": "web"}
CORDON: Object = {"key": "node.kubernetes.io/unschedulable", "operator": "Exists", "effect": "NoSchedule"}
