from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from tests.unit.kube.controllers.cronjob.crons import cron, job
from tests.unit.kube.controllers.workloads import reference
from wherry.kube.controllers.cronjob import making

WHEN = datetime(2026, 1, 1, 0, 5, tzinfo=UTC)


def test_a_job_is_named_by_its_minute_and_says_when_it_was_to_be() -> None:
    mine = cron()
    mine["spec"]["jobTemplate"]["metadata"] = {"labels": {"a": "b"}, "annotations": {"c": "d"}}
    made = making.new_job(mine, WHEN, UTC, reference(mine))
    assert made["metadata"] == {
        "name": "tick-29453765", "namespace": "default", "labels": {"a": "b"}, "ownerReferences": [reference(mine)],
        "annotations": {"c": "d", making.SCHEDULED: "2026-01-01T00:05:00Z"},
    }  # fmt: skip
    assert (
        made["spec"] == mine["spec"]["jobTemplate"]["spec"] and made["spec"] is not mine["spec"]["jobTemplate"]["spec"]
    )
    local = making.new_job(cron(), WHEN, ZoneInfo("Asia/Kolkata"), {})["metadata"]
    assert local["annotations"] == {making.SCHEDULED: "2026-01-01T05:35:00+05:30"} and "labels" not in local


def test_the_status_lists_where_a_job_is() -> None:
    found = job("tick-1", resourceVersion="7")
    assert making.entry_of(found) == {
        "apiVersion": "batch/v1", "kind": "Job", "name": "tick-1", "namespace": "default", "uid": "uid-tick-1",
        "resourceVersion": "7",
    }  # fmt: skip
