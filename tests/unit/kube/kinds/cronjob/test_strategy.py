"""Defaults and rules of CronJobs, and what is shown of them."""

from typing import Any

import pytest

from tests.unit.kube.kinds.objects import NOW, changed, created, made
from tests.unit.kube.kinds.workloads import job
from wherry.kube.kinds.cronjob import KIND
from wherry.kube.machinery.model import Object


def cron(job_fields: Object | None = None, **spec: Any) -> Object:
    return {"schedule": "0 * * * *", "jobTemplate": {"spec": job(**(job_fields or {}))}, **spec}


def test_what_is_left_out_is_filled_in() -> None:
    spec = made(KIND, spec=cron())["spec"]
    assert (spec["concurrencyPolicy"], spec["suspend"]) == ("Allow", False)
    assert (spec["successfulJobsHistoryLimit"], spec["failedJobsHistoryLimit"]) == (3, 1)
    assert "completions" not in spec["jobTemplate"]["spec"]
    assert spec["jobTemplate"]["spec"]["template"]["spec"]["dnsPolicy"] == "ClusterFirst"


@pytest.mark.parametrize(
    ("spec", "errors"),
    [
        (cron(), []),
        (cron(timeZone="Europe/Berlin"), []),
        (cron(schedule=""), ["spec.schedule: Required value"]),
        (cron(schedule="often"),
         ['spec.schedule: Invalid value: "often": expected exactly 5 fields, found 1: [often]']),
        (cron(schedule="TZ=UTC 0 * * * *"),
         ['spec.schedule: Invalid value: "TZ=UTC 0 * * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field '
          "instead"]),
        (cron(timeZone=""), ['spec.timeZone: Invalid value: "": timeZone must be nil or non-empty string']),
        (cron(timeZone="Local"),
         ['spec.timeZone: Invalid value: "Local": timeZone must be an explicit time zone as defined in '
          "https://www.iana.org/time-zones",
          'spec.timeZone: Invalid value: "Local": unknown time zone Local']),
        (cron(timeZone="../../etc/passwd"),
         ['spec.timeZone: Invalid value: "../../etc/passwd": unknown time zone ../../etc/passwd']),
        (cron(timeZone="Nowhere"), ['spec.timeZone: Invalid value: "Nowhere": unknown time zone Nowhere']),
        (cron(concurrencyPolicy="Maybe"),
         ['spec.concurrencyPolicy: Unsupported value: "Maybe": supported values: "Allow", "Forbid", "Replace"']),
        (cron(startingDeadlineSeconds=-1),
         ["spec.startingDeadlineSeconds: Invalid value: -1: must be greater than or equal to 0"]),
        (cron({"selector": {"matchLabels": {"a": "b"}}}),
         ['spec.jobTemplate.spec.selector: Invalid value: {"matchLabels":{"a":"b"}}: `selector` will be '
          "auto-generated"]),
        (cron({"manualSelector": True}),
         ['spec.jobTemplate.spec.manualSelector: Unsupported value: true: supported values: "nil", "false"']),
        (cron({"backoffLimit": -1}),
         ["spec.jobTemplate.spec.backoffLimit: Invalid value: -1: must be greater than or equal to 0"]),
    ],
)  # fmt: skip
def test_what_is_wrong(spec: Object, errors: list[str]) -> None:
    assert created(KIND, spec=spec) == errors


def test_its_name_leaves_room_for_its_jobs() -> None:
    assert created(KIND, metadata={"name": "a" * 52}, spec=cron()) == []
    assert created(KIND, metadata={"name": "a" * 53}, spec=cron()) == [
        f'metadata.name: Invalid value: "{"a" * 53}": must be no more than 52 characters'
    ]


def test_a_zone_that_was_there_is_not_looked_at_again() -> None:
    old = made(KIND, spec=cron(timeZone="Nowhere"))
    assert changed(KIND, old, spec=cron(timeZone="Nowhere", suspend=True)) == []


def test_what_is_shown() -> None:
    obj = made(KIND, spec=cron(timeZone="UTC"))
    obj["status"] = {"active": [{}], "lastScheduleTime": "2026-01-02T03:00:05Z"}
    assert KIND.cells is not None
    assert KIND.cells(obj, NOW) == (
        "a", "0 * * * *", "UTC", "False", 1, "4m", "2m5s", "web", "nginx:1.27", "<none>",
    )  # fmt: skip
    assert KIND.cells({}, NOW)[2:6] == ("<none>", "<unset>", 0, "<none>")
