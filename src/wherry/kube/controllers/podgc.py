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
        self._missing: dict[str, float] = {}
        """Nodes that pods are bound to and that are not there, since when: a node may yet be told of."""
        self._looked_at = -_REST_SECONDS
        self.interests = (Interest(self._nodes, _everything), Interest(self._pods, _ended_or_bound))

    async def reconcile(self, key: Key) -> float | None:
        left = self._looked_at + _REST_SECONDS - self._clock.monotonic()
        if left > 0:
            return left  # it is a look at all pods there are
        for pod in [*self._orphans(), *self._surplus(), *self._unbound()]:
            await self._end(pod)
        self._looked_at = self._clock.monotonic()
        return _LOOK_SECONDS if self._missing else None

    def _orphans(self) -> Iterable[Object]:
        now = self._clock.monotonic()
        gone = {pod["spec"]["nodeName"] for pod in self._pods.cache if pod["spec"].get("nodeName")}
        gone -= {node["metadata"]["name"] for node in self._nodes.cache}
        self._missing = {name: self._missing.get(name, now) for name in gone}
        due = {name for name, since in self._missing.items() if now - since >= QUARANTINE_SECONDS}
        return [pod for pod in self._pods.cache if pod["spec"].get("nodeName") in due]

    def _surplus(self) -> Iterable[Object]:
        ended = [pod for pod in self._pods.cache if _has_ended(pod) and "deletionTimestamp" not in pod["metadata"]]
        ended.sort(key=lambda pod: (pod["metadata"].get("creationTimestamp") or "", pod["metadata"]["name"]))
        return ended[: max(0, len(ended) - self._most)]

    def _unbound(self) -> Iterable[Object]:
        marked = (pod for pod in self._pods.cache if "deletionTimestamp" in pod["metadata"])
        return [pod for pod in marked if not pod["spec"].get("nodeName")]

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


def _everything(obj: Object) -> Iterable[Key]:
    return (_ALL,)


def _ended_or_bound(pod: Object) -> Iterable[Key]:
    """Pods that are well on a node say nothing new; which node is there is looked at when one comes or goes."""
    interesting = _has_ended(pod) or "deletionTimestamp" in pod["metadata"] or not pod["spec"].get("nodeName")
    return (_ALL,) if interesting else ()
