"""Which pods to make and to delete, and whether the job is over: pure (job_controller.go syncJob, manageJob)."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from wherry.kube.controllers.job import backoff, policies, view
from wherry.kube.controllers.job.counted import Counted, indexes_of
from wherry.kube.controllers.job.indexes import Indexes
from wherry.kube.controllers.podcontrol.pods import is_terminating, phase_of
from wherry.kube.controllers.podcontrol.ranking import first_to_go
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.times import parse

AT_ONCE = 500
"""Pods that are made or deleted before the job is looked at again (MaxPodCreateDeletePerSync)."""


class Verdict(msgspec.Struct, frozen=True):
    """The job is over, or will be once its pods have gone. ``is_known``: the status says so already."""

    succeeds: bool
    reason: str
    message: str
    is_known: bool = False


class Plan(msgspec.Struct, frozen=True):
    """``create``: of an indexed job one index a pod, otherwise None for each. ``delete``: these pods, of which nobody
    will ever count one (``end`` instead: they are counted). ``again``: seconds until something is to be done though
    nothing happens."""

    create: tuple[int | None, ...] = ()
    delete: tuple[Object, ...] = ()
    end: tuple[Object, ...] = ()
    verdict: Verdict | None = None
    again: float | None = None


DONE = Verdict(True, "CompletionsReached", "Reached expected number of succeeded pods")


def plan(job: Object, pods: Sequence[Object], found: Counted, record: backoff.Record, now: datetime) -> Plan:
    """``record`` is that of the whole job, with what ``found`` says."""
    verdict = _verdict(job, pods, found, now)
    if verdict is not None:
        return Plan(end=found.active, verdict=verdict)
    deadline = _seconds_to_deadline(job, now)
    if "deletionTimestamp" in job["metadata"]:
        return Plan(again=deadline)
    planned = _manage(job, pods, found, record, now)
    if not planned.create and is_done(job, found.succeeded, len(found.active) - len(planned.delete)):
        return Plan(delete=planned.delete, verdict=DONE)
    waits = [each for each in (planned.again, deadline) if each is not None]
    return Plan(planned.create, planned.delete, again=min(waits, default=None))


def is_done(job: Object, succeeded: int, active: int) -> bool:
    completions = view.completions_of(job)
    return not active and (succeeded > 0 if completions is None else succeeded >= completions)


def _verdict(job: Object, pods: Sequence[Object], found: Counted, now: datetime) -> Verdict | None:
    for kind, succeeds in (("SuccessCriteriaMet", True), ("FailureTarget", False)):
        known = view.condition(job, kind)
        if known is not None:
            return Verdict(succeeds, known.get("reason", ""), known.get("message", ""), is_known=True)
    spec = job["spec"]
    if why := policies.job_failure(job, found.failing):
        return Verdict(False, "PodFailurePolicy", why)
    if found.failed > spec.get("backoffLimit", 6) or _restarted_too_often(job, pods):
        return Verdict(False, "BackoffLimitExceeded", "Job has reached the specified backoff limit")
    if _seconds_to_deadline(job, now) == 0:
        return Verdict(False, "DeadlineExceeded", "Job was active longer than specified deadline")
    return _verdict_of_indexes(job, found) if view.is_indexed(job) else None


def _verdict_of_indexes(job: Object, found: Counted) -> Verdict | None:
    spec, failed = job["spec"], found.failed_indexes.total if found.failed_indexes is not None else 0
    most = spec.get("maxFailedIndexes")
    if most is not None and failed > most:
        why = "Job has exceeded the specified maximal number of failed indexes"
        return Verdict(False, "MaxFailedIndexesExceeded", why)
    if failed and failed + found.done.total >= (view.completions_of(job) or 0):
        return Verdict(False, "FailedIndexes", "Job has failed indexes")
    if why := policies.success(job, found.done):
        return Verdict(True, "SuccessPolicy", why)
    return None


def _restarted_too_often(job: Object, pods: Sequence[Object]) -> bool:
    """Where containers are restarted within their pod, each restart is a failure."""
    spec = job["spec"]
    if (spec["template"].get("spec") or {}).get("restartPolicy") != "OnFailure":
        return False
    restarts = sum(
        each.get("restartCount", 0)
        for pod in pods
        if phase_of(pod) in ("Running", "Pending")
        for name in ("initContainerStatuses", "containerStatuses")
        for each in (pod.get("status") or {}).get(name) or ()
    )
    return bool(restarts >= max(spec.get("backoffLimit", 6), 1))


def _seconds_to_deadline(job: Object, now: datetime) -> float | None:
    """0: it has passed. None: there is none."""
    limit: int | None = job["spec"].get("activeDeadlineSeconds")
    start = (job.get("status") or {}).get("startTime")
    if limit is None or not start or view.is_suspended(job):
        return None
    return max(limit - (now - parse(start)).total_seconds(), 0.0)


def _manage(job: Object, pods: Sequence[Object], found: Counted, record: backoff.Record, now: datetime) -> Plan:
    active = len(found.active)
    wanted = 0 if view.is_suspended(job) else _wanted(job, found)
    if surplus := _surplus(job, found.active, max(active - wanted, 0), now):
        # Never both: a pod that goes may be the one whose index is missing.
        return Plan(delete=tuple(surplus if view.is_suspended(job) else surplus[:AT_ONCE]))
    ending = found.terminating if view.replaces_only_failed(job) else 0
    missing = min(wanted - active - ending, AT_ONCE)
    if missing <= 0:
        return Plan()
    if view.limit_per_index(job) is None and (rest := record.seconds_left(now)):
        return Plan(again=rest)
    if not view.is_indexed(job):
        return Plan(create=(None,) * missing)
    return _indexes(_pending(job, pods, found).missing(missing, view.completions_of(job) or 0), found, now)


def _wanted(job: Object, found: Counted) -> int:
    """Active pods there should be."""
    parallelism: int = job["spec"].get("parallelism", 1)
    completions = view.completions_of(job)
    if completions is None:
        # The first success says that the work is done: those that still run may end, and none is begun.
        return len(found.active) if found.succeeded else parallelism
    return max(min(completions - found.succeeded, parallelism), 0)


def _pending(job: Object, pods: Sequence[Object], found: Counted) -> Indexes:
    """Indexes that need no pod."""
    taken = found.done | indexes_of(job, found.active)
    if view.replaces_only_failed(job):
        taken |= indexes_of(job, (pod for pod in pods if is_terminating(pod)))
    return taken | found.failed_indexes if found.failed_indexes is not None else taken


def _indexes(wanted: Sequence[int], found: Counted, now: datetime) -> Plan:
    """Those that need not wait; when all must, the shortest time."""
    waits = {each: backoff.of_index(found.last_failed.get(each)).seconds_left(now) for each in wanted}
    ready = tuple(each for each, rest in waits.items() if not rest)
    later = min((rest for rest in waits.values() if rest), default=None)
    return Plan(create=ready, again=later)


def _surplus(job: Object, active: Sequence[Object], at_least: int, now: datetime) -> list[Object]:
    """Pods to delete: of an indexed job first those of no index and all but one of each, the best."""
    if not view.is_indexed(job):
        return first_to_go(active, (), at_least, now)
    by_index: dict[int | None, list[Object]] = {}
    for pod in active:
        by_index.setdefault(view.index_of(pod, job), []).append(pod)
    surplus = by_index.pop(None, [])
    left = []
    for same in by_index.values():
        gone = first_to_go(same, (), len(same) - 1, now)
        surplus += gone
        left += [pod for pod in same if pod not in gone]
    return surplus + first_to_go(left, (), max(at_least - len(surplus), 0), now)
