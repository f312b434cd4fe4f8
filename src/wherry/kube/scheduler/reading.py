"""Reads pods: from objects to :class:`~wherry.kube.scheduler.model.Pod`, and what is asked alike once only."""

from collections.abc import Iterable
from weakref import WeakValueDictionary

import msgspec

from wherry.kube.machinery.model import Object
from wherry.kube.machinery.nodeselectors import node_demand
from wherry.kube.machinery.taints import tolerations_of
from wherry.kube.scheduler.affinity import node_preferences, only_nodes, pod_terms, preferred_pod_terms
from wherry.kube.scheduler.disks import KINDS as DISK_KINDS
from wherry.kube.scheduler.disks import disk_of
from wherry.kube.scheduler.model import HostPort, Owner, Pod, Shape, Spread, Volume
from wherry.kube.scheduler.requests import ASSUMED, CPU, MEMORY, PODS, STORAGE, Amounts, requests_of
from wherry.kube.scheduler.selectors import selector_of, with_label_keys

_FIRST = (CPU, MEMORY, STORAGE)
_READ = (
    "schedulerName", "priority", "preemptionPolicy", "nodeSelector", "affinity", "tolerations", "overhead", "resources",
    "topologySpreadConstraints", "schedulingGates", "resourceClaims", "schedulingGroup", "hostNetwork",
)  # fmt: skip
"""Of the specification, besides containers and volumes: what a shape is made of."""
_RESIZED = ("name", "resources", "allocatedResources")
NO_CLAIMS = "pod asks for devices by resourceClaims, which this scheduler does not allocate"
NO_GROUPS = "pod belongs to a schedulingGroup, and this scheduler places pods one by one"
_encode = msgspec.json.Encoder().encode


class Reader:
    """Keeps the shapes that are in use."""

    def __init__(self) -> None:
        self._shapes: WeakValueDictionary[bytes, Shape] = WeakValueDictionary()

    def pod(self, obj: Object) -> Pod:
        """Of an object with defaults, as the API gives it."""
        meta, spec, status = obj["metadata"], obj.get("spec") or {}, obj.get("status") or {}
        ending = "deletionTimestamp" in meta
        return Pod(
            meta.get("namespace", ""),
            meta["name"],
            meta.get("uid", ""),
            self.shape(obj),
            meta.get("labels") or {},
            spec.get("nodeName") or "",
            status.get("nominatedNodeName") or "",
            meta.get("creationTimestamp") or "",
            status.get("startTime") or "",
            ending,
            ending and _is_preempted(status),
            owner_of(meta),
            meta.get("resourceVersion", ""),
        )

    def shape(self, obj: Object) -> Shape:
        key = _signature(obj)
        shape = self._shapes.get(key)
        if shape is None:
            shape = self._shapes[key] = shape_of(obj)
        return shape


def _signature(obj: Object) -> bytes:
    """Two pods with the same have the same shape."""
    meta, spec = obj["metadata"], obj.get("spec") or {}
    found: list[object] = [spec.get(name) for name in _READ]
    for field in ("containers", "initContainers"):
        for each in spec.get(field) or ():
            asked = each.get("resources")
            found.append((field, each.get("image"), asked, each.get("ports"), each.get("restartPolicy")))
    found += _volume_marks(spec)
    if (spec.get("affinity") or {}).keys() & {"podAffinity", "podAntiAffinity"}:
        found.append(meta.get("namespace"))
    found += _label_keys(spec, meta.get("labels") or {})
    status = obj.get("status") or {}
    for field in ("containerStatuses", "initContainerStatuses"):
        for each in status.get(field) or ():
            if "resources" in each or "allocatedResources" in each:
                found.append([each.get(name) for name in _RESIZED])
    return _encode(found)


def _volume_marks(spec: Object) -> Iterable[object]:
    """Not all of them: each pod has one for its token, under a name of its own."""
    for each in spec.get("volumes") or ():
        if "persistentVolumeClaim" in each:
            yield each["persistentVolumeClaim"].get("claimName")
        elif "ephemeral" in each:
            yield ("ephemeral", each.get("name"))
        elif not each.keys().isdisjoint(DISK_KINDS):
            yield each


def _label_keys(spec: Object, labels: Object) -> Iterable[object]:
    """Values of the pod's own labels that its constraints are about."""
    for each in spec.get("topologySpreadConstraints") or ():
        for key in each.get("matchLabelKeys") or ():
            yield labels.get(key)


def shape_of(obj: Object) -> Shape:
    """What its specification asks for."""
    spec, namespace = obj.get("spec") or {}, obj["metadata"].get("namespace", "")
    affinity = spec.get("affinity") or {}
    demand = node_demand(spec)
    assumed = requests_of(obj, ASSUMED)
    containers = [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]
    labels = obj["metadata"].get("labels") or {}
    return Shape(
        scheduler=spec.get("schedulerName") or "default-scheduler",
        priority=spec.get("priority") or 0,
        never_preempts=spec.get("preemptionPolicy") == "Never",
        requests=_ordered(requests_of(obj)),
        cpu_score=assumed.get(CPU, 0),
        memory_score=assumed.get(MEMORY, 0),
        demand=demand,
        preferences=node_preferences(affinity),
        node_names=only_nodes(demand),
        tolerations=tolerations_of(spec.get("tolerations")),
        ports=tuple(_ports(spec)),
        images=tuple(image_name(each.get("image") or "") for each in containers),
        affinity=pod_terms(affinity.get("podAffinity"), namespace),
        anti_affinity=pod_terms(affinity.get("podAntiAffinity"), namespace),
        preferred_pods=(
            *preferred_pod_terms(affinity.get("podAffinity"), namespace, 1),
            *preferred_pod_terms(affinity.get("podAntiAffinity"), namespace, -1),
        ),
        spreads=tuple(spread_of(each, labels) for each in spec.get("topologySpreadConstraints") or ()),
        volumes=tuple(_volumes(spec)),
        disks=tuple(disk for each in spec.get("volumes") or () if (disk := disk_of(each)) is not None),
        gates=tuple(each.get("name", "") for each in spec.get("schedulingGates") or ()),
        unsupported=NO_CLAIMS if spec.get("resourceClaims") else NO_GROUPS if spec.get("schedulingGroup") else "",
    )


def _ordered(requests: Amounts) -> tuple[tuple[str, int], ...]:
    names = [name for name in _FIRST if name in requests]
    names += sorted(name for name in requests if name not in _FIRST and name != PODS)
    return tuple((name, requests[name]) for name in names if requests[name] > 0)


def _ports(spec: Object) -> Iterable[HostPort]:
    """Of containers and sidecars; with the node's own network every port is one of the node's."""
    sidecars = [each for each in spec.get("initContainers") or () if each.get("restartPolicy") == "Always"]
    for container in (*(spec.get("containers") or ()), *sidecars):
        for port in container.get("ports") or ():
            number = port.get("hostPort") or (port.get("containerPort") if spec.get("hostNetwork") else 0)
            if number:
                yield HostPort(port.get("protocol") or "TCP", number, port.get("hostIP") or "0.0.0.0")


def _volumes(spec: Object) -> Iterable[Volume]:
    for each in spec.get("volumes") or ():
        claim = (each.get("persistentVolumeClaim") or {}).get("claimName")
        if claim:
            yield Volume(claim)
        elif each.get("ephemeral") is not None:
            yield Volume(each.get("name", ""), True)


def spread_of(document: Object, labels: Object) -> Spread:
    """Of one of ``topologySpreadConstraints``; ``labels`` are the pod's."""
    keys = document.get("matchLabelKeys") or ()
    return Spread(
        document.get("topologyKey", ""),
        with_label_keys(selector_of(document.get("labelSelector")), keys, labels),
        document.get("maxSkew") or 1,
        document.get("whenUnsatisfiable") != "ScheduleAnyway",
        document.get("minDomains") or 1,
        document.get("nodeAffinityPolicy") != "Ignore",
        document.get("nodeTaintsPolicy") == "Honor",
    )


def image_name(image: str) -> str:
    """With the tag that is meant when there is none: that is how nodes tell what they have."""
    return image if image.rfind(":") > image.rfind("/") else f"{image}:latest"


def owner_of(meta: Object) -> Owner | None:
    for each in meta.get("ownerReferences") or ():
        if each.get("controller"):
            return Owner(each.get("apiVersion", ""), each.get("kind", ""), each.get("name", ""), each.get("uid", ""))
    return None


def _is_preempted(status: Object) -> bool:
    for each in status.get("conditions") or ():
        if each.get("type") == "DisruptionTarget":
            return bool(each.get("status") == "True" and each.get("reason") == "PreemptionByScheduler")
    return False


def is_over(obj: Object) -> bool:
    """It takes no place any more."""
    return (obj.get("status") or {}).get("phase") in ("Succeeded", "Failed")
