"""Defaults and rules of CronJobs (k8s.io/kubernetes pkg/apis/batch)."""

import re
from collections.abc import Sequence

from wherry.kube.kinds import templates
from wherry.kube.kinds.checking import choice, set_default
from wherry.kube.kinds.cronjob import schedule
from wherry.kube.kinds.jobspec.rules import job_warnings, validate_job_spec
from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.rules import METADATA, SPEC, Found, counts, name_of, surprising_name, unsupported
from wherry.kube.machinery.fielderrors import FieldError, Path, invalid, required
from wherry.kube.machinery.model import Object

_LONGEST_NAME = 52
"""Characters: its jobs have 11 more, and 63 at most."""
_ZONE_PART = re.compile(r"[A-Za-z._0-9+-]{1,14}")
_JOB = SPEC.child("jobTemplate", "spec")


class CronJobStrategy(Strategy):
    def default(self, obj: Object) -> None:
        spec = obj.setdefault("spec", {})
        set_default(spec, concurrencyPolicy="Allow", suspend=False)
        set_default(spec, successfulJobsHistoryLimit=3, failedJobsHistoryLimit=1)
        job = spec.setdefault("jobTemplate", {}).setdefault("spec", {})
        for rule in job.get("podFailurePolicy", {}).get("rules") or ():
            for pattern in rule.get("onPodConditions") or ():
                set_default(pattern, status="True")
        templates.default_template(job)

    def default_status(self, obj: Object) -> None:
        """Nothing in it has a default."""

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        found = _validate_spec(obj.get("spec", {}), None)
        if len(name_of(obj)) > _LONGEST_NAME:
            why = f"must be no more than {_LONGEST_NAME} characters"
            found.append(invalid(METADATA.child("name"), name_of(obj), why))
        return found

    def validate_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        return _validate_spec(obj.get("spec", {}), old.get("spec", {}))

    def warnings(self, obj: Object, old: Object | None) -> Sequence[str]:
        found = surprising_name(obj) if old is None else []
        return found + job_warnings(obj.get("spec", {}).get("jobTemplate", {}).get("spec", {}), _JOB)


def _validate_spec(spec: Object, old: Object | None) -> Found:
    text, where = spec.get("schedule", ""), SPEC.child("schedule")
    found = _validate_schedule(text, where) if text else [required(where)]
    found += counts(SPEC, spec, "startingDeadlineSeconds")
    zone = spec.get("timeZone")
    if zone is not None and (old is None or zone != old.get("timeZone")):
        found += _validate_zone(zone, SPEC.child("timeZone"))
    policies = ("Allow", "Forbid", "Replace")
    found += choice(SPEC.child("concurrencyPolicy"), spec.get("concurrencyPolicy", ""), policies)
    job = spec.get("jobTemplate", {}).get("spec", {})
    found += validate_job_spec(job, _JOB)
    if job.get("selector") is not None:
        found.append(invalid(_JOB.child("selector"), job["selector"], "`selector` will be auto-generated"))
    if job.get("manualSelector"):
        found.append(unsupported(_JOB.child("manualSelector"), True, "nil", "false"))
    return found + counts(SPEC, spec, "successfulJobsHistoryLimit", "failedJobsHistoryLimit")


def _validate_schedule(text: str, path: Path) -> Found:
    found: Found = []
    try:
        schedule.parse(text)
    except ValueError as error:
        found.append(invalid(path, text, str(error)))
    if "TZ" in text:
        found.append(invalid(path, text, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"))
    return found


def _validate_zone(zone: str, path: Path) -> Found:
    if not zone:
        return [invalid(path, zone, "timeZone must be nil or non-empty string")]
    parts = zone.split("/")
    if any(part in (".", "..") or part.startswith("-") or not _ZONE_PART.fullmatch(part) for part in parts):
        return [invalid(path, zone, f"unknown time zone {zone}")]
    found: Found = []
    if zone.lower() == "local":
        why = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"
        found.append(invalid(path, zone, why))
    return found if _is_known(zone) else [*found, invalid(path, zone, f"unknown time zone {zone}")]


def _is_known(zone: str) -> bool:
    from zoneinfo import ZoneInfo

    try:
        return bool(ZoneInfo(zone))
    except (KeyError, OSError, ValueError):  # a directory of zones is no zone
        return False
