"""Deletes pods that nobody else will: of nodes that are gone, of too many that have ended, and those that were deleted
before they had a node (k8s.io/kubernetes pkg/controller/podgc)."""

from collections.abc import Iterable

from wherry.kube.controllers.frame import Interest, Key, Needs
from wherry.kube.machinery import times
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.status import StatusError

NODES = GroupVersionResource("", "v1", "nodes")
PODS = GroupVersionResource("", "v1", "pods")
MOST_ENDED = 12_500
"""kube-controller-manager --terminated-pod-gc-threshold."""
QUARANTINE_SECONDS = 40.0
_ALL = Key("", "")
_KINDS = "podgc"
"""The index of what is looked at: pods by their nodes, those that have ended, and those that are deleted without one.
With ten thousand pods a look at all of them every few seconds takes as long as hundreds of requests."""
_ON, _ENDED, _UNBOUND = "on ", "ended", "unbound"
_LOOK_SECONDS = 20.0
_REST_SECONDS = 5.0


class PodGarbage:
    """A Reconciler with one key: all pods."""

    name = "pod-garbage-collector-controller"

    def __init__(self, needs: Needs, most_ended: int = MOST_ENDED) -> None:
        self._client = needs.client
        self._clock = needs.clock
        self._most = most_ended
        self._nodes = needs.informers.of(NODES)
        self._pods = needs.informers.of(PODS)
        self._pods.cache.add_index(_KINDS, _kinds)
        self._missing: dict[str, float] = {}
        """Nodes that pods are bound to and that are not there, since when: a node may yet be told of."""
        self._looked_at = -_REST_SECONDS
        self.interests = (Interest(self._nodes, _everything), Interest(self._pods, _ended_or_bound))

    async def reconcile(self, key: Key) -> float | None:
        left = self._looked_at + _REST_SECONDS - self._clock.monotonic()
        if left > 0:
            return left  # many go at once, and each wakes this
        for pod in [*self._orphans(), *self._surplus(), *self._pods.cache.by_index(_KINDS, _UNBOUND)]:
            await self._end(pod)
        self._looked_at = self._clock.monotonic()
        return _LOOK_SECONDS if self._missing else None

    def _orphans(self) -> Iterable[Object]:
        now, pods = self._clock.monotonic(), self._pods.cache
        named = (each.removeprefix(_ON) for each in pods.keys(_KINDS) if each.startswith(_ON))
        gone = [name for name in named if self._nodes.cache.get(name) is None]
        self._missing = {name: self._missing.get(name, now) for name in gone}
        due = [name for name, since in self._missing.items() if now - since >= QUARANTINE_SECONDS]
        return [pod for name in due for pod in pods.by_index(_KINDS, f"{_ON}{name}")]

    def _surplus(self) -> Iterable[Object]:
        ended = list(self._pods.cache.by_index(_KINDS, _ENDED))
        ended.sort(key=lambda pod: (pod["metadata"].get("creationTimestamp") or "", pod["metadata"]["name"]))
        return ended[: max(0, len(ended) - self._most)]

    async def _end(self, pod: Object) -> None:
        meta = pod["metadata"]
        try:
            if not _has_ended(pod):
                await self._client.patch(PODS, meta["name"], self._lost(pod), meta["namespace"], subresource="status")
            options = {"gracePeriodSeconds": 0, "preconditions": {"uid": meta["uid"]}}
            await self._client.delete(PODS, meta["name"], meta["namespace"], options=options)
        except StatusError as error:
            if error.code not in (404, 409):
                raise

    def _lost(self, pod: Object) -> Object:
        others = (pod.get("status") or {}).get("conditions") or ()
        reason = {
            "type": "DisruptionTarget", "status": "True", "reason": "DeletionByPodGC",
            "message": "PodGC: node no longer exists", "lastTransitionTime": times.rfc3339(self._clock.now()),
        }  # fmt: skip
        conditions = [*(each for each in others if each.get("type") != "DisruptionTarget"), reason]
        return {"metadata": {"uid": pod["metadata"]["uid"]}, "status": {"phase": "Failed", "conditions": conditions}}


def _has_ended(pod: Object) -> bool:
    return (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")


def _kinds(pod: Object) -> Iterable[str]:
    node, is_deleted = pod["spec"].get("nodeName"), "deletionTimestamp" in pod["metadata"]
    if node:
        yield f"{_ON}{node}"
    elif is_deleted:
        yield _UNBOUND
    if not is_deleted and _has_ended(pod):
        yield _ENDED


def _everything(obj: Object) -> Iterable[Key]:
    return (_ALL,)


def _ended_or_bound(pod: Object) -> Iterable[Key]:
    """Pods that are well on a node say nothing new; which node is there is looked at when one comes or goes."""
    interesting = _has_ended(pod) or "deletionTimestamp" in pod["metadata"] or not pod["spec"].get("nodeName")
    return (_ALL,) if interesting else ()
