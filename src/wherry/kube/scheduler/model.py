"""What the scheduler knows of a pod: as much of it as any plugin reads, parsed once.

Thousands of pods are told apart by their names alone, so what comes from the specification is a :class:`Shape`, shared
by all pods that ask the same of a node; what was found out about a shape is true of each of them.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import msgspec

from wherry.kube.machinery.nodeselectors import NodeDemand, NodeTerm
from wherry.kube.machinery.selectors import LabelSelector
from wherry.kube.machinery.taints import Taint, Toleration

HOSTNAME = "kubernetes.io/hostname"
ZONE, REGION = "topology.kubernetes.io/zone", "topology.kubernetes.io/region"

Labels = Mapping[str, str]


class HostPort(NamedTuple):
    """A port of the node. ``address`` 0.0.0.0: on all of them."""

    protocol: str
    port: int
    address: str


class Preference(msgspec.Struct, frozen=True):
    """A node that ``term`` matches is worth so much more."""

    weight: int
    term: NodeTerm


class Scope(msgspec.Struct, frozen=True):
    """Which pods are meant: those that ``selector`` matches in one of ``namespaces``, or in one whose labels
    ``namespace_selector`` matches (None: in no others)."""

    namespaces: frozenset[str]
    selector: LabelSelector
    namespace_selector: LabelSelector | None = None

    def matches(self, pod: "Pod", namespace_labels: Labels) -> bool:
        if pod.namespace in self.namespaces:
            return self.selector.matches(pod.labels)
        among = self.namespace_selector
        return among is not None and among.matches(namespace_labels) and self.selector.matches(pod.labels)


class PodTerm(msgspec.Struct, frozen=True):
    """Pods of ``scope`` in the same domain: nodes with the same value of the label ``topology_key``. ``weight`` is
    negative where they are not wanted, and 0 where it is a must."""

    scope: Scope
    topology_key: str
    weight: int = 0


class Spread(msgspec.Struct, frozen=True):
    """A topology spread constraint. ``selector``: of pods in the pod's own namespace."""

    topology_key: str
    selector: LabelSelector
    max_skew: int = 1
    hard: bool = True
    min_domains: int = 1
    honors_affinity: bool = True
    honors_taints: bool = False


class Volume(NamedTuple):
    """Of a claim: ``claim`` is its name; ``of_pod``: it belongs to the pod (a generic ephemeral volume)."""

    claim: str
    of_pod: bool = False


class Disk(NamedTuple):
    """One that is attached to a node without any claim. ``exclusive``: to one pod of a node only, unless both only
    read; ``identity`` is that of the disk, in the words of its kind."""

    kind: str
    identity: tuple[str, ...]
    read_only: bool


class Shape(msgspec.Struct, frozen=True, eq=False, weakref=True):
    """See the module. Amounts are thousandths of ``cpu``, whole units of all else."""

    scheduler: str = "default-scheduler"
    priority: int = 0
    never_preempts: bool = False
    requests: tuple[tuple[str, int], ...] = ()
    """What is asked of the node, without zeros, in the order in which it is complained of."""
    cpu_score: int = 0
    memory_score: int = 0
    """The same with something for containers that ask for nothing: what a node's load is judged by."""
    demand: NodeDemand = NodeDemand()
    preferences: tuple[Preference, ...] = ()
    node_names: frozenset[str] | None = None
    """It can be on these nodes only, by name; None: on any."""
    tolerations: tuple[Toleration, ...] = ()
    ports: tuple[HostPort, ...] = ()
    images: tuple[str, ...] = ()
    affinity: tuple[PodTerm, ...] = ()
    anti_affinity: tuple[PodTerm, ...] = ()
    preferred_pods: tuple[PodTerm, ...] = ()
    spreads: tuple[Spread, ...] = ()
    volumes: tuple[Volume, ...] = ()
    disks: tuple[Disk, ...] = ()
    gates: tuple[str, ...] = ()
    unsupported: str = ""
    """Why this scheduler cannot do what is asked; empty: it can."""

    def tolerates(self, taint: Taint) -> bool:
        return any(each.tolerates(taint) for each in self.tolerations)


class Owner(NamedTuple):
    """The controller."""

    api_version: str
    kind: str
    name: str
    uid: str


class Pod(msgspec.Struct, frozen=True, eq=False):
    """``node``: where it is or is about to be; empty: nowhere. Times are RFC 3339, empty where there is none yet.

    ``preempted``: it is ending because another needs its place."""

    namespace: str
    name: str
    uid: str
    shape: Shape
    labels: Labels
    node: str = ""
    nominated: str = ""
    created: str = ""
    started: str = ""
    is_ending: bool = False
    preempted: bool = False
    owner: Owner | None = None
    resource_version: str = ""

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"

    @property
    def reference(self) -> dict[str, str]:
        """An ObjectReference, for events."""
        return {
            "apiVersion": "v1", "kind": "Pod", "namespace": self.namespace, "name": self.name, "uid": self.uid,
            "resourceVersion": self.resource_version,
        }  # fmt: skip

    @property
    def claims(self) -> Iterator[tuple[str, str]]:
        """Namespaces and names of its volume claims, in the order of ``shape.volumes``."""
        for volume in self.shape.volumes:
            yield self.namespace, f"{self.name}-{volume.claim}" if volume.of_pod else volume.claim

    def is_same_to_others(self, other: "Pod") -> bool:
        """Nobody else's place depends on what differs."""
        return (
            self.shape is other.shape and self.node == other.node and self.is_ending == other.is_ending
            and self.labels == other.labels
        )  # fmt: skip


def more_important(pod: Pod) -> tuple[int, str]:
    """A key to sort by: who should be disturbed last comes first: by priority, then the one that has run longest."""
    return -pod.shape.priority, pod.started or "~"
