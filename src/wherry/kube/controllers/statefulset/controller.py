"""Fetches, plans, acts, and tells in the status what it found."""

from functools import partial

from wherry.kube.controllers.frame import Interest, Key, Needs
from wherry.kube.controllers.history.control import Histories
from wherry.kube.controllers.history.revisions import surplus
from wherry.kube.controllers.podcontrol.batches import slow_start
from wherry.kube.controllers.podcontrol.control import PODS, Statuses
from wherry.kube.controllers.podcontrol.expectations import LOOK_AGAIN_SECONDS, Expectations
from wherry.kube.controllers.podcontrol.owners import Owners, spec_selector
from wherry.kube.controllers.podcontrol.pods import is_deleting
from wherry.kube.controllers.statefulset import view
from wherry.kube.controllers.statefulset.control import CLAIMS, SETS, STATEFUL_SET, StatefulPods
from wherry.kube.controllers.statefulset.plan import Facts, Plan, plan
from wherry.kube.controllers.statefulset.status import status_of
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.status import StatusError


class StatefulSetController:
    """A Reconciler; keys are sets."""

    name = STATEFUL_SET.component

    def __init__(self, needs: Needs) -> None:
        self._clock = needs.clock
        self._sets = needs.informers.of(SETS)
        self._pods = needs.informers.of(PODS)
        self._claims = needs.informers.of(CLAIMS)
        self._expectations = Expectations()
        self._histories = Histories(needs, STATEFUL_SET, self._expectations)
        self._control = StatefulPods(needs, self._pods, self._claims, self._expectations)
        self._statuses = Statuses(needs, self._sets, self._expectations)
        owners = Owners(STATEFUL_SET.kind, self._sets.cache)
        # Claims and revisions are looked at, but nothing is to be done because one of them has changed.
        quiet = [Interest(each, lambda obj: ()) for each in (self._claims, self._histories.informer)]
        self.interests = (Interest(self._sets), Interest(self._pods, owners), *quiet)

    async def reconcile(self, key: Key) -> float | None:
        owner = self._sets.cache.get(key.name, key.namespace)
        if owner is None:
            self._expectations.forget(key)
            return None
        if not self._expectations.are_met(key):
            return LOOK_AGAIN_SECONDS
        revisions = await self._histories.of(owner)
        if is_deleting(owner) and not revisions:
            return None
        found = await self._control.claim(
            owner, spec_selector(owner), lambda pod: view.ordinal_of(pod, owner) is not None
        )
        pods = {view.ordinal_of(pod, owner) or 0: pod for pod in found}
        if is_deleting(owner):
            update, collisions = revisions[-1], (owner.get("status") or {}).get("collisionCount") or 0
        else:
            update, collisions = await self._histories.current(owner, revisions)
        current = self._current(owner, revisions) or update
        facts = Facts(
            owner, current, update, pods, lambda name: self._claims.cache.get(name, key.namespace),
            STATEFUL_SET.reference(owner), self._clock.now(),
        )  # fmt: skip
        planned = plan(facts)
        error = await self._act(owner, planned)
        names = current["metadata"]["name"], update["metadata"]["name"]
        status = status_of(owner, pods.values(), names, collisions, facts.now)
        await self._statuses.write(owner, status)
        if error is not None:
            raise error
        live = {*names, status["currentRevision"], *map(view.revision_of, found)}
        for each in surplus(revisions, live, owner["spec"].get("revisionHistoryLimit")):
            await self._histories.delete(each)
        return planned.again

    def _current(self, owner: Object, revisions: list[Object]) -> Object | None:
        name = (owner.get("status") or {}).get("currentRevision")
        return next((each for each in revisions if each["metadata"]["name"] == name), None)

    async def _act(self, owner: Object, planned: Plan) -> StatusError | None:
        acts = [partial(self._control.follow, owner, step) for step in planned.steps]
        try:
            if planned.at_once:
                await slow_start(acts)
            else:
                for act in acts:
                    await act()
        except StatusError as error:
            return error
        return None
