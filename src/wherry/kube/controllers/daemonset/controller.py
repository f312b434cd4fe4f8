"""Fetches, plans, acts, and tells in the status what it found."""

from collections.abc import Sequence
from functools import partial

from wherry.kube.controllers.daemonset.backoff import FailingNodes
from wherry.kube.controllers.daemonset.fitting import Fit, fit
from wherry.kube.controllers.daemonset.making import daemon_pod, node_of, tolerations_of
from wherry.kube.controllers.daemonset.nodes import NodeChanges
from wherry.kube.controllers.daemonset.plan import Facts, Plan, manage, rolls
from wherry.kube.controllers.daemonset.rolling import update
from wherry.kube.controllers.daemonset.status import seconds_to_next, status_of
from wherry.kube.controllers.frame import Interest, Key, Needs
from wherry.kube.controllers.history.control import Histories
from wherry.kube.controllers.history.revisions import HASH, REVISION_HASH, surplus
from wherry.kube.controllers.podcontrol.batches import at_once, slow_start
from wherry.kube.controllers.podcontrol.control import PODS, PodControl, Statuses
from wherry.kube.controllers.podcontrol.expectations import LOOK_AGAIN_SECONDS, Expectations
from wherry.kube.controllers.podcontrol.owners import Owners, Workload, key_of, spec_selector
from wherry.kube.controllers.podcontrol.pace import Pace
from wherry.kube.controllers.podcontrol.pods import is_deleting, is_over, phase_of
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.status import StatusError

DAEMON_SETS = GroupVersionResource("apps", "v1", "daemonsets")
DAEMON_SET = Workload(DAEMON_SETS, "DaemonSet", "daemonset-controller")
NODES = GroupVersionResource("", "v1", "nodes")


class _Memory:
    """What is known of a daemon besides what the API says."""

    def __init__(self) -> None:
        self.failing = FailingNodes()
        self.seen = (-1, -1)
        """For which generation of it and which count of changes of nodes ``fits`` are."""
        self.fits: dict[str, Fit] = {}
        self.versions: dict[str, int] = {}
        """Of each node, when it was looked at."""


class DaemonSetController:
    """A Reconciler; keys are daemons."""

    name = DAEMON_SET.component

    def __init__(self, needs: Needs) -> None:
        self._clock = needs.clock
        self._daemons = needs.informers.of(DAEMON_SETS)
        self._pods = needs.informers.of(PODS)
        self._nodes = needs.informers.of(NODES)
        self._expectations = Expectations()
        self._histories = Histories(needs, DAEMON_SET, self._expectations)
        self._control = PodControl(needs, DAEMON_SET, self._pods, self._expectations)
        self._statuses = Statuses(needs, self._daemons, self._expectations)
        self._memories: dict[Key, _Memory] = {}
        self._pace = Pace(needs.clock)
        self._changes = NodeChanges(self._nodes.cache, lambda: map(key_of, self._daemons.cache.list()))
        self.interests = (
            Interest(self._daemons),
            Interest(self._pods, Owners(DAEMON_SET.kind, self._daemons.cache)),
            Interest(self._nodes, self._changes),
            Interest(self._histories.informer, lambda obj: ()),
        )

    async def reconcile(self, key: Key) -> float | None:
        owner = self._daemons.cache.get(key.name, key.namespace)
        if owner is None:
            self._expectations.forget(key)
            self._memories.pop(key, None)
            self._pace.forget(key)
            return None
        if is_deleting(owner):
            return None
        if not self._expectations.are_met(key):
            return LOOK_AGAIN_SECONDS
        if (rest := self._pace.rest_seconds(owner)) > 0:
            return rest
        revisions = await self._histories.of(owner)
        current, collisions = await self._histories.current(owner, revisions)
        found = await self._control.claim(
            owner, spec_selector(owner), lambda pod: not (is_deleting(pod) and is_over(pod))
        )
        self._pace.looked(owner, len(found))
        facts = self._facts(key, owner, _hash(current), found)
        planned = manage(facts)
        if not planned.create and not planned.delete and rolls(owner):
            again, planned = planned.again, update(facts)
            planned.again = again
        error = await self._act(key, facts, planned)
        await self._statuses.write(owner, status_of(facts, collisions))
        if error is not None:
            raise error
        await self._forget(owner, revisions, current, found)
        waits = [each for each in (planned.again, seconds_to_next(facts)) if each is not None]
        return min(waits, default=None)

    def _facts(self, key: Key, owner: Object, hashed: str, found: Sequence[Object]) -> Facts:
        memory = self._memories.setdefault(key, _Memory())
        pods: dict[str, list[Object]] = {}
        for pod in found:
            if node := node_of(pod):
                pods.setdefault(node, []).append(pod)
        now = self._clock.monotonic()
        return Facts(
            owner, hashed, self._fits(memory, owner), pods,
            lambda node: memory.failing.seconds_left(node, now), self._clock.now(),
        )  # fmt: skip

    def _fits(self, memory: _Memory, owner: Object) -> dict[str, Fit]:
        """Of each node, found out again only when it has changed or the daemon has."""
        seen = owner["metadata"].get("generation", 0), self._changes.count
        if memory.seen == seen:
            return memory.fits
        before = memory.fits if memory.seen[0] == seen[0] else {}
        spec, tolerations = owner["spec"]["template"].get("spec") or {}, tolerations_of(owner)
        fits, versions = {}, {}
        for node in self._nodes.cache.list():
            name, version = node["metadata"]["name"], self._changes.version(node)
            versions[name] = version
            known = before.get(name) if memory.versions.get(name) == version else None
            fits[name] = known or fit(spec, tolerations, node)
        memory.seen, memory.fits, memory.versions = seen, fits, versions
        return fits

    async def _act(self, key: Key, facts: Facts, planned: Plan) -> StatusError | None:
        owner, reference = facts.owner, DAEMON_SET.reference(facts.owner)
        for pod in planned.ended:
            self._tell_ended(key, owner, pod)
        try:
            await slow_start([
                partial(self._control.create, owner, daemon_pod(owner, node, facts.hashed, reference))
                for node in planned.create
            ])  # fmt: skip
            await at_once(partial(self._control.delete, owner, pod) for pod in planned.delete)
        except StatusError as error:
            return error
        return None

    def _tell_ended(self, key: Key, owner: Object, pod: Object) -> None:
        meta, node = pod["metadata"], node_of(pod)
        place = f"daemon pod {meta['namespace']}/{meta['name']} on node {node}"
        if phase_of(pod) == "Failed":
            self._memories[key].failing.failed(node, self._clock.monotonic())
            self._control.warn(owner, "FailedDaemonPod", f"Found failed {place}, will try to kill it")
        else:
            self._control.tell(owner, "SucceededDaemonPod", f"Found succeeded {place}, will try to delete it")

    async def _forget(
        self, owner: Object, revisions: Sequence[Object], current: Object, pods: Sequence[Object]
    ) -> None:
        """Delete revisions that nobody needs."""
        used = {(pod["metadata"].get("labels") or {}).get(REVISION_HASH) for pod in pods}
        live = {each["metadata"]["name"] for each in revisions if each is current or _hash(each) in used}
        for each in surplus(revisions, live, owner["spec"].get("revisionHistoryLimit")):
            await self._histories.delete(each)


def _hash(revision: Object) -> str:
    labels = revision["metadata"].get("labels") or {}
    return str(labels.get(REVISION_HASH) or labels.get(HASH) or revision["metadata"]["name"].rpartition("-")[2])
