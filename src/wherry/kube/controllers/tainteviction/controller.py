"""Looks at pods when they or their nodes change, and when a toleration runs out."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from wherry.kube.controllers.frame import Interest, Key, Needs, own
from wherry.kube.controllers.tainteviction import plan
from wherry.kube.machinery import times
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.status import StatusError
from wherry.kube.machinery.taints import Taint, taint_of

NODES = GroupVersionResource("", "v1", "nodes")
PODS = GroupVersionResource("", "v1", "pods")
_BY_NODE = "node"


class TaintEviction:
    """A Reconciler; keys are pods."""

    name = "taint-eviction-controller"

    def __init__(self, needs: Needs) -> None:
        self._client = needs.client
        self._clock = needs.clock
        self._recorder = needs.recorder.by(self.name)
        self._nodes = needs.informers.of(NODES)
        self._pods = needs.informers.of(PODS)
        self._pods.cache.add_index(_BY_NODE, _node_of)
        self.interests = (Interest(self._pods, own), Interest(self._nodes, self._on))
        self._seen: dict[str, dict[Taint, datetime]] = {}
        """By node: since when its taints are known. A start counts anew, as upstream's does."""

    def _on(self, node: Object) -> Iterable[Key]:
        for pod in self._pods.cache.by_index(_BY_NODE, node["metadata"]["name"]):
            yield from own(pod)

    async def reconcile(self, key: Key) -> float | None:
        pod = self._pods.cache.get(key.name, key.namespace)
        if pod is None or "deletionTimestamp" in pod["metadata"]:
            return None
        node = self._nodes.cache.get(pod["spec"].get("nodeName", ""))
        if node is None:
            self._seen.pop(pod["spec"].get("nodeName", ""), None)
            return None
        now = self._clock.now()
        left = plan.seconds_left(pod, node, now, self._sightings(node, now))
        if left is None or left > 0:
            return left
        await self._end(pod)
        return None

    def _sightings(self, node: Object, now: datetime) -> Mapping[Taint, datetime]:
        name, taints = node["metadata"]["name"], [taint_of(each) for each in plan.expelling(node)]
        before = self._seen.get(name, {})
        self._seen[name] = {each: before.get(each, now) for each in taints}
        return self._seen[name]

    async def _end(self, pod: Object) -> None:
        meta = pod["metadata"]
        now = times.rfc3339(self._clock.now())
        conditions = list(plan.disrupted(pod, now))
        about = {"kind": "Pod", "namespace": meta["namespace"], "name": meta["name"], "uid": meta["uid"]}
        about["apiVersion"] = "v1"
        self._recorder.event(
            about, "TaintManagerEviction", f"Marking for deletion Pod {meta['namespace']}/{meta['name']}"
        )
        patch = {"metadata": {"uid": meta["uid"]}, "status": {"conditions": conditions}}
        try:
            await self._client.patch(PODS, meta["name"], patch, meta["namespace"], subresource="status")
            options = {"preconditions": {"uid": meta["uid"]}}
            await self._client.delete(PODS, meta["name"], meta["namespace"], options=options)
        except StatusError as error:
            if error.code not in (404, 409):
                raise


def _node_of(pod: Object) -> Iterable[str]:
    node = pod["spec"].get("nodeName")
    return (node,) if node else ()
