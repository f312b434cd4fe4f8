"""Keeps facts and queue as the API tells: what each informer's changes mean."""

from collections.abc import Callable, Collection

import msgspec

from wherry.kube.client.informer import Handler, Informer
from wherry.kube.client.informers import Informers
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.scheduler.happenings import Change, Happening
from wherry.kube.scheduler.model import Pod
from wherry.kube.scheduler.owners import SERVICE
from wherry.kube.scheduler.plan import Facts
from wherry.kube.scheduler.queue import SchedulingQueue
from wherry.kube.scheduler.reading import Reader, is_over
from wherry.kube.scheduler.volumes.view import claim_of, class_of, limits_of, volume_of

PODS = GroupVersionResource("", "v1", "pods")
NODES = GroupVersionResource("", "v1", "nodes")
NAMESPACES = GroupVersionResource("", "v1", "namespaces")
CLAIMS = GroupVersionResource("", "v1", "persistentvolumeclaims")
VOLUMES = GroupVersionResource("", "v1", "persistentvolumes")
CLASSES = GroupVersionResource("storage.k8s.io", "v1", "storageclasses")
CSI_NODES = GroupVersionResource("storage.k8s.io", "v1", "csinodes")
BUDGETS = GroupVersionResource("policy", "v1", "poddisruptionbudgets")
OWNERS = {
    SERVICE: GroupVersionResource("", "v1", "services"),
    "ReplicationController": GroupVersionResource("", "v1", "replicationcontrollers"),
    "ReplicaSet": GroupVersionResource("apps", "v1", "replicasets"),
    "StatefulSet": GroupVersionResource("apps", "v1", "statefulsets"),
}


class Kept(msgspec.Struct, frozen=True):
    """What is kept, and for whom: pods of these ``schedulers`` are queued."""

    facts: Facts
    queue: SchedulingQueue
    schedulers: Collection[str]


class Watching:
    """Of one scheduler. Informers run while :class:`Informers` are entered."""

    def __init__(self, informers: Informers, kept: Kept) -> None:
        self._informers = informers
        self._facts, self._queue = kept.facts, kept.queue
        self._schedulers = frozenset(kept.schedulers)
        self._reader = Reader()
        self._offs: list[Callable[[], None]] = []
        self._used: list[Informer] = []
        self._pods: Informer | None = None

    async def start(self) -> None:
        """Returns when all is known that there was at the beginning. What pods depend on comes before them."""
        for resource, handler in (
            (NODES, self._node),
            (NAMESPACES, self._namespace),
            (CLASSES, self._class),
            (VOLUMES, self._volume),
            (CLAIMS, self._claim),
            (CSI_NODES, self._csi_node),
            (BUDGETS, self._budget),
            *((resource, self._owner(kind)) for kind, resource in OWNERS.items()),
        ):
            self._watch(self._informers.of(resource), handler)
        await self._informers.wait_synced(*self._used)
        self._facts.cluster.sort()
        self._pods = self._informers.of(PODS)
        self._used.append(self._pods)
        await self._informers.wait_synced(self._pods)
        self._offs.append(self._pods.add_handler(self._pod))

    def _watch(self, informer: Informer, handler: Handler) -> None:
        self._used.append(informer)
        self._offs.append(informer.add_handler(handler))

    def stop(self) -> None:
        """Idempotent."""
        for off in self._offs:
            off()
        for informer in self._used:
            self._informers.release(informer)
        self._offs, self._used = [], []

    def object_of(self, pod: Pod) -> Object | None:
        """As the API shows it now; None: it is gone, and perhaps another has its name."""
        found = self._pods.cache.get(pod.name, pod.namespace) if self._pods is not None else None
        return found if found is not None and found["metadata"].get("uid") == pod.uid else None

    # Pods

    def _pod(self, old: Object | None, new: Object | None) -> None:
        if new is None or is_over(new):
            gone = new or old
            assert gone is not None
            self._pod_gone(gone["metadata"].get("uid", ""))
            return
        pod = self._reader.pod(new)
        if pod.node:
            self._pod_placed(pod)
        elif pod.uid in self._facts.cluster.pods:
            self._queue.note(pod)  # it has been given a node, which the API does not know yet
        elif pod.shape.scheduler in self._schedulers:
            self._nomination(pod, ((old or {}).get("status") or {}).get("nominatedNodeName") or "")
            self._queue.add(pod)

    def _nomination(self, pod: Pod, before: str) -> None:
        """Only what changes is news: what the scheduler decided meanwhile is told by the API later."""
        if pod.nominated == before:
            return
        if pod.nominated:
            self._facts.cluster.nominate(pod, pod.nominated)
        else:
            self._facts.cluster.denominate(pod.uid)

    def _pod_placed(self, pod: Pod) -> None:
        cluster = self._facts.cluster
        before = cluster.pods.get(pod.uid)
        self._queue.remove(pod.uid)
        cluster.set_pod(pod)
        if before is None or before.labels != pod.labels or not before.resource_version:
            self._happened(Change.POD_CAME, pod)
        elif before.shape is not pod.shape or before.node != pod.node:
            self._happened(Change.POD_WENT, before)

    def _pod_gone(self, uid: str) -> None:
        self._queue.remove(uid)
        self._facts.cluster.denominate(uid)
        gone = self._facts.cluster.remove_pod(uid)
        if gone is not None:
            self._happened(Change.POD_WENT, gone)

    def _happened(self, change: Change, pod: Pod) -> None:
        self._queue.happened(Happening(change, pod=pod))

    # What they are placed on

    def _node(self, old: Object | None, new: Object | None) -> None:
        cluster = self._facts.cluster
        if new is None:
            assert old is not None
            gone = cluster.remove_node(old["metadata"]["name"])
            if gone is not None:
                self._queue.happened(Happening(Change.NODE_GONE, node=gone))
            return
        changes = cluster.set_node(new)
        node = cluster.nodes[new["metadata"]["name"]]
        for change in changes:
            self._queue.happened(Happening(change, node=node))

    def _namespace(self, old: Object | None, new: Object | None) -> None:
        meta = _meta(old, new)
        self._facts.cluster.set_namespace(meta["name"], None if new is None else meta.get("labels") or {})
        if new is not None:
            self._queue.happened(Happening(Change.NAMESPACE))

    # Volumes

    def _claim(self, old: Object | None, new: Object | None) -> None:
        meta = _meta(old, new)
        key = meta.get("namespace", ""), meta["name"]
        self._facts.volumes.set_claim(key, None if new is None else claim_of(new))
        self._queue.happened(Happening(Change.CLAIM, claim=key))

    def _volume(self, old: Object | None, new: Object | None) -> None:
        self._facts.volumes.set_volume(_meta(old, new)["name"], None if new is None else volume_of(new))
        self._queue.happened(Happening(Change.VOLUME))

    def _class(self, old: Object | None, new: Object | None) -> None:
        self._facts.volumes.set_class(_meta(old, new)["name"], None if new is None else class_of(new))
        self._queue.happened(Happening(Change.STORAGE_CLASS))

    def _csi_node(self, old: Object | None, new: Object | None) -> None:
        self._facts.volumes.set_limits(_meta(old, new)["name"], None if new is None else limits_of(new))
        self._queue.happened(Happening(Change.LIMITS))

    # What they belong to

    def _budget(self, old: Object | None, new: Object | None) -> None:
        meta = _meta(old, new)
        self._facts.budgets.set(meta.get("namespace", ""), meta["name"], new)

    def _owner(self, kind: str) -> Handler:
        def changed(old: Object | None, new: Object | None) -> None:
            meta = _meta(old, new)
            self._facts.owners.set(kind, meta.get("namespace", ""), meta["name"], new)

        return changed


def _meta(old: Object | None, new: Object | None) -> Object:
    found: Object = (new or old or {})["metadata"]
    return found
