"""What the scheduler knows of a node, and what the pods there have taken of it."""

from collections.abc import Iterable, Mapping

from wherry.kube.machinery.model import Object
from wherry.kube.machinery.taints import Taint, taints_of
from wherry.kube.scheduler.model import REGION, ZONE, HostPort, Labels, Pod
from wherry.kube.scheduler.reading import image_name
from wherry.kube.scheduler.requests import PODS, Amounts, amounts

ANY_ADDRESS = "0.0.0.0"
Ports = dict[tuple[str, int], dict[str, int]]
"""By protocol and port: on which addresses, how often."""


class Node:
    """Changed as things happen. ``slot`` is its place in the cluster's list."""

    __slots__ = (
        "allocatable", "cpu_score", "images", "labels", "max_pods", "memory_score", "name", "pods", "ports",
        "requested", "slot", "taints", "uid", "unschedulable", "zone",
    )  # fmt: skip

    def __init__(self, name: str, slot: int = -1) -> None:
        self.name = name
        self.slot = slot
        self.uid = ""
        self.labels: Labels = {}
        self.zone = ""
        self.taints: tuple[Taint, ...] = ()
        self.unschedulable = False
        self.allocatable: Amounts = {}
        self.max_pods = 0
        self.images: Mapping[str, int] = {}
        """Bytes, by name."""
        self.pods: dict[str, Pod] = {}
        """By UID."""
        self.requested: Amounts = {}
        self.cpu_score = 0
        self.memory_score = 0
        self.ports: Ports = {}

    def describe(self, obj: Object) -> None:
        """Take over what the object says."""
        meta, spec, status = obj["metadata"], obj.get("spec") or {}, obj.get("status") or {}
        self.uid = meta.get("uid", "")
        self.labels = meta.get("labels") or {}
        region, zone = self.labels.get(REGION, ""), self.labels.get(ZONE, "")
        self.zone = f"{region}:{zone}" if region or zone else ""
        self.taints = taints_of(obj)
        self.unschedulable = bool(spec.get("unschedulable"))
        self.allocatable = amounts(status.get("allocatable"))
        self.max_pods = self.allocatable.get(PODS, 0)
        self.images = {
            image_name(name): int(each.get("sizeBytes") or 0)
            for each in status.get("images") or () for name in each.get("names") or ()
        }  # fmt: skip

    def add(self, pod: Pod) -> None:
        self.pods[pod.uid] = pod
        self._count(pod, 1)
        for port in pod.shape.ports:
            used = self.ports.setdefault((port.protocol, port.port), {})
            used[port.address] = used.get(port.address, 0) + 1

    def remove(self, pod: Pod) -> None:
        del self.pods[pod.uid]
        self._count(pod, -1)
        for port in pod.shape.ports:
            used = self.ports[port.protocol, port.port]
            used[port.address] -= 1
            if not used[port.address]:
                del used[port.address]
                if not used:
                    del self.ports[port.protocol, port.port]

    def _count(self, pod: Pod, sign: int) -> None:
        shape, requested = pod.shape, self.requested
        for name, amount in shape.requests:
            requested[name] = requested.get(name, 0) + sign * amount
        self.cpu_score += sign * shape.cpu_score
        self.memory_score += sign * shape.memory_score

    def has_free(self, ports: Iterable[HostPort]) -> bool:
        """A port on all addresses is in the way of the same one on any, and the other way round."""
        for port in ports:
            used = self.ports.get((port.protocol, port.port))
            if used and (port.address == ANY_ADDRESS or ANY_ADDRESS in used or port.address in used):
                return False
        return True

    def copy(self) -> "Node":
        """One that pods can be taken off to see what would be."""
        other = Node(self.name, self.slot)
        for name in ("uid", "labels", "zone", "taints", "unschedulable", "allocatable", "max_pods", "images"):
            setattr(other, name, getattr(self, name))
        other.pods, other.requested = dict(self.pods), dict(self.requested)
        other.cpu_score, other.memory_score = self.cpu_score, self.memory_score
        other.ports = {port: dict(used) for port, used in self.ports.items()}
        return other
