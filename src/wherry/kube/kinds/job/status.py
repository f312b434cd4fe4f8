"""Rules of a job's status: an end is an end, whoever manages the job (pkg/apis/batch/validation).

Most of them hold for what an update changes: a status that was wrong before may still be written otherwise.
"""

from collections.abc import Iterator

from wherry.kube.kinds.jobspec import indexes
from wherry.kube.kinds.rules import STATUS, Found, counts, true_condition
from wherry.kube.machinery.fielderrors import OMIT, FieldError, duplicate, invalid, required
from wherry.kube.machinery.model import Object

_CONDITIONS = STATUS.child("conditions")
_COUNTS = ("active", "succeeded", "failed", "ready", "terminating")


class _Change:
    """What an update changes."""

    def __init__(self, obj: Object, old: Object) -> None:
        self.obj, self.old = obj, old
        self.spec, self.now, self.before = obj.get("spec", {}), obj.get("status", {}), old.get("status", {})
        self.is_indexed = self.spec.get("completionMode", "NonIndexed") == "Indexed"

    def fields(self, *names: str) -> bool:
        return any((self.now.get(name) or None) != (self.before.get(name) or None) for name in names)

    def conditions(self, *kinds: str) -> bool:
        return any(true_condition(self.obj, kind) != true_condition(self.old, kind) for kind in kinds)

    def has(self, kind: str) -> bool:
        return true_condition(self.obj, kind)

    def had(self, kind: str) -> bool:
        return true_condition(self.old, kind)

    @property
    def is_finished(self) -> bool:
        return self.has("Complete") or self.has("Failed")

    @property
    def finishes(self) -> bool:
        return self.is_finished != (self.had("Complete") or self.had("Failed"))


def validate_status(obj: Object, old: Object) -> Found:
    change = _Change(obj, old)
    found = counts(STATUS, change.now, *_COUNTS) + _uncounted(change.now)
    found += [invalid(_CONDITIONS, OMIT, why) for why in _wrong_conditions(change)]
    for rules in (_completion_time, _start_time, _leftovers, _indexes, _counters):
        found += rules(change)
    return found


def _uncounted(status: Object) -> Found:
    found: Found = []
    seen: set[str] = set()
    where = STATUS.child("uncountedTerminatedPods")
    for kind in ("succeeded", "failed"):
        for position, uid in enumerate(status.get("uncountedTerminatedPods", {}).get(kind) or ()):
            at = where.child(kind).index(position)
            if not uid:
                found.append(invalid(at, uid, "must not be empty"))
            elif uid in seen:
                found.append(duplicate(at, uid))
            seen.add(uid)
    return found


def _wrong_conditions(change: _Change) -> Iterator[str]:
    complete, failed, doomed, enough = (
        change.has(kind) for kind in ("Complete", "Failed", "FailureTarget", "SuccessCriteriaMet")
    )
    if change.conditions("Complete", "Failed") and complete and failed:
        yield "cannot set Complete=True and Failed=true conditions"
    if change.conditions("Complete", "FailureTarget") and complete and doomed:
        yield "cannot set Complete=True and FailureTarget=true conditions"
    if (change.conditions("Failed") or change.fields("failedIndexes")) and failed and not doomed:
        yield "cannot set Failed=True condition without the FailureTarget=true condition"
    if change.conditions("Complete") and complete and not enough:
        yield "cannot set Complete=True condition without the SuccessCriteriaMet=true condition"
    if enough and failed:
        yield "cannot set SuccessCriteriaMet=True and Failed=true conditions"
    if enough and doomed:
        yield "cannot set SuccessCriteriaMet=True and FailureTarget=true conditions"
    if change.spec.get("successPolicy") is not None and not enough and complete:
        yield "cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True"
    for kind in ("Failed", "Complete", "FailureTarget"):
        if change.had(kind) and not change.has(kind):
            yield f"cannot disable the terminal {kind}=True condition"
    if change.had("SuccessCriteriaMet") and not enough:
        yield "cannot disable the SuccessCriteriaMet=True condition"
    if change.had("Complete") and not change.had("SuccessCriteriaMet") and enough:
        yield "cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions"


def _completion_time(change: _Change) -> Iterator[FieldError]:
    where, done, start = STATUS.child("completionTime"), change.now.get("completionTime"), change.now.get("startTime")
    if change.conditions("Complete") or change.fields("completionTime"):
        if done is not None and not change.has("Complete"):
            yield invalid(where, done, "cannot set completionTime when there is no Complete=True condition")
        if done is None and change.has("Complete"):
            yield required(where, "completionTime is required for Complete jobs")
    if change.fields("startTime", "completionTime") and start and done and done < start:
        yield invalid(where, done, "completionTime cannot be set before startTime")
    if done and change.before.get("completionTime") and change.fields("completionTime"):
        yield invalid(where, done, "completionTime cannot be mutated")


def _start_time(change: _Change) -> Iterator[FieldError]:
    where, start = STATUS.child("startTime"), change.now.get("startTime")
    never_ran = change.spec.get("suspend") and change.spec.get("completions") == 0
    if (change.finishes or change.fields("startTime")) and change.is_finished and start is None and not never_ran:
        yield required(where, "startTime is required for finished job")
    resumes = change.had("Suspended") and not change.has("Suspended") and start  # then it begins anew
    if change.before.get("startTime") and change.fields("startTime") and not change.spec.get("suspend") and not resumes:
        yield required(where, "startTime cannot be removed for unsuspended job")


def _leftovers(change: _Change) -> Iterator[FieldError]:
    """No pods of a job that has ended."""
    for name in ("active", "terminating"):
        if (change.finishes or change.fields(name)) and change.is_finished and change.now.get(name, 0) > 0:
            yield invalid(STATUS.child(name), change.now[name], f"{name}>0 is invalid for finished job")
    uncounted = change.now.get("uncountedTerminatedPods") or {}
    touched = change.finishes or change.fields("uncountedTerminatedPods")
    if touched and change.is_finished and (uncounted.get("failed") or uncounted.get("succeeded")):
        where = STATUS.child("uncountedTerminatedPods")
        yield invalid(where, uncounted, "uncountedTerminatedPods needs to be empty for finished job")
    ready, active = change.now.get("ready", 0), change.now.get("active", 0)
    if change.fields("ready", "active") and ready > active:
        yield invalid(STATUS.child("ready"), ready, "cannot set more ready pods than active")


def _indexes(change: _Change) -> Iterator[FieldError]:
    done, failed = change.now.get("completedIndexes", ""), change.now.get("failedIndexes")
    completions, limited = change.spec.get("completions"), change.spec.get("backoffLimitPerIndex") is not None
    if change.fields("completedIndexes"):
        if completions is not None:
            yield from _unreadable("completedIndexes", done, completions)
        if done and not change.is_indexed:
            why = "cannot set non-empty completedIndexes when non-indexed completion mode"
            yield invalid(STATUS.child("completedIndexes"), done, why)
    where = STATUS.child("failedIndexes")
    if change.fields("failedIndexes") and failed is not None:
        if completions is not None and limited:
            yield from _unreadable("failedIndexes", failed, completions)
        if not limited:
            yield invalid(where, failed, "cannot set non-null failedIndexes when backoffLimitPerIndex is null")
    if change.fields("completedIndexes", "failedIndexes") and failed and completions is not None:
        both = indexes.first_in_both(done, failed, completions)
        if both is not None:
            yield invalid(where, failed, f"failedIndexes and completedIndexes overlap at index: {both}")


def _unreadable(field: str, text: str, completions: int) -> Iterator[FieldError]:
    try:
        indexes.count(text, completions)
    except ValueError as error:
        yield invalid(STATUS.child(field), text, f"error parsing {field}: {error}")


def _counters(change: _Change) -> Iterator[FieldError]:
    """They only rise; an indexed job that is scaled down forgets successes."""
    scales = change.is_indexed and change.spec.get("completions") == change.spec.get("parallelism")
    for name in ("failed", "succeeded") if not scales else ("failed",):
        if change.now.get(name, 0) < change.before.get(name, 0):
            yield invalid(STATUS.child(name), change.now.get(name, 0), f"cannot decrease the {name} counter")
