from datetime import UTC, datetime
from typing import Any

from tests.unit.kube.controllers.job.jobs import indexed, job, job_pod, uids
from wherry.kube.controllers.job import tracking
from wherry.kube.controllers.job.counted import count
from wherry.kube.controllers.job.plan import DONE, Verdict
from wherry.kube.machinery.model import Object

NOW = datetime(2026, 1, 2, tzinfo=UTC)
TIME = "2026-01-02T00:00:00Z"
FAILED = Verdict(False, "BackoffLimitExceeded", "too often")


def tracked(mine: Object, *pods: Object, verdict: Verdict | None = None) -> tracking.Tracked:
    return tracking.track(mine, pods, count(mine, pods), verdict, NOW)


def ended() -> list[Object]:
    return [job_pod("s", "Succeeded"), job_pod("f", "Failed"), job_pod("r"), job_pod("old", "Failed", tracked=False)]


def test_pods_that_ended_are_noted_before_they_are_released() -> None:
    found = tracked(job(status={"ready": 1}), *ended())
    assert found.status == {
        "ready": 1, "uncountedTerminatedPods": {"succeeded": ["uid-s"], "failed": ["uid-f"]},
    }  # fmt: skip
    assert uids(found.release) == ["s", "f"] and not found.has_more


def test_those_that_are_noted_are_not_noted_twice() -> None:
    first = tracked(job(), *ended())
    again = tracked(job(status=first.status), *ended())
    assert again.status == first.status and uids(again.release) == ["s", "f"]


def test_those_that_were_released_are_counted() -> None:
    status = {"failed": 1, "uncountedTerminatedPods": {"succeeded": ["uid-a", "uid-b"], "failed": ["uid-c"]}}
    assert tracking.settled(status, ["uid-b"]) == {
        "succeeded": 1, "failed": 2, "uncountedTerminatedPods": {"succeeded": ["uid-b"]},
    }  # fmt: skip
    assert tracked(job(status=status)).status == {"succeeded": 2, "failed": 2, "uncountedTerminatedPods": {}}


def test_failures_that_are_ignored_are_released_uncounted() -> None:
    rules = [{"action": "Ignore", "onExitCodes": {"operator": "In", "values": [7]}}]
    found = tracked(job(podFailurePolicy={"rules": rules}), job_pod("a", "Failed", code=7))
    assert found.status == {"uncountedTerminatedPods": {}} and uids(found.release) == ["a"]


def test_when_the_job_fails_so_do_the_pods_that_run() -> None:
    found = tracked(job(), *ended(), verdict=FAILED)
    assert found.status["uncountedTerminatedPods"]["failed"] == ["uid-f", "uid-r"]
    assert found.status["conditions"] == [
        {
            "type": "FailureTarget", "status": "True", "reason": "BackoffLimitExceeded", "message": "too often",
            "lastProbeTime": TIME, "lastTransitionTime": TIME,
        }
    ]  # fmt: skip


def test_when_enough_have_succeeded_those_that_run_are_released_uncounted() -> None:
    found = tracked(indexed(completions=3), job_pod("s", "Succeeded", 0), job_pod("r", index=1), verdict=DONE)
    assert uids(found.release) == ["s", "r"] and found.status["uncountedTerminatedPods"] == {}
    assert found.status["conditions"][0]["type"] == "SuccessCriteriaMet"
    assert (found.status["completedIndexes"], found.status["succeeded"]) == ("0", 1)


def test_a_verdict_that_is_known_is_not_said_again() -> None:
    known = Verdict(False, "R", "m", is_known=True)
    assert "conditions" not in tracked(job(), verdict=known).status


def test_of_an_indexed_job_the_indexes_are_noted() -> None:
    mine = indexed(completions=6, backoffLimitPerIndex=0, status={"completedIndexes": "0", "succeeded": 1})
    pods = [
        job_pod("a", "Succeeded", 2), job_pod("b", "Failed", 1, failures=(0, 0)), job_pod("c", "Failed"),
        job_pod("d", "Succeeded", 0),
    ]  # fmt: skip
    found = tracked(mine, *pods)
    assert found.status == {
        "completedIndexes": "0,2", "succeeded": 2, "failedIndexes": "1",
        "uncountedTerminatedPods": {"failed": ["uid-b"]},
    }  # fmt: skip
    assert uids(found.release) == ["a", "b", "c", "d"]


def test_the_last_pod_of_an_index_stays_until_there_is_another() -> None:
    mine = indexed(backoffLimitPerIndex=3)
    pods = [job_pod("a", "Failed", 1, failures=(0, 0)), job_pod("b", "Failed", 1, failures=(1, 0))]
    assert uids(tracked(mine, *pods).release) == ["a"]
    assert uids(tracked(mine, *pods, job_pod("c", index=1, failures=(2, 0))).release) == ["a", "b"]


def test_a_job_that_is_being_deleted_releases_all() -> None:
    mine = job()
    mine["metadata"]["deletionTimestamp"] = TIME
    assert uids(tracked(mine, *ended()).release) == ["s", "f", "r"]


def test_only_so_many_are_noted_at_once() -> None:
    pods = [job_pod(f"s{number}", "Succeeded") for number in range(600)]
    found = tracked(job(completions=600), *pods)
    assert len(found.release) == tracking.MOST_UNCOUNTED and found.has_more
    wide = tracked(indexed(completions=600), *(job_pod(f"s{number}", "Succeeded", number) for number in range(600)))
    assert wide.status["completedIndexes"] == "0-499" and wide.has_more


def test_a_job_is_finished_when_all_is_counted_and_no_pod_is_ending() -> None:
    said = {"type": "SuccessCriteriaMet", "status": "True"}
    status = {"succeeded": 3, "uncountedTerminatedPods": {}, "terminating": 0, "conditions": [said]}
    assert tracking.finished(job(), {**status, "terminating": 1}, DONE, NOW) is None
    assert tracking.finished(job(), {**status, "uncountedTerminatedPods": {"failed": ["x"]}}, DONE, NOW) is None
    found = tracking.finished(job(), status, DONE, NOW)
    assert found is not None and found["completionTime"] == TIME
    assert found["conditions"][1] == {
        "type": "Complete", "status": "True", "reason": "CompletionsReached",
        "message": "Reached expected number of succeeded pods", "lastProbeTime": TIME, "lastTransitionTime": TIME,
    }  # fmt: skip
    lost = tracking.finished(job(), status, FAILED, NOW)
    assert lost is not None and lost["conditions"][1]["type"] == "Failed" and "completionTime" not in lost


def test_a_job_begins_once_and_not_while_it_is_suspended() -> None:
    begun = tracking.begun(job(), NOW)
    assert begun["status"] == {"startTime": TIME} and tracking.begun(begun, NOW) is begun
    assert tracking.begun(job(suspend=True), NOW)["status"] == {}
    held = {"startTime": "2026-01-01T00:00:00Z", "conditions": [{"type": "Suspended", "status": "True"}]}
    assert tracking.begun(job(status=held), NOW)["status"]["startTime"] == TIME
    assert tracking.begun(job(suspend=True, status=held), NOW)["status"] == held


def test_suspension_is_said_and_so_is_its_end() -> None:
    assert tracking.suspension(job(), {}, NOW) == {}
    held = tracking.suspension(job(suspend=True), {"startTime": "earlier"}, NOW)
    said = {"lastProbeTime": TIME, "lastTransitionTime": TIME, "type": "Suspended"}
    assert held == {
        "startTime": "earlier",
        "conditions": [{**said, "status": "True", "reason": "JobSuspended", "message": "Job suspended"}],
    }  # fmt: skip
    assert tracking.suspension(job(suspend=True), held, NOW) is held
    assert tracking.suspension(job(), held, NOW) == {
        "startTime": "earlier",
        "conditions": [{**said, "status": "False", "reason": "JobResumed", "message": "Job resumed"}],
    }  # fmt: skip


def test_figures_are_as_the_api_shows_them() -> None:
    assert tracking.figures(0, 0, 0) == {"ready": 0, "terminating": 0}
    assert tracking.figures(2, 1, 0) == {"active": 2, "ready": 1, "terminating": 0}


def test_more_successes_than_wanted_are_too_many() -> None:
    many: Any = {"succeeded": 4}
    assert tracking.has_too_many(job(), many) and not tracking.has_too_many(job(completions=None), many)
