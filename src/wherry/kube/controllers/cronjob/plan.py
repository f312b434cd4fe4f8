"""Which jobs have ended, which to make and which to forget: pure (cronjob_controllerv2.go syncCronJob)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import msgspec

from wherry.kube.controllers.cronjob.making import job_name
from wherry.kube.controllers.cronjob.times import following, latest
from wherry.kube.controllers.job.view import condition, is_finished
from wherry.kube.controllers.podcontrol.pods import is_deleting
from wherry.kube.kinds.cronjob.schedule import Schedule
from wherry.kube.kinds.cronjob.schedule import parse as parse_schedule
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.times import parse, rfc3339

TOO_MANY_MISSED = 100
_DELAY_SECONDS = 0.1
"""Timers may be early by a little."""


class Said(msgspec.Struct, frozen=True):
    """An event."""

    reason: str
    message: str
    is_warning: bool = False


class Plan(msgspec.Struct):
    """In this order: ``replace`` these jobs (delete them), make one for the time ``create`` (``known`` if it is there
    already), write ``status`` with it among the active ones, ``forget`` these jobs. ``again``: seconds until the next
    time."""

    status: Object
    says: list[Said] = msgspec.field(default_factory=list)
    replace: list[Object] = msgspec.field(default_factory=list)
    create: datetime | None = None
    known: Object | None = None
    forget: list[Object] = msgspec.field(default_factory=list)
    again: float | None = None
    zone: tzinfo = UTC

    def say(self, reason: str, message: str) -> None:
        self.says.append(Said(reason, message))

    def warn(self, reason: str, message: str) -> None:
        self.says.append(Said(reason, message, is_warning=True))


def plan(cron: Object, jobs: Sequence[Object], now: datetime) -> Plan:
    """``jobs`` are those that the CronJob controls."""
    planned = Plan(dict(cron.get("status") or {}))
    due = None
    schedule = _read(cron, planned)
    if schedule is not None and not is_deleting(cron) and not cron["spec"].get("suspend"):
        due = _due(cron, schedule, planned, now)
    _take_stock(cron, jobs, planned, job_name(cron, due) if due else "")
    if due is not None:
        _begin(cron, jobs, planned, due)
    _forget(cron, jobs, planned)
    return planned


def _read(cron: Object, planned: Plan) -> Schedule | None:
    """None: it cannot be read, which is said. (The API refuses such ones; but zones are each machine's own.)"""
    spec = cron["spec"]
    zone = spec.get("timeZone")
    try:
        planned.zone = ZoneInfo(zone) if zone else UTC
    except (KeyError, OSError, ValueError):
        planned.warn("UnknownTimeZone", f'invalid timeZone: "{zone}": unknown time zone {zone}')
        return None
    try:
        return parse_schedule(spec["schedule"])
    except ValueError as error:
        planned.warn("UnparseableSchedule", f'unparseable schedule: "{spec["schedule"]}" : {error}')
        return None


def _due(cron: Object, schedule: Schedule, planned: Plan, now: datetime) -> datetime | None:
    """The latest time for which a job is to be made and was not yet. Of several that were missed only that one."""
    spec, status = cron["spec"], cron.get("status") or {}
    last = status.get("lastScheduleTime") or cron["metadata"].get("creationTimestamp")
    since = parse(last) if last else now
    deadline = spec.get("startingDeadlineSeconds")
    earliest = since if deadline is None else max(since, now - timedelta(seconds=deadline))
    upcoming = following(schedule, latest(schedule, since, now, planned.zone) or since, planned.zone)
    if upcoming is None:
        planned.warn("InvalidSchedule", f'invalid schedule: "{spec["schedule"]}" : it never comes')
        return None
    planned.again = max((upcoming - now).total_seconds(), 0.0) + _DELAY_SECONDS
    found = latest(schedule, earliest, now, planned.zone)
    if found is not None and _missed(schedule, earliest, now, planned.zone) > TOO_MANY_MISSED:
        planned.warn(
            "TooManyMissedTimes",
            "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew",
        )
    return found


def _missed(schedule: Schedule, earliest: datetime, now: datetime, zone: tzinfo) -> float:
    """About how many times there were, as if they were regular."""
    first = following(schedule, earliest, zone)
    second = following(schedule, first, zone) if first else None
    if first is None or second is None or now < second:
        return 1
    return (now - first) // (second - first) + 1


def _take_stock(cron: Object, jobs: Sequence[Object], planned: Plan, due: str) -> None:
    """Jobs that have ended are no longer active. ``due``: the name of the one that is to be made, which may be there
    already: this process ended before it was noted."""
    active = list(planned.status.get("active") or ())
    listed = {each["uid"]: each for each in active}
    here = {each["metadata"]["uid"] for each in jobs}
    for job in jobs:
        uid, name = job["metadata"]["uid"], job["metadata"]["name"]
        if is_finished(job):
            _note_end(planned, job)
            if uid in listed:
                active.remove(listed[uid])
                kind = "Complete" if condition(job, "Complete") else "Failed"
                planned.say("SawCompletedJob", f"Saw completed job: {name}, condition: {kind}")
        elif uid not in listed and name != due:
            planned.warn("UnexpectedJob", f"Saw a job that the controller did not create or forgot: {name}")
    for each in tuple(active):
        if each["uid"] not in here:
            active.remove(each)
            planned.say("MissingJob", f"Active job went missing: {each['name']}")
    _set_active(planned, active)


def _set_active(planned: Plan, active: list[Object]) -> None:
    planned.status.pop("active", None)
    if active:
        planned.status["active"] = active


def _note_end(planned: Plan, job: Object) -> None:
    ended = (job.get("status") or {}).get("completionTime")
    last = planned.status.get("lastSuccessfulTime")
    if condition(job, "Complete") and ended and (not last or parse(last) < parse(ended)):
        planned.status["lastSuccessfulTime"] = ended


def _begin(cron: Object, jobs: Sequence[Object], planned: Plan, due: datetime) -> None:
    active, policy = planned.status.get("active") or [], cron["spec"].get("concurrencyPolicy", "Allow")
    name = job_name(cron, due)
    if any(each["name"] == name for each in active):
        return
    planned.known = next((each for each in jobs if each["metadata"]["name"] == name), None)
    if planned.known is None and policy == "Forbid" and active:
        message = "Not starting job because prior execution is running and concurrency policy is Forbid"
        planned.say("JobAlreadyActive", message)
        return
    if planned.known is None and policy == "Replace":
        uids = {each["uid"] for each in active}
        planned.replace = [each for each in jobs if each["metadata"]["uid"] in uids]
        _set_active(planned, [])
    planned.create = due
    planned.status["lastScheduleTime"] = rfc3339(due)


def _forget(cron: Object, jobs: Sequence[Object], planned: Plan) -> None:
    """Of jobs that have ended so many are kept, the latest."""
    ended = [each for each in jobs if is_finished(each) and not is_deleting(each)]
    ended.sort(key=lambda each: ((each.get("status") or {}).get("startTime") or "", each["metadata"]["name"]))
    good = [each for each in ended if condition(each, "Complete")]
    bad = [each for each in ended if not condition(each, "Complete")]
    for those, name in ((good, "successfulJobsHistoryLimit"), (bad, "failedJobsHistoryLimit")):
        limit = cron["spec"].get(name)
        if limit is not None:
            planned.forget += those[: max(len(those) - limit, 0)]
