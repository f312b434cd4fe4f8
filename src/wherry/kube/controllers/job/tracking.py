"""Counts pods that have ended, each of them once: pure (job_controller.go trackJobStatusAndRemoveFinalizers)."""

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec

from wherry.kube.controllers.job import policies, view
from wherry.kube.controllers.job.counted import Counted, indexes_of, uncounted
from wherry.kube.controllers.job.plan import Verdict
from wherry.kube.controllers.podcontrol.pods import phase_of
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.times import rfc3339

MOST_UNCOUNTED = 500
"""Uids in a status, which is written whole each time (MaxUncountedPods)."""


class Tracked(msgspec.Struct, frozen=True):
    """``status`` is to be written before the finalizers are taken off the pods of ``release``. ``has_more``: it was
    too much for one round."""

    status: Object
    release: tuple[Object, ...]
    has_more: bool


def track(job: Object, pods: Sequence[Object], found: Counted, verdict: Verdict | None, now: datetime) -> Tracked:
    """``job`` has the status on which this one is based."""
    status = settled(job.get("status") or {}, [pod["metadata"]["uid"] for pod in pods if view.is_tracked(pod)])
    waiting = status["uncountedTerminatedPods"]
    succeeded, failed = list(waiting.get("succeeded") or ()), list(waiting.get("failed") or ())
    release: list[Object] = []
    done: list[Object] = []
    for pod in pods:
        if not view.is_tracked(pod) or not _may_release(job, pod, found, verdict):
            continue
        release.append(pod)
        uid = pod["metadata"]["uid"]
        if phase_of(pod) == "Succeeded" and uid not in failed:
            if view.is_indexed(job):
                done.append(pod)
            elif uid not in succeeded:
                succeeded.append(uid)
        elif uid not in failed and _counts_as_failed(job, pod, verdict):
            failed.append(uid)
        if len(done) + len(succeeded) + len(failed) >= MOST_UNCOUNTED:
            break
    lists = {"succeeded": succeeded, "failed": failed}
    status["uncountedTerminatedPods"] = {name: uids for name, uids in lists.items() if uids}
    if view.is_indexed(job):
        status |= _of_indexes(job, found, done)
    if verdict is not None and not verdict.is_known:
        kind = "SuccessCriteriaMet" if verdict.succeeds else "FailureTarget"
        status["conditions"] = with_condition(status.get("conditions") or (), kind, "True", verdict, now)
    has_more = len(done) + len(succeeded) + len(failed) >= MOST_UNCOUNTED
    return Tracked(_compact(status), tuple(release), has_more)


def _may_release(job: Object, pod: Object, found: Counted, verdict: Verdict | None) -> bool:
    if "deletionTimestamp" in job["metadata"] or verdict is not None or phase_of(pod) == "Succeeded":
        return True
    if not view.has_failed(pod, job):
        return False
    index = view.index_of(pod, job)
    last = found.last_failed.get(index) if index is not None else None
    return last is None or last["metadata"]["uid"] != pod["metadata"]["uid"]


def _counts_as_failed(job: Object, pod: Object, verdict: Verdict | None) -> bool:
    """When the job fails, each pod that has not ended fails with it."""
    if not view.has_failed(pod, job) and (verdict is None or verdict.succeeds):
        return False
    if view.is_indexed(job) and view.index_of(pod, job) is None:
        return False
    return policies.judge(job, pod).counts


def _of_indexes(job: Object, found: Counted, done: Sequence[Object]) -> Object:
    all_done = found.done_before | indexes_of(job, done)
    status: Object = {"succeeded": all_done.total, "completedIndexes": str(all_done)}
    if found.failed_indexes is not None:
        status["failedIndexes"] = str(found.failed_indexes)
    return status


def settled(status: Object, tracked: Collection[str]) -> Object:
    """With those counted that have lost their finalizer: of the uids in the status all that are not ``tracked``."""
    kept, status = set(tracked), dict(status)
    waiting = status.get("uncountedTerminatedPods") or {}
    still: Object = {}
    for name in ("succeeded", "failed"):
        uids = waiting.get(name) or []
        left = [uid for uid in uids if uid in kept]
        status[name] = status.get(name, 0) + len(uids) - len(left)
        if left:
            still[name] = left
    status["uncountedTerminatedPods"] = still
    return _compact(status)


def finished(job: Object, status: Object, verdict: Verdict, now: datetime) -> Object | None:
    """The last status of the job; None while pods of it are to be counted or have yet to end."""
    if any(uncounted({"status": status})) or status.get("terminating"):
        return None
    kind = "Complete" if verdict.succeeds else "Failed"
    status = {**status, "conditions": with_condition(status.get("conditions") or (), kind, "True", verdict, now)}
    if verdict.succeeds:
        status["completionTime"] = rfc3339(now)
    return status


def has_too_many(job: Object, status: Object) -> bool:
    completions = view.completions_of(job)
    return completions is not None and bool(status.get("succeeded", 0) > completions)


def with_condition(conditions: Sequence[Object], kind: str, state: str, said: Verdict, now: datetime) -> list[Object]:
    """One that says the same stays; one that is false is not added where there was none."""
    old = next((each for each in conditions if each.get("type") == kind), None)
    made = {"type": kind, "status": state, "reason": said.reason, "message": said.message}
    made = {name: value for name, value in made.items() if value}
    if old is None and state == "False":
        return list(conditions)
    if old is not None and all(old.get(name) == value for name, value in made.items()):
        return list(conditions)
    made |= {"lastProbeTime": rfc3339(now), "lastTransitionTime": rfc3339(now)}
    return [*conditions, made] if old is None else [made if each is old else each for each in conditions]


def begun(job: Object, now: datetime) -> Object:
    """The job, with the time at which it began: now, if that is not known, or it was suspended until now: a deadline
    is for the time that it runs."""
    status = job.get("status") or {}
    goes_on = status.get("startTime") and not view.condition(job, "Suspended")
    if goes_on or view.is_suspended(job):
        return job
    return {**job, "status": {**status, "startTime": rfc3339(now)}}


SUSPENDED = Verdict(False, "JobSuspended", "Job suspended")
RESUMED = Verdict(False, "JobResumed", "Job resumed")


def suspension(job: Object, status: Object, now: datetime) -> Object:
    """The status, with whether it is suspended."""
    state, said = ("True", SUSPENDED) if view.is_suspended(job) else ("False", RESUMED)
    before = status.get("conditions") or []
    conditions = with_condition(before, "Suspended", state, said, now)
    return status if conditions == before else {**status, "conditions": conditions}


_OMITTED_WHEN_EMPTY = ("active", "succeeded", "failed", "completedIndexes")


def _compact(status: Object) -> Object:
    """As the API's encoder leaves it."""
    return {name: value for name, value in status.items() if value or name not in _OMITTED_WHEN_EMPTY}


def figures(active: int, ready: int, terminating: int) -> Object:
    return _compact({"active": active, "ready": ready, "terminating": terminating})
