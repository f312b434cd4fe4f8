"""The facts about a cluster, kept as they change: nodes in slots, the pods on them, and counts of these.

Also counted is what is *assumed*: a pod that has been given a node is there at once, before the API knows. It is known
by its UID, so that being told of it again does no harm, and :meth:`Cluster.remove_pod` takes it back.

**Slots** are the order in which nodes are looked at: zones take turns, so that any stretch of it has nodes of all zones
(pkg/scheduler/backend/cache/node_tree.go). Every node that changes is noted in ``changes``: whoever remembers something
about nodes looks there for what to think over.
"""

from collections.abc import Iterable, Iterator, Mapping

from wherry.kube.machinery.model import Object
from wherry.kube.scheduler.happenings import Change
from wherry.kube.scheduler.images import Images
from wherry.kube.scheduler.model import Labels, Pod
from wherry.kube.scheduler.nodes import Node
from wherry.kube.scheduler.order import interleaved
from wherry.kube.scheduler.tallies import Tallies, TermCounts
from wherry.kube.scheduler.topology import Topology

_LONGEST = 100_000
"""Entries of ``changes`` before older ones are forgotten."""
_TOLERATED_PART, _TOLERATED_NODES = 0.05, 20
"""How many nodes may be out of order, or gone, before slots are given anew: this part of all, but so many always."""
_NO_LABELS: Labels = {}


class Cluster:
    """See the module."""

    def __init__(self) -> None:
        self.slots: list[Node | None] = []
        self.nodes: dict[str, Node] = {}
        self.pods: dict[str, Pod] = {}
        """By UID: those that have a node."""
        self.changes: list[int] = []
        self.forgotten = 0
        """How many entries of ``changes`` are no longer there."""
        self.layout = 0
        """Grows when slots are given anew: nothing that was remembered by slot is true then."""
        self.ground = 0
        """Grows when a node comes, goes, or changes in what does not depend on its pods."""
        self.nominated: dict[str, dict[str, Pod]] = {}
        """By the node's name, by UID: pods that have no node yet but are to get this one."""
        self.images = Images()
        self.anti_affinity = TermCounts()
        self.affinity = TermCounts()
        self.preferred = TermCounts()
        self.claims: dict[tuple[str, str], int] = {}
        """By namespace and name: how many pods use it."""
        self._nominations: dict[str, str] = {}
        self._namespaces: dict[str, Labels] = {}
        self._by_namespace: dict[str, dict[str, Pod]] = {}
        self._without_node: dict[str, dict[str, Pod]] = {}
        self._topologies: dict[str, Topology] = {}
        self._unsorted = 0
        self.tallies = Tallies(self._placed, self.labels_of)

    def __len__(self) -> int:
        """Nodes."""
        return len(self.nodes)

    # What is asked

    @property
    def revision(self) -> tuple[int, int]:
        """Another one whenever something about nodes or their pods has changed."""
        return self.layout, self.forgotten + len(self.changes)

    def labels_of(self, namespace: str) -> Labels:
        return self._namespaces.get(namespace, _NO_LABELS)

    def topology(self, key: str) -> Topology:
        """The domains of that label; kept right from now on."""
        found = self._topologies.get(key)
        if found is None:
            found = self._topologies[key] = Topology(key, self.slots)
        return found

    def _placed(self, namespace: str | None) -> Iterator[tuple[Pod, int]]:
        """Pods with the slots of their nodes."""
        found = self.pods if namespace is None else self._by_namespace.get(namespace, {})
        for pod in found.values():
            node = self.nodes.get(pod.node)
            if node is not None:
                yield pod, node.slot

    # Nodes

    def set_node(self, obj: Object) -> frozenset[Change]:
        """It is there, or has changed: in these."""
        name = obj["metadata"]["name"]
        node = self.nodes.get(name)
        if node is None:
            self._add_node(Node(name), obj)
            return frozenset({Change.NODE_NEW})
        new = Node(name)
        new.describe(obj)
        changes = _differences(node, new)
        self.images.change(node.slot, node.images, new.images)
        zone = node.zone
        if Change.NODE_LABELS in changes:
            self._relabel(node, obj)
        else:
            node.describe(obj)
        if zone != node.zone:
            self._unsorted += 1
        if changes:
            self.ground += 1
            self._changed(node.slot)
        return changes

    def _add_node(self, node: Node, obj: Object) -> None:
        node.describe(obj)
        node.slot = len(self.slots)
        self.slots.append(node)
        self.nodes[node.name] = node
        for topology in self._topologies.values():
            topology.set(node.slot, node)
        self.images.change(node.slot, {}, node.images)
        for pod in self._without_node.pop(node.name, {}).values():
            self._settle(pod, node)
        self.ground += 1
        self._unsorted += 1
        self._changed(node.slot)
        self._sort_sometimes()

    def _relabel(self, node: Node, obj: Object) -> None:
        """The node is in other domains now, and so are its pods."""
        for pod in node.pods.values():
            self._count_terms(pod, node, -1)
        node.describe(obj)
        for pod in node.pods.values():
            self._count_terms(pod, node, 1)
        self.tallies.clear()
        for topology in self._topologies.values():
            topology.set(node.slot, node)

    def remove_node(self, name: str) -> Node | None:
        """It is gone. Its pods are still there: they come back to a node of that name. Returns it, without them."""
        node = self.nodes.pop(name, None)
        if node is None:
            return None
        for pod in list(node.pods.values()):
            self._unsettle(pod, node)
            self._without_node.setdefault(name, {})[pod.uid] = pod
        self.slots[node.slot] = None
        for topology in self._topologies.values():
            topology.set(node.slot, None)
        self.images.change(node.slot, node.images, {})
        self.ground += 1
        self._unsorted += 1
        self._changed(node.slot)
        self._sort_sometimes()
        return node

    def _sort_sometimes(self) -> None:
        if self._unsorted > max(len(self.nodes) * _TOLERATED_PART, _TOLERATED_NODES):
            self.sort()

    def sort(self) -> None:
        """Give slots anew: no gaps, zones in turn."""
        self._unsorted = 0
        wanted = interleaved(self.nodes.values())
        if len(self.slots) == len(wanted) and all(one is other for one, other in zip(wanted, self.slots, strict=True)):
            return
        self.slots = list(wanted)
        self.images = Images(self.images.revision + 1)
        for slot, node in enumerate(wanted):
            node.slot = slot
            self.images.change(slot, {}, node.images)
        self.layout += 1
        self.ground += 1
        self.tallies.clear()
        for key in self._topologies:
            self._topologies[key] = Topology(key, self.slots)

    def _changed(self, slot: int) -> None:
        self.changes.append(slot)
        if len(self.changes) > _LONGEST:
            half = _LONGEST // 2
            del self.changes[:half]
            self.forgotten += half

    # Pods

    def set_pod(self, pod: Pod) -> None:
        """It has a node: it is there, has been assumed to be, or has changed."""
        old = self.pods.get(pod.uid)
        if old is not None:
            if old.is_same_to_others(pod):
                self._replace(pod)
                return
            self.remove_pod(pod.uid)
        self.denominate(pod.uid)
        self.pods[pod.uid] = pod
        self._by_namespace.setdefault(pod.namespace, {})[pod.uid] = pod
        self._count_claims(pod, 1)
        node = self.nodes.get(pod.node)
        if node is None:
            self._without_node.setdefault(pod.node, {})[pod.uid] = pod
        else:
            self._settle(pod, node)

    def _replace(self, pod: Pod) -> None:
        self.pods[pod.uid] = self._by_namespace[pod.namespace][pod.uid] = pod
        node = self.nodes.get(pod.node)
        holder = self._without_node[pod.node] if node is None else node.pods
        holder[pod.uid] = pod

    def remove_pod(self, uid: str) -> Pod | None:
        """It is gone, or was assumed wrongly. Returns it, if it was there."""
        pod = self.pods.pop(uid, None)
        if pod is None:
            return None
        _drop(self._by_namespace, pod.namespace, uid)
        self._count_claims(pod, -1)
        node = self.nodes.get(pod.node)
        if node is None:
            _drop(self._without_node, pod.node, uid)
        else:
            self._unsettle(pod, node)
        return pod

    def _count_claims(self, pod: Pod, by: int) -> None:
        for key in pod.claims:
            self.claims[key] = self.claims.get(key, 0) + by
            if not self.claims[key]:
                del self.claims[key]

    def _settle(self, pod: Pod, node: Node) -> None:
        node.add(pod)
        self._count_terms(pod, node, 1)
        self.tallies.change(pod, node.slot, node.labels, 1)
        self._changed(node.slot)

    def _unsettle(self, pod: Pod, node: Node) -> None:
        node.remove(pod)
        self._count_terms(pod, node, -1)
        self.tallies.change(pod, node.slot, node.labels, -1)
        self._changed(node.slot)

    def _count_terms(self, pod: Pod, node: Node, by: int) -> None:
        shape = pod.shape
        if shape.anti_affinity:
            self.anti_affinity.change(shape.anti_affinity, node.labels, by)
        if shape.affinity:
            self.affinity.change(shape.affinity, node.labels, by)
        if shape.preferred_pods:
            self.preferred.change(shape.preferred_pods, node.labels, by)

    # Nominations

    def nominate(self, pod: Pod, node: str) -> None:
        """It is to get that node when there is room: others of no more importance do not take it."""
        self.denominate(pod.uid)
        self._nominations[pod.uid] = node
        self.nominated.setdefault(node, {})[pod.uid] = pod

    def denominate(self, uid: str) -> None:
        """It has a node, is gone, or has no chance there. Idempotent."""
        node = self._nominations.pop(uid, None)
        if node is not None:
            _drop(self.nominated, node, uid)

    def nomination(self, uid: str) -> str:
        """The node's name; empty: none."""
        return self._nominations.get(uid, "")

    # Namespaces

    def set_namespace(self, name: str, labels: Labels | None) -> None:
        """None: it is gone."""
        if labels == self._namespaces.get(name):
            return
        if labels is None:
            del self._namespaces[name]
        else:
            self._namespaces[name] = labels
        self.tallies.clear()


def _differences(old: Node, new: Node) -> frozenset[Change]:
    found = set()
    if old.labels != new.labels:
        found.add(Change.NODE_LABELS)
    if old.taints != new.taints or old.unschedulable != new.unschedulable:
        found.add(Change.NODE_TAINTS)
    if old.allocatable != new.allocatable:
        found.add(Change.NODE_ROOM)
    return frozenset(found)


Holders = dict[str, dict[str, Pod]]


def _drop(holders: Holders, key: str, uid: str) -> None:
    pods = holders[key]
    del pods[uid]
    if not pods:
        del holders[key]


def placed(cluster: Cluster) -> Mapping[str, str]:
    """Where each pod is, by UID."""
    return {uid: pod.node for uid, pod in cluster.pods.items()}


def filled(nodes: Iterable[Object], pods: Iterable[Pod] = ()) -> Cluster:
    """One of these."""
    cluster = Cluster()
    for node in nodes:
        cluster.set_node(node)
    for pod in pods:
        cluster.set_pod(pod)
    cluster.sort()
    return cluster
