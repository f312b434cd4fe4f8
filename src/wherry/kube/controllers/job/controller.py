"""Fetches, plans, acts, counts."""

from collections.abc import Sequence
from functools import partial

from wherry.kube.controllers.frame import Interest, Key, Needs
from wherry.kube.controllers.job import backoff, tracking, view
from wherry.kube.controllers.job.counted import Counted, count
from wherry.kube.controllers.job.making import job_pod
from wherry.kube.controllers.job.plan import Plan, Verdict, plan
from wherry.kube.controllers.podcontrol.batches import at_once, slow_start
from wherry.kube.controllers.podcontrol.control import PODS, PodControl, Statuses
from wherry.kube.controllers.podcontrol.expectations import LOOK_AGAIN_SECONDS, Expectations
from wherry.kube.controllers.podcontrol.owners import Owners, Workload, spec_selector
from wherry.kube.controllers.podcontrol.pods import is_ready
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.status import StatusError

JOBS = GroupVersionResource("batch", "v1", "jobs")
JOB = Workload(JOBS, "Job", "job-controller")
_OFF = {"$deleteFromPrimitiveList/finalizers": [view.TRACKING]}


class JobPods(PodControl):
    """Pods that are adopted are tracked, those that are released are not."""

    def _reference_patch(self, owner: Object) -> Object:
        return {**super()._reference_patch(owner), "finalizers": [view.TRACKING]}

    def _release_patch(self, owner: Object, obj: Object) -> Object:
        patch = super()._release_patch(owner, obj)
        return {**patch, **_OFF} if view.is_tracked(obj) else patch

    async def untrack(self, owner: Object, pod: Object) -> None:
        """Take the finalizer off, if it is there. Raises StatusError."""
        if view.is_tracked(pod):
            await self.change(owner, pod, _OFF)

    async def drop(self, owner: Object, pod: Object) -> None:
        """Delete it uncounted."""
        await self.untrack(owner, pod)
        await self.delete(owner, pod)


class JobController:
    """A Reconciler; keys are jobs."""

    name = JOB.component

    def __init__(self, needs: Needs) -> None:
        self._clock = needs.clock
        self._jobs = needs.informers.of(JOBS)
        self._pods = needs.informers.of(PODS)
        self._expectations = Expectations()
        self._control = JobPods(needs, JOB, self._pods, self._expectations)
        self._statuses = Statuses(needs, self._jobs, self._expectations)
        self._records: dict[Key, backoff.Record] = {}
        self.interests = (Interest(self._jobs), Interest(self._pods, Owners(JOB.kind, self._jobs.cache)))

    async def reconcile(self, key: Key) -> float | None:
        job = self._jobs.cache.get(key.name, key.namespace)
        if job is None or not view.is_ours(job) or view.is_finished(job):
            self._records.pop(key, None)
            if job is None:
                self._expectations.forget(key)
            return None
        if not self._expectations.are_met(key):
            return LOOK_AGAIN_SECONDS
        pods = await self._control.claim(job, spec_selector(job))
        now = self._clock.now()
        seen, job = job, tracking.begun(job, now)
        found = count(job, pods)
        record = backoff.after(self._records.get(key, backoff.NOTHING), found.new_succeeded, found.new_failed)
        planned = plan(job, pods, found, record, now)
        made, error = await self._act(job, planned, found)
        verdict = planned.verdict if error is None else None
        written = await self._count(seen, self._figures(job, planned, found, made), pods, found, verdict)
        self._records[key] = record
        if error is not None:
            raise error
        return LOOK_AGAIN_SECONDS if written else planned.again

    async def _act(self, job: Object, planned: Plan, found: Counted) -> tuple[list[Object], StatusError | None]:
        """The pods that were made, and why not more."""
        made: list[Object] = []
        try:
            await at_once(partial(self._control.delete, job, pod) for pod in planned.end)
            await at_once(partial(self._control.drop, job, pod) for pod in planned.delete)
            await slow_start([partial(self._make, job, index, found, made) for index in planned.create])
        except StatusError as error:
            return made, error
        return made, None

    async def _make(self, job: Object, index: int | None, found: Counted, made: list[Object]) -> None:
        replaced = found.last_failed.get(index) if index is not None else None
        pod = await self._control.create(job, job_pod(job, JOB.reference(job), index, replaced))
        if pod is not None:
            made.append(pod)

    def _figures(self, job: Object, planned: Plan, found: Counted, made: Sequence[Object]) -> Object:
        """The job, with a status that says how many pods run now. A deletion that failed is seen in the next round."""
        gone = (*planned.end, *planned.delete)
        active = len(found.active) - len(gone) + len(made)
        figures = tracking.figures(active, found.ready - sum(map(is_ready, gone)), found.terminating + len(gone))
        status = {name: value for name, value in (job.get("status") or {}).items() if name != "active"} | figures
        if planned.verdict is None and "deletionTimestamp" not in job["metadata"]:
            before, status = status, tracking.suspension(job, status, self._clock.now())
            if status is not before:
                is_suspended = view.is_suspended(job)
                reason = "Suspended" if is_suspended else "Resumed"
                self._control.tell(job, reason, f"Job {reason.lower()}")
        return {**job, "status": status}

    async def _count(
        self, seen: Object, job: Object, pods: Sequence[Object], found: Counted, verdict: Verdict | None
    ) -> bool:
        """The three steps. Whether there is more to count."""
        tracked = tracking.track(job, pods, found, verdict, self._clock.now())
        written = await self._statuses.write(seen, tracked.status)
        await at_once(partial(self._control.untrack, job, pod) for pod in tracked.release)
        released = {pod["metadata"]["uid"] for pod in tracked.release}
        left = [pod["metadata"]["uid"] for pod in pods if view.is_tracked(pod)]
        status = tracking.settled(tracked.status, [uid for uid in left if uid not in released])
        end = None
        if verdict is not None and not tracked.has_more:
            end = tracking.finished(job, status, verdict, self._clock.now())
        await self._statuses.write(written, end or status)
        if end is not None and verdict is not None:
            self._say_end(job, end, verdict)
        return tracked.has_more

    def _say_end(self, job: Object, status: Object, verdict: Verdict) -> None:
        if not verdict.succeeds:
            self._control.warn(job, verdict.reason, verdict.message)
            return
        if tracking.has_too_many(job, status):
            message = "Too many succeeded pods running after completion count reached"
            self._control.warn(job, "TooManySucceededPods", message)
        self._control.tell(job, "Completed", "Job completed")
