from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.unit.kube.controllers.cronjob.crons import CREATED, cron, entry, job
from wherry.kube.controllers.cronjob.making import job_name
from wherry.kube.controllers.cronjob.plan import Plan, plan
from wherry.kube.machinery.model import Object

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return BEGIN + timedelta(minutes=minutes)


def said(planned: Plan) -> list[tuple[str, str]]:
    return [(each.reason, each.message) for each in planned.says]


def ran(minutes: int, **more: Any) -> Object:
    return {"lastScheduleTime": f"2026-01-01T00:{minutes:02}:00Z", **more}


def names(jobs: list[Object]) -> list[str]:
    return [each["metadata"]["name"] for each in jobs]


@pytest.mark.parametrize(
    ("status", "minutes", "due", "again"),
    [
        ({}, 0, None, 300.1),
        ({}, 4, None, 60.1),
        ({}, 5, 5, 300.1),
        ({}, 7, 5, 180.1),
        ({}, 23, 20, 120.1),  # of those that were missed the latest
        (ran(5), 5, None, 300.1),
        (ran(5), 9.5, None, 30.1),
        (ran(5), 10, 10, 300.1),
    ],
)
def test_when_a_job_is_due(status: Object, minutes: float, due: int | None, again: float) -> None:
    planned = plan(cron(status=status), [], at(minutes))
    assert planned.create == (at(due) if due else None) and planned.again == pytest.approx(again)
    assert planned.status.get("lastScheduleTime") == (
        f"2026-01-01T00:{due:02}:00Z" if due else status.get("lastScheduleTime")
    )


def test_one_that_is_too_late_is_not_begun() -> None:
    late = cron(startingDeadlineSeconds=60)
    assert plan(late, [], at(5.9)).create == at(5) and plan(late, [], at(6.1)).create is None


def test_too_many_that_were_missed_are_said() -> None:
    planned = plan(cron("* * * * *"), [], at(300))
    assert planned.create == at(300) and [reason for reason, _ in said(planned)] == ["TooManyMissedTimes"]
    assert not said(plan(cron("* * * * *", startingDeadlineSeconds=600), [], at(300)))
    assert not said(plan(cron("* * * * *"), [], at(90)))


@pytest.mark.parametrize(
    ("spec", "reason", "message"),
    [
        ({"schedule": "odd"}, "UnparseableSchedule",
         'unparseable schedule: "odd" : expected exactly 5 fields, found 1: [odd]'),
        ({"timeZone": "Mars/Base"}, "UnknownTimeZone", 'invalid timeZone: "Mars/Base": unknown time zone Mars/Base'),
        ({"schedule": "0 0 31 2 *"}, "InvalidSchedule", 'invalid schedule: "0 0 31 2 *" : it never comes'),
    ],
)  # fmt: skip
def test_a_schedule_that_is_none_is_said(spec: Any, reason: str, message: str) -> None:
    planned = plan(cron(**spec), [], at(10))
    assert said(planned) == [(reason, message)] and planned.create is None and planned.again is None


def test_a_schedule_may_have_a_time_zone() -> None:
    planned = plan(cron("0 5 * * *", timeZone="Asia/Kolkata"), [], at(0))
    assert planned.create is None and planned.again == pytest.approx(23.5 * 3600 + 0.1)


def test_a_suspended_one_and_one_that_is_being_deleted_begin_nothing() -> None:
    dying = cron()
    dying["metadata"]["deletionTimestamp"] = CREATED
    for each in (cron(suspend=True), dying):
        planned = plan(each, [], at(10))
        assert planned.create is None and planned.again is None


def test_jobs_that_have_ended_are_no_longer_active() -> None:
    status = ran(5, active=[entry("a"), entry("b"), entry("c"), entry("gone")])
    jobs = [job("a", "Complete", start="2026-01-01T00:06:00Z"), job("b", "Failed"), job("c"), job("other")]
    planned = plan(cron(status=status), jobs, at(6))
    assert said(planned) == [
        ("SawCompletedJob", "Saw completed job: a, condition: Complete"),
        ("SawCompletedJob", "Saw completed job: b, condition: Failed"),
        ("UnexpectedJob", "Saw a job that the controller did not create or forgot: other"),
        ("MissingJob", "Active job went missing: gone"),
    ]
    assert planned.status == ran(5, active=[entry("c")], lastSuccessfulTime="2026-01-01T00:06:00Z")
    later = plan(cron(status=planned.status), [job("d", "Complete", start="2026-01-01T00:01:00Z")], at(6))
    assert later.status["lastSuccessfulTime"] == "2026-01-01T00:06:00Z"


@pytest.mark.parametrize(
    ("policy", "begins", "replaced"), [("Allow", True, []), ("Forbid", False, []), ("Replace", True, ["a"])]
)
def test_while_another_runs(policy: str, begins: bool, replaced: list[str]) -> None:
    mine = cron(concurrencyPolicy=policy, status=ran(5, active=[entry("a")]))
    planned = plan(mine, [job("a"), job("b", "Complete")], at(10))
    assert (planned.create is not None) is begins and names(planned.replace) == replaced
    if policy == "Forbid":
        message = "Not starting job because prior execution is running and concurrency policy is Forbid"
        assert said(planned) == [("JobAlreadyActive", message)]
        assert planned.status["lastScheduleTime"] == "2026-01-01T00:05:00Z"
    assert ("active" in planned.status) is (policy != "Replace")


def test_a_job_that_was_made_but_not_noted_is_noted() -> None:
    mine = cron(concurrencyPolicy="Forbid")
    made = job(job_name(mine, at(5)))
    planned = plan(mine, [made], at(6))
    assert planned.create == at(5) and planned.known == made and not said(planned)
    listed = cron(status={"active": [entry(made["metadata"]["name"])]})
    assert plan(listed, [made], at(6)).create is None


def test_of_jobs_that_have_ended_the_latest_are_kept() -> None:
    good = [job(f"g{number}", "Complete", start=f"2026-01-01T00:0{number}:00Z") for number in range(4)]
    bad = [job(f"b{number}", "Failed", start=f"2026-01-01T00:0{number}:00Z") for number in range(3)]
    dying = job("dying", "Failed", deletionTimestamp=CREATED)
    planned = plan(cron(), [*bad, *reversed(good), dying, job("runs")], at(1))
    assert names(planned.forget) == ["g0", "b0", "b1"]
    assert names(plan(cron(failedJobsHistoryLimit=0), bad, at(1)).forget) == ["b0", "b1", "b2"]
    assert plan(cron(failedJobsHistoryLimit=None), bad, at(1)).forget == []
