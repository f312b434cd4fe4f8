"""Fetches, plans, acts, and tells in the status what it found."""

from collections.abc import Iterable
from functools import partial

import msgspec

from wherry.kube.controllers.frame import Interest, Key, Needs
from wherry.kube.controllers.podcontrol.batches import at_once, slow_start
from wherry.kube.controllers.podcontrol.control import PODS, PodControl, Statuses
from wherry.kube.controllers.podcontrol.expectations import LOOK_AGAIN_SECONDS, Expectations
from wherry.kube.controllers.podcontrol.owners import (
    CONTROLLED,
    Owners,
    SelectorOf,
    Workload,
    controlled,
    controlled_index,
    controller_of,
    spec_selector,
)
from wherry.kube.controllers.podcontrol.pace import Pace
from wherry.kube.controllers.podcontrol.pods import is_active, is_over
from wherry.kube.controllers.podcontrol.templates import pod_of
from wherry.kube.controllers.replicaset.plan import Plan, plan
from wherry.kube.controllers.replicaset.status import Failure, count, status_of
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.status import StatusError


class Face(msgspec.Struct, frozen=True):
    """What ReplicaSets and ReplicationControllers have not in common."""

    workload: Workload
    selector_of: SelectorOf
    shows_terminating: bool


REPLICA_SETS = GroupVersionResource("apps", "v1", "replicasets")
REPLICA_SET = Face(Workload(REPLICA_SETS, "ReplicaSet", "replicaset-controller"), spec_selector, True)


class ReplicaSetController:
    """A Reconciler; keys are sets."""

    def __init__(self, needs: Needs, face: Face = REPLICA_SET) -> None:
        workload = face.workload
        self.name = workload.component
        self._face = face
        self._clock = needs.clock
        self._sets = needs.informers.of(workload.resource)
        self._sets.cache.add_index(CONTROLLED, controlled_index)
        self._pods = needs.informers.of(PODS)
        self._expectations = Expectations()
        self._pace = Pace(needs.clock)
        self._control = PodControl(needs, workload, self._pods, self._expectations)
        self._statuses = Statuses(needs, self._sets, self._expectations)
        owners = Owners(workload.kind, self._sets.cache, face.selector_of)
        self.interests = (Interest(self._sets), Interest(self._pods, owners))

    async def reconcile(self, key: Key) -> float | None:
        owner = self._sets.cache.get(key.name, key.namespace)
        if owner is None:
            self._expectations.forget(key)
            self._pace.forget(key)
            return None
        if not self._expectations.are_met(key):
            return LOOK_AGAIN_SECONDS
        if (rest := self._pace.rest_seconds(owner)) > 0:
            return rest
        pods = await self._control.claim(owner, self._face.selector_of(owner), lambda pod: not is_over(pod))
        self._pace.looked(owner, len(pods))
        active = [pod for pod in pods if is_active(pod)]
        error = None
        if "deletionTimestamp" not in owner["metadata"]:
            error = await self._adjust(owner, active)
        soon = await self._tell(owner, active, len(pods) - len(active), error)
        if error is not None:
            raise error[1]
        return soon

    async def _adjust(self, owner: Object, active: list[Object]) -> tuple[str, StatusError] | None:
        """Returns why it could not, and what the status says of that."""
        replicas = owner["spec"].get("replicas", 1)
        planned = plan(replicas, active, partial(self._related, owner), self._clock.now())
        try:
            await self._act(owner, planned)
        except StatusError as error:
            return ("FailedCreate" if planned.create else "FailedDelete"), error
        return None

    async def _act(self, owner: Object, planned: Plan) -> None:
        if planned.create:
            pod = pod_of(owner["spec"].get("template") or {}, owner, self._face.workload.reference(owner))
            await slow_start([partial(self._control.create, owner, pod)] * planned.create)
        await at_once(partial(self._control.delete, owner, pod) for pod in planned.delete)

    def _related(self, owner: Object) -> Iterable[Object]:
        """The pods of all sets that have the same controller."""
        controller = controller_of(owner)
        if controller is not None:
            for each in controlled(self._sets.cache, controller["uid"]):
                yield from controlled(self._pods.cache, each["metadata"]["uid"])

    async def _tell(
        self, owner: Object, active: list[Object], terminating: int, error: tuple[str, StatusError] | None
    ) -> float | None:
        """Returns in how many seconds it will say something else though nothing happened."""
        now = self._clock.now()
        found = count(owner, active, now)
        failure = None
        if error is not None:
            reason, cause = error
            failure = Failure(reason, str(cause) if reason == "FailedCreate" else f"unable to delete pods: {cause}")
        shown = terminating if self._face.shows_terminating else None
        await self._statuses.write(owner, status_of(owner, found, shown, failure, now))
        return found.soon
