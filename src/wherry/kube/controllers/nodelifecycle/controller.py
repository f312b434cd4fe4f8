"""Looks at nodes when they change, and at silent ones when their time is up."""

from collections.abc import Iterable

from wherry.kube.client.model import PatchType
from wherry.kube.controllers.frame import Interest, Key, Needs
from wherry.kube.controllers.nodelifecycle import plan
from wherry.kube.controllers.nodelifecycle.zones import Turns, Zones, zone_of
from wherry.kube.machinery import times
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.status import StatusError

NODES = GroupVersionResource("", "v1", "nodes")
PODS = GroupVersionResource("", "v1", "pods")
LEASES = GroupVersionResource("coordination.k8s.io", "v1", "leases")
LEASE_NAMESPACE = "kube-node-lease"
_BY_NODE = "node"
_NEW_SECONDS = 60.0


class NodeLifecycle:
    """A Reconciler; keys are nodes. ``grace_seconds``: how long a node may be silent that has spoken, or as long as its
    lease is good, if that is more. (Upstream has one figure for all nodes; a kubelet's lease is good for 40 s unless
    its nodeLeaseDurationSeconds says otherwise, and thousands of simulated ones had better renew theirs seldom.)"""

    name = "node-controller"

    def __init__(self, needs: Needs, grace_seconds: float = plan.GRACE_SECONDS) -> None:
        self._client = needs.client
        self._clock = needs.clock
        self._recorder = needs.recorder.by(self.name)
        self._grace = grace_seconds
        self._nodes = needs.informers.of(NODES)
        self._leases = needs.informers.of(LEASES, LEASE_NAMESPACE)
        self._pods = needs.informers.of(PODS)
        self._pods.cache.add_index(_BY_NODE, _node_of)
        self._heard: dict[str, tuple[tuple[object, object], float]] = {}
        """By node: the last report (lease and status), and by our own clock when we first saw it: other machines'
        clocks are not compared with ours."""
        self._zones, self._turns = Zones(), Turns()
        self.interests = (Interest(self._nodes, self._changed), Interest(self._leases, _lease_of))

    def _changed(self, node: Object) -> Iterable[Key]:
        """Whether the others of its zone may lose pods can depend on it."""
        name = node["metadata"]["name"]
        return [Key("", each) for each in {name, *self._zones.learn(name, self._nodes.cache.get(name))}]

    async def reconcile(self, key: Key) -> float | None:
        node = self._nodes.cache.get(key.name)
        if node is None:
            self._heard.pop(key.name, None)
            return None
        if key.name not in self._heard:
            self._greet(node)
        left = self._left(node)
        now = times.rfc3339(self._clock.now())
        if left <= 0:
            conditions = plan.silenced(node, now)
            if conditions is not None:
                await self._silence(node, conditions)
                return None  # its change brings us here again
        wait = await self._taint(node, now)
        if plan.is_lost(node):
            await self._unready(key.name, now)
        return min((each for each in (left, wait) if each > 0), default=None)

    def _greet(self, node: Object) -> None:
        """Say that it is there, if it is new: after a start of ours thousands may be there that have been told of."""
        meta = node["metadata"]
        made = meta.get("creationTimestamp")
        if not made or (self._clock.now() - times.parse(made)).total_seconds() > _NEW_SECONDS:
            return
        said = f"Node {meta['name']} event: Registered Node {meta['name']} in Controller"
        self._recorder.event(_about(meta), "RegisteredNode", said)

    def _left(self, node: Object) -> float:
        """Seconds until the node counts as silent."""
        name = node["metadata"]["name"]
        lease = self._leases.cache.get(name, LEASE_NAMESPACE) or {}
        terms = lease.get("spec") or {}
        report = (terms.get("renewTime"), _heartbeat(node))
        now = self._clock.monotonic()
        known = self._heard.get(name)
        if known is None or known[0] != report:
            known = self._heard[name] = report, now
        grace = max(self._grace, terms.get("leaseDurationSeconds") or 0)
        if not plan.status_of(node, plan.READY):
            grace = max(grace, plan.STARTUP_SECONDS)
        return known[1] + grace - now

    async def _silence(self, node: Object, conditions: list[Object]) -> None:
        patch = {"status": {"conditions": conditions}}
        meta = node["metadata"]
        await self._client.patch(NODES, meta["name"], patch, subresource="status", manager=self.name)
        if plan.status_of(node, plan.READY) != "True":
            return  # it was not ready before, and that has been said
        message = f"Node {meta['name']} status is now: NodeNotReady"
        self._recorder.event(_about(meta), "NodeNotReady", message)

    async def _taint(self, node: Object, now: str) -> float:
        """Returns the seconds until its turn to lose its pods comes; 0: it is not to, or has come."""
        executes, wait = self._judge(node)
        wanted = plan.taints(node, executes, now)
        if wanted is None:
            return wait
        meta = node["metadata"]
        # The version is said: of two writers of taints neither may undo the other's.
        patch = {"metadata": {"resourceVersion": meta["resourceVersion"]}, "spec": {"taints": wanted or None}}
        await self._client.patch(NODES, meta["name"], patch, type=PatchType.MERGE, manager=self.name)
        return wait

    def _judge(self, node: Object) -> tuple[bool | None, float]:
        """Whether it is to lose its pods (None: as it has been), and after how many seconds it may have to."""
        if self._zones.is_cut_off:
            return False, 0.0
        if plan.executes(node) or not plan.is_ill(node):
            return None, 0.0
        pace = self._zones.pace(node)
        if pace is None:
            return None, 0.0
        wait = self._turns.wait_seconds(zone_of(node), pace, self._clock.monotonic())
        return (None if wait else True), wait

    async def _unready(self, node: str, now: str) -> None:
        for pod in self._pods.cache.by_index(_BY_NODE, node):
            conditions = plan.unready(pod, now)
            if conditions is None:
                continue
            meta = pod["metadata"]
            patch = {"metadata": {"uid": meta["uid"]}, "status": {"conditions": conditions}}
            try:
                await self._client.patch(PODS, meta["name"], patch, meta["namespace"], subresource="status")
            except StatusError as error:
                if error.code not in (404, 409):
                    raise
                continue
            about = {"kind": "Pod", "apiVersion": "v1", **{name: meta[name] for name in ("namespace", "name", "uid")}}
            self._recorder.event(about, "NodeNotReady", "Node is not ready", type="Warning")


def _about(meta: Object) -> Object:
    return {"kind": "Node", "name": meta["name"], "uid": meta["uid"], "apiVersion": "v1"}


def _heartbeat(node: Object) -> object:
    conditions = (node.get("status") or {}).get("conditions") or ()
    return next((each.get("lastHeartbeatTime") for each in conditions if each.get("type") == plan.READY), None)


def _lease_of(lease: Object) -> Iterable[Key]:
    return (Key("", lease["metadata"]["name"]),)


def _node_of(pod: Object) -> Iterable[str]:
    node = pod["spec"].get("nodeName")
    return (node,) if node else ()
