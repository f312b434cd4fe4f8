from typing import Any

from tests.unit.kube.controllers.job.jobs import indexed, job, job_pod, uids
from wherry.kube.controllers.job.counted import count
from wherry.kube.controllers.job.indexes import Indexes

DELETED: Any = {"deletionTimestamp": "2026-01-01T00:01:00Z", "deletionGracePeriodSeconds": 30}


def test_pods_are_counted_with_those_that_the_status_knows() -> None:
    status = {"succeeded": 5, "failed": 1, "uncountedTerminatedPods": {"succeeded": ["uid-s1"], "failed": ["uid-f1"]}}
    pods = [
        job_pod("a"), job_pod("pending", "Pending"), job_pod("s1", "Succeeded"), job_pod("s2", "Succeeded"),
        job_pod("s3", "Succeeded", tracked=False), job_pod("f1", "Failed"), job_pod("f2", "Failed"),
        job_pod("gone", "Running", **DELETED),
    ]  # fmt: skip
    found = count(job(status=status), pods)
    assert uids(found.active) == ["a", "pending"] and (found.ready, found.terminating) == (1, 1)
    assert uids(found.new_succeeded) == ["s2"] and uids(found.new_failed) == ["f2", "gone"]
    assert (found.succeeded, found.failed) == (7, 4)
    assert found.failed_indexes is None and found.last_failed == {}


def test_failures_that_are_ignored_do_not_count() -> None:
    rules = [{"action": "Ignore", "onExitCodes": {"operator": "In", "values": [7]}}]
    mine = job(podFailurePolicy={"rules": rules})
    found = count(mine, [job_pod("f1", "Failed", code=7), job_pod("f2", "Failed")])
    assert found.failed == 1 and uids(found.new_failed) == ["f1", "f2"]


def test_an_indexed_job_counts_indexes() -> None:
    mine = indexed(completions=6, status={"completedIndexes": "0,1", "succeeded": 2})
    pods = [
        job_pod("a", "Succeeded", 1), job_pod("b", "Succeeded", 4), job_pod("c", "Succeeded", 4),
        job_pod("d", "Succeeded", 9), job_pod("e", "Succeeded", 5, tracked=False), job_pod("f", "Failed"),
    ]  # fmt: skip
    found = count(mine, pods)
    assert (str(found.done_before), str(found.done), found.succeeded) == ("0,1", "0,1,4", 3)
    assert uids(found.new_succeeded) == ["a", "b", "c"] and not found.new_failed


def test_an_index_that_failed_too_often_is_given_up_and_others_keep_their_last_pod() -> None:
    rules = [
        {"action": "FailIndex", "onExitCodes": {"operator": "In", "values": [9]}},
        {"action": "Ignore", "onExitCodes": {"operator": "In", "values": [7]}},
    ]
    mine = indexed(completions=9, backoffLimitPerIndex=1, podFailurePolicy={"rules": rules})
    pods = [
        job_pod("a", "Failed", 0, failures=(1, 0)),
        job_pod("b", "Failed", 1, failures=(0, 0), code=9),
        job_pod("c", "Failed", 2, failures=(1, 0), code=7),
        job_pod("d1", "Failed", 3, failures=(0, 0)),
        job_pod("d2", "Failed", 3, failures=(0, 0), ended="2026-01-01T00:01:00Z"),
        job_pod("e1", "Failed", 4, failures=(0, 0)), job_pod("e2", "Running", 4, failures=(1, 0)),
        job_pod("f1", "Failed", 5, failures=(0, 0)), job_pod("f2", "Succeeded", 5, failures=(1, 0)),
        job_pod("g", "Failed", 6, failures=(0, 0), tracked=False), job_pod("h", "Failed"),
    ]  # fmt: skip
    found = count(mine, pods)
    assert found.failed_indexes == Indexes.of([0, 1])
    assert {index: uids([each])[0] for index, each in found.last_failed.items()} == {2: "c", 3: "d2"}
