"""Takes stock of a job's pods: pure."""

from collections.abc import Iterable, Sequence

import msgspec

from wherry.kube.controllers.job import policies, view
from wherry.kube.controllers.job.indexes import Indexes
from wherry.kube.controllers.podcontrol.pods import is_active, is_ready, is_terminating, phase_of
from wherry.kube.machinery.model import Object


class Counted(msgspec.Struct, frozen=True):
    """``succeeded`` and ``failed`` are totals, ``new_succeeded`` and ``new_failed`` those that the status does not know
    of. Of an indexed job, ``done_before`` are the indexes that the status knows to be done, ``done`` all;
    ``failed_indexes`` (None: they are not limited one by one) those that have failed too often, and ``last_failed`` the
    last pod of each index that is to be tried again: it keeps its finalizer, and with it what it remembers, until there
    is another."""

    active: tuple[Object, ...]
    failing: tuple[Object, ...]
    ready: int
    terminating: int
    new_succeeded: tuple[Object, ...]
    new_failed: tuple[Object, ...]
    succeeded: int
    failed: int
    done_before: Indexes
    done: Indexes
    failed_indexes: Indexes | None
    last_failed: dict[int, Object]


def uncounted(job: Object) -> tuple[list[str], list[str]]:
    """Uids in the status, of pods that have succeeded and that have failed."""
    found = (job.get("status") or {}).get("uncountedTerminatedPods") or {}
    return list(found.get("succeeded") or ()), list(found.get("failed") or ())


def count(job: Object, pods: Sequence[Object]) -> Counted:
    status, (waiting_succeeded, waiting_failed) = job.get("status") or {}, uncounted(job)
    active = [pod for pod in pods if is_active(pod)]
    failing = [pod for pod in pods if view.has_failed(pod, job)]
    new_succeeded = [
        pod for pod in pods if phase_of(pod) == "Succeeded" and _is_new(pod, job, waiting_succeeded)
    ]  # fmt: skip
    new_failed = [pod for pod in failing if _is_new(pod, job, waiting_failed)]
    succeeded = status.get("succeeded", 0) + len(new_succeeded) + len(waiting_succeeded)
    counting = sum(policies.judge(job, pod).counts for pod in new_failed)
    failed = status.get("failed", 0) + counting + len(waiting_failed)
    done_before, done = _done(job, pods)
    if view.is_indexed(job):
        succeeded = done.total
    failed_indexes = _failed_indexes(job, failing)
    return Counted(
        tuple(active), tuple(failing), sum(map(is_ready, active)), sum(map(is_terminating, pods)),
        tuple(new_succeeded), tuple(new_failed), succeeded, failed, done_before, done, failed_indexes,
        _last_failed(job, active, failing, done | failed_indexes) if failed_indexes is not None else {},
    )  # fmt: skip


def _is_new(pod: Object, job: Object, waiting: Sequence[str]) -> bool:
    if not view.is_tracked(pod) or pod["metadata"]["uid"] in waiting:
        return False
    return not view.is_indexed(job) or view.index_of(pod, job) is not None


def _done(job: Object, pods: Sequence[Object]) -> tuple[Indexes, Indexes]:
    if not view.is_indexed(job):
        return Indexes(), Indexes()
    before = Indexes.parse((job.get("status") or {}).get("completedIndexes") or "", view.completions_of(job) or 0)
    ended = (pod for pod in pods if phase_of(pod) == "Succeeded" and view.is_tracked(pod))
    return before, before | indexes_of(job, ended)


def indexes_of(job: Object, pods: Iterable[Object]) -> Indexes:
    return Indexes.of(index for pod in pods if (index := view.index_of(pod, job)) is not None)


def _failed_indexes(job: Object, failing: Sequence[Object]) -> Indexes | None:
    limit = view.limit_per_index(job)
    if limit is None or not view.is_indexed(job):
        return None
    before = Indexes.parse((job.get("status") or {}).get("failedIndexes") or "", view.completions_of(job) or 0)
    hopeless = (pod for pod in failing if view.is_tracked(pod) and _is_hopeless(job, pod, limit))
    return before | indexes_of(job, hopeless)


def _is_hopeless(job: Object, pod: Object, limit: int) -> bool:
    judged = policies.judge(job, pod)
    return judged.action == "FailIndex" or (judged.counts and view.failures_of(pod)[0] >= limit)


def _last_failed(job: Object, active: Sequence[Object], failing: Sequence[Object], over: Indexes) -> dict[int, Object]:
    settled = over | indexes_of(job, active)
    found: dict[int, Object] = {}
    for pod in failing:
        index = view.index_of(pod, job)
        if index is None or index in settled or not view.is_tracked(pod):
            continue
        other = found.get(index)
        if other is None or _age(pod) >= _age(other):
            found[index] = pod
    return found


def _age(pod: Object) -> tuple[int, object]:
    return sum(view.failures_of(pod)), view.finished_at(pod)
