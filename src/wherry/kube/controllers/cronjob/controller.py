"""Fetches, plans, acts."""

import contextlib
from datetime import datetime

from wherry.kube.controllers.cronjob.making import entry_of, new_job
from wherry.kube.controllers.cronjob.plan import Plan, plan
from wherry.kube.controllers.frame import Interest, Key, Needs
from wherry.kube.controllers.job.controller import JOBS
from wherry.kube.controllers.job.view import is_finished
from wherry.kube.controllers.podcontrol.control import Statuses, is_ending
from wherry.kube.controllers.podcontrol.expectations import LOOK_AGAIN_SECONDS, Expectations
from wherry.kube.controllers.podcontrol.owners import (
    CONTROLLED,
    Workload,
    controlled,
    controlled_index,
    controller_of,
    is_controlled_by,
    key_of,
)
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.status import StatusError

CRON_JOBS = GroupVersionResource("batch", "v1", "cronjobs")
CRON_JOB = Workload(CRON_JOBS, "CronJob", "cronjob-controller")


def _owner_key(job: Object) -> tuple[Key, ...]:
    owner = controller_of(job)
    if owner is None or owner["kind"] != CRON_JOB.kind:
        return ()
    return (Key(job["metadata"]["namespace"], owner["name"]),)


class CronJobController:
    """A Reconciler; keys are CronJobs."""

    name = CRON_JOB.component

    def __init__(self, needs: Needs) -> None:
        self._client = needs.client
        self._clock = needs.clock
        self._recorder = needs.recorder.by(CRON_JOB.component)
        self._crons = needs.informers.of(CRON_JOBS)
        self._jobs = needs.informers.of(JOBS)
        self._jobs.cache.add_index(CONTROLLED, controlled_index)
        self._expectations = Expectations()
        self._statuses = Statuses(needs, self._crons, self._expectations)
        self.interests = (Interest(self._crons), Interest(self._jobs, _owner_key))

    async def reconcile(self, key: Key) -> float | None:
        cron = self._crons.cache.get(key.name, key.namespace)
        if cron is None:
            self._expectations.forget(key)
            return None
        if not self._expectations.are_met(key):
            return LOOK_AGAIN_SECONDS
        jobs = controlled(self._jobs.cache, cron["metadata"]["uid"])
        planned = plan(cron, jobs, self._clock.now())
        for said in planned.says:
            self._tell(cron, said.reason, said.message, is_warning=said.is_warning)
        for job in planned.replace:
            await self._delete(cron, job)
        status = planned.status
        if planned.create is not None:
            job_or_none = planned.known or await self._create(cron, planned, planned.create)
            if job_or_none is None:
                return planned.again
            if not is_finished(job_or_none):
                status = {**status, "active": [*(status.get("active") or ()), entry_of(job_or_none)]}
        await self._statuses.write(cron, status)
        for job in planned.forget:
            with contextlib.suppress(StatusError):  # it has been said; the next time must not wait for it
                await self._delete(cron, job)
        return planned.again

    async def _create(self, cron: Object, planned: Plan, when: datetime) -> Object | None:
        """None: there is one of that name that is none of ours, or the namespace is ending. Raises StatusError."""
        wanted = new_job(cron, when, planned.zone, CRON_JOB.reference(cron))
        name, namespace = wanted["metadata"]["name"], wanted["metadata"]["namespace"]
        try:
            made = await self._client.create(JOBS, wanted, namespace)
        except StatusError as error:
            if is_ending(error):
                return None
            if error.reason == "AlreadyExists":
                there = await self._client.get(JOBS, name, namespace)
                return there if is_controlled_by(there, cron) else None
            self._tell(cron, "FailedCreate", f"Error creating job: {error}", is_warning=True)
            raise
        self._expectations.expect(key_of(cron), self._jobs, made)
        self._tell(cron, "SuccessfulCreate", f"Created job {name}")
        return made

    async def _delete(self, cron: Object, job: Object) -> None:
        meta = job["metadata"]
        options = {"propagationPolicy": "Background", "preconditions": {"uid": meta["uid"]}}
        try:
            await self._client.delete(JOBS, meta["name"], meta["namespace"], options=options)
        except StatusError as error:
            if error.code in (404, 409):
                return
            self._tell(cron, "FailedDelete", f"Deleted job: {error}", is_warning=True)
            raise
        self._tell(cron, "SuccessfulDelete", f"Deleted job {meta['name']}")

    def _tell(self, cron: Object, reason: str, message: str, *, is_warning: bool = False) -> None:
        self._recorder.event(CRON_JOB.typed(cron), reason, message, type="Warning" if is_warning else "Normal")
