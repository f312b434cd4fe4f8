from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.unit.kube.controllers.job.jobs import indexed, job, job_pod, uids
from wherry.kube.controllers.job import backoff
from wherry.kube.controllers.job.counted import count
from wherry.kube.controllers.job.plan import AT_ONCE, DONE, Plan, Verdict, plan
from wherry.kube.machinery.model import Object

NOW = datetime(2026, 1, 2, tzinfo=UTC)
DELETED: Any = {"deletionTimestamp": "2026-01-01T00:01:00Z", "deletionGracePeriodSeconds": 30}


def planned(mine: Object, *pods: Object, record: backoff.Record = backoff.NOTHING, now: datetime = NOW) -> Plan:
    return plan(mine, pods, count(mine, pods), record, now)


def running(number: int) -> list[Object]:
    return [job_pod(f"r{each}") for each in range(number)]


@pytest.mark.parametrize(
    ("spec", "succeeded", "active", "create"),
    [
        ({}, 0, 0, 2),
        ({}, 0, 1, 1),
        ({}, 2, 0, 1),
        ({}, 1, 2, 0),
        ({"parallelism": 0}, 0, 0, 0),
        ({"completions": None}, 0, 1, 1),
        ({"completions": None}, 1, 1, 0),
        ({"completions": 2000, "parallelism": 2000}, 0, 0, AT_ONCE),
        ({"suspend": True}, 0, 0, 0),
    ],
)
def test_how_many_pods_are_made(spec: dict[str, Any], succeeded: int, active: int, create: int) -> None:
    found = planned(job(**spec, status={"succeeded": succeeded}), *running(active))
    assert found == Plan(create=(None,) * create)


def test_too_many_pods_go_the_least_useful_first() -> None:
    pods = [job_pod("good"), job_pod("pending", "Pending"), job_pod("other")]
    assert uids(planned(job(), *pods).delete) == ["pending"]
    assert uids(planned(job(status={"succeeded": 3}), *pods).delete) == ["good", "pending", "other"]


def test_a_suspended_job_has_no_pods() -> None:
    assert uids(planned(job(suspend=True), *running(2)).delete) == ["r0", "r1"]


def test_pods_that_are_ending_are_replaced_at_once_or_when_they_have_ended() -> None:
    ending = job_pod("x", "Running", **DELETED)
    assert planned(job(backoffLimit=6), ending).create == (None, None)
    assert planned(job(podReplacementPolicy="Failed"), ending).create == (None,)
    only = indexed(parallelism=3, podReplacementPolicy="Failed")
    assert planned(only, job_pod("x", "Running", 1, **DELETED)).create == (0, 2)


@pytest.mark.parametrize(
    ("spec", "status", "active", "done"),
    [
        ({}, {"succeeded": 3}, 0, True),
        ({}, {"succeeded": 2}, 0, False),
        ({"completions": 0}, {}, 0, True),
        ({"completions": None}, {"succeeded": 1}, 0, True),
        ({"completions": None}, {"succeeded": 1}, 1, False),
        ({"completions": None, "parallelism": 0}, {}, 0, False),
    ],
)
def test_when_a_job_is_done(spec: dict[str, Any], status: Object, active: int, done: bool) -> None:
    assert planned(job(**spec, status=status), *running(active)).verdict == (DONE if done else None)


def failed(number: int) -> list[Object]:
    return [job_pod(f"f{each}", "Failed") for each in range(number)]


def test_a_job_fails_when_too_many_pods_did() -> None:
    limit = Verdict(False, "BackoffLimitExceeded", "Job has reached the specified backoff limit")
    found = planned(job(backoffLimit=1), *failed(2), *running(1))
    assert found.verdict == limit and uids(found.end) == ["r0"] and not found.create
    assert planned(job(backoffLimit=1), *failed(1), *running(2)).verdict is None
    assert planned(job(backoffLimit=1, status={"failed": 2})).verdict == limit


@pytest.mark.parametrize(("limit", "restarts", "fails"), [(0, 0, False), (0, 1, True), (3, 2, False), (3, 3, True)])
def test_restarts_within_a_pod_count_as_well(limit: int, restarts: int, fails: bool) -> None:
    mine = job(backoffLimit=limit)
    mine["spec"]["template"]["spec"]["restartPolicy"] = "OnFailure"
    pod = job_pod("a")
    pod["status"] |= {
        "containerStatuses": [{"name": "c", "restartCount": restarts}], "initContainerStatuses": [{"name": "i"}],
    }  # fmt: skip
    assert (planned(mine, pod).verdict is not None) is fails


def test_a_job_fails_when_its_time_is_over() -> None:
    mine = job(activeDeadlineSeconds=60, status={"startTime": "2026-01-01T23:59:30Z"})
    assert planned(mine, *running(2)) == Plan(again=30.0)
    found = planned(mine, *running(2), now=NOW + timedelta(seconds=30))
    assert found.verdict == Verdict(False, "DeadlineExceeded", "Job was active longer than specified deadline")
    suspended = {**mine, "spec": {**mine["spec"], "suspend": True}}
    assert planned(suspended, now=NOW + timedelta(days=1)).verdict is None


def test_a_pod_may_fail_the_job() -> None:
    rules = [{"action": "FailJob", "onExitCodes": {"operator": "In", "values": [42]}}]
    found = planned(job(podFailurePolicy={"rules": rules}), job_pod("a", "Failed", code=42))
    assert found.verdict is not None and found.verdict.reason == "PodFailurePolicy"
    assert found.verdict.message.endswith("failed with exit code 42 matching FailJob rule at index 0")


@pytest.mark.parametrize("kind", ["SuccessCriteriaMet", "FailureTarget"])
def test_what_was_decided_stays_so(kind: str) -> None:
    said = {"type": kind, "status": "True", "reason": "R", "message": "m"}
    found = planned(job(status={"conditions": [said]}), *running(1), *failed(9))
    assert found.verdict == Verdict(kind == "SuccessCriteriaMet", "R", "m", is_known=True)
    assert uids(found.end) == ["r0"] and not found.create


def test_after_a_failure_it_waits() -> None:
    record = backoff.Record(1, NOW - timedelta(seconds=4))
    assert planned(job(), *failed(1), record=record) == Plan(again=6.0)
    mine = job(activeDeadlineSeconds=60, status={"startTime": "2026-01-01T23:59:03Z"})
    assert planned(mine, *failed(1), record=record) == Plan(again=3.0)


def test_one_that_is_being_deleted_makes_nothing() -> None:
    mine = job()
    mine["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert planned(mine) == Plan()


# Indexed


def test_the_lowest_indexes_are_made() -> None:
    mine = indexed(completions=5, parallelism=3, status={"completedIndexes": "0"})
    assert planned(mine, job_pod("a", index=2)).create == (1, 3)


def test_pods_of_no_index_and_all_but_the_best_of_each_go_before_others_are_made() -> None:
    mine = indexed(completions=3, parallelism=3)
    pods = [
        job_pod("none"), job_pod("high", index=7), job_pod("one", "Pending", 1), job_pod("better", index=1),
    ]  # fmt: skip
    found = planned(mine, *pods)
    assert sorted(uids(found.delete)) == ["high", "none", "one"] and not found.create
    less = indexed(completions=1, parallelism=1)
    assert sorted(uids(planned(less, *pods).delete)) == ["better", "high", "none", "one"]


def test_each_index_has_failures_of_its_own() -> None:
    mine = indexed(completions=3, parallelism=3, backoffLimit=2**31 - 1, backoffLimitPerIndex=1)
    last = job_pod("a", "Failed", 0, failures=(0, 0), ended="2026-01-01T23:59:55Z")
    assert planned(mine, last) == Plan(create=(1, 2), again=5.0)
    assert planned(mine, last, now=NOW + timedelta(seconds=6)).create == (0, 1, 2)
    over = job_pod("b", "Failed", 1, failures=(1, 0))
    assert planned(mine, over).create == (0, 2)


def test_indexes_that_failed_fail_the_job_at_the_end_or_when_they_are_too_many() -> None:
    spec: dict[str, Any] = {"completions": 3, "backoffLimit": 2**31 - 1, "backoffLimitPerIndex": 0}
    pods = [job_pod(f"f{index}", "Failed", index, failures=(0, 0)) for index in (0, 1)]
    assert planned(indexed(**spec), *pods).verdict is None
    found = planned(indexed(**spec), *pods, job_pod("s", "Succeeded", 2))
    assert found.verdict == Verdict(False, "FailedIndexes", "Job has failed indexes")
    found = planned(indexed(**spec, maxFailedIndexes=1), *pods)
    assert found.verdict is not None and found.verdict.reason == "MaxFailedIndexesExceeded"
    assert found.verdict.message == "Job has exceeded the specified maximal number of failed indexes"


def test_some_indexes_may_be_enough() -> None:
    mine = indexed(completions=9, successPolicy={"rules": [{"succeededIndexes": "0"}]})
    found = planned(mine, job_pod("a", "Succeeded", 0), job_pod("b", index=1))
    assert found.verdict == Verdict(True, "SuccessPolicy", "Matched rules at index 0") and uids(found.end) == ["b"]
