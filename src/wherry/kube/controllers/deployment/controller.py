"""Fetches, plans, acts, and tells in the status how far the rollout is."""

from collections.abc import Iterable

from wherry.kube.controllers.deployment import progress, view
from wherry.kube.controllers.deployment.plan import Change, Facts, Plan, plan
from wherry.kube.controllers.deployment.status import status_of
from wherry.kube.controllers.frame import Interest, Key, Needs, removed
from wherry.kube.controllers.podcontrol.control import PODS, Adoptions, Statuses, is_ending
from wherry.kube.controllers.podcontrol.expectations import LOOK_AGAIN_SECONDS, Expectations
from wherry.kube.controllers.podcontrol.owners import (
    CONTROLLED,
    Owners,
    Workload,
    controlled,
    controlled_index,
    controller_of,
    is_controlled_by,
    key_of,
    spec_selector,
)
from wherry.kube.controllers.podcontrol.pods import is_deleting, is_over
from wherry.kube.controllers.podcontrol.templates import is_same
from wherry.kube.controllers.replicaset.controller import REPLICA_SETS
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.status import StatusError

DEPLOYMENTS = GroupVersionResource("apps", "v1", "deployments")
DEPLOYMENT = Workload(DEPLOYMENTS, "Deployment", "deployment-controller")


class DeploymentController:
    """A Reconciler; keys are deployments."""

    name = DEPLOYMENT.component

    def __init__(self, needs: Needs) -> None:
        self._client = needs.client
        self._clock = needs.clock
        self._recorder = needs.recorder.by(DEPLOYMENT.component)
        self._deployments = needs.informers.of(DEPLOYMENTS)
        self._sets = needs.informers.of(REPLICA_SETS)
        self._pods = needs.informers.of(PODS)
        self._pods.cache.add_index(CONTROLLED, controlled_index)
        self._expectations = Expectations()
        self._adoptions = Adoptions(needs, DEPLOYMENT, self._sets, self._expectations)
        self._statuses = Statuses(needs, self._deployments, self._expectations)
        self.interests = (
            Interest(self._deployments),
            Interest(self._sets, Owners(DEPLOYMENT.kind, self._deployments.cache)),
            Interest(self._pods, self._awaited),
        )

    def _awaited(self, pod: Object) -> Iterable[Key]:
        """Of pods only the end is of interest, and only where all old ones must have ended."""
        owner = controller_of(pod)
        if owner is None or owner["kind"] != "ReplicaSet":
            return ()
        if "deletionTimestamp" not in pod["metadata"] and not is_over(pod):
            return ()
        namespace = pod["metadata"]["namespace"]
        controller = controller_of(self._sets.cache.get(owner["name"], namespace) or {"metadata": {}})
        deployment = self._deployments.cache.get(controller["name"], namespace) if controller else None
        return () if deployment is None or view.is_rolling(deployment) else (key_of(deployment),)

    async def reconcile(self, key: Key) -> float | None:
        seen = self._deployments.cache.get(key.name, key.namespace)
        if seen is None:
            self._expectations.forget(key)
            return None
        if not self._expectations.are_met(key):
            return LOOK_AGAIN_SECONDS
        sets = await self._adoptions.claim(seen, spec_selector(seen))
        deployment = seen if is_deleting(seen) else progress.paused(seen, self._clock.now())
        planned = plan(Facts(deployment, sets, self._pods_run, DEPLOYMENT.reference))
        known = {each["metadata"]["name"]: each for each in sets}
        for change in planned.changes:
            if not await self._act(key, deployment, change, known):
                return None
        status, annotations = self._told(deployment, planned, known)
        await self._statuses.write(seen, status, annotations)
        return progress.seconds_to_deadline(deployment, status, self._clock.now())

    def _pods_run(self, replica_set: Object) -> bool:
        return any(not is_over(pod) for pod in controlled(self._pods.cache, replica_set["metadata"]["uid"]))

    async def _act(self, key: Key, deployment: Object, change: Change, known: dict[str, Object]) -> bool:
        """Brings ``known`` up to date. False: there is nothing more to do now."""
        if change.then is None:
            assert change.now is not None
            await removed(self._client, REPLICA_SETS, change.now)
            del known[change.now["metadata"]["name"]]
            return True
        name = change.then["metadata"]["name"]
        if change.now is None:
            made = await self._create(key, deployment, change.then)
            if made is None:
                return False
        else:
            made = await self._client.update(REPLICA_SETS, change.then, key.namespace)
        known[name] = made
        self._expectations.expect(key, self._sets, made)
        before, after = view.replicas_of(change.now) if change.now else 0, view.replicas_of(change.then)
        if before != after:
            way = "up" if after > before else "down"
            message = f"Scaled {way} replica set {name} from {before} to {after}"
            self._recorder.event(DEPLOYMENT.typed(deployment), "ScalingReplicaSet", message)
        return True

    async def _create(self, key: Key, deployment: Object, replica_set: Object) -> Object | None:
        """None: it cannot be made now; the status says why. Raises StatusError when another try may help."""
        try:
            return await self._client.create(REPLICA_SETS, replica_set, key.namespace)
        except StatusError as error:
            if error.reason == "AlreadyExists":
                return await self._taken(deployment, replica_set)
            if is_ending(error):
                return None
            name = replica_set["metadata"]["name"]
            message = progress.failure_message(name, str(error))
            self._recorder.event(DEPLOYMENT.typed(deployment), "ReplicaSetCreateError", message, type="Warning")
            await self._statuses.write(deployment, progress.failed(deployment, name, str(error), self._clock.now()))
            raise

    async def _taken(self, deployment: Object, replica_set: Object) -> Object | None:
        """There is a set of that name: ours, which the informer has not told of; or another one, then the next name is
        made with a higher count of collisions."""
        meta = replica_set["metadata"]
        there = await self._client.get(REPLICA_SETS, meta["name"], meta["namespace"])
        if is_controlled_by(there, deployment) and is_same(there["spec"]["template"], replica_set["spec"]["template"]):
            return there
        status = deployment.get("status") or {}
        await self._statuses.write(deployment, {**status, "collisionCount": status.get("collisionCount", 0) + 1})
        return None

    def _told(self, deployment: Object, planned: Plan, known: dict[str, Object]) -> tuple[Object, Object]:
        """Status and annotations, now that the plan was followed."""
        now, sets = self._clock.now(), list(known.values())
        new, annotations = known.get(planned.new), view.annotations_of(deployment)
        if new is not None:
            is_made = any(each.now is None for each in planned.changes)
            deployment = progress.begun(deployment, planned.new, is_made, now)
            annotations = {**annotations, view.REVISION: view.annotations_of(new).get(view.REVISION, "")}
        status = status_of(deployment, sets, new, now)
        if planned.is_rollout:
            status = progress.judged(deployment, status, sets, new, now)
        return status, annotations
