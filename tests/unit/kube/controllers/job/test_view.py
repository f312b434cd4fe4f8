from datetime import UTC, datetime

import pytest

from tests.unit.kube.controllers.job.jobs import indexed, job, job_pod
from wherry.kube.controllers.job import view
from wherry.kube.machinery.model import Object

DELETED = {"deletionTimestamp": "2026-01-01T00:01:00Z", "deletionGracePeriodSeconds": 30}


@pytest.mark.parametrize(
    ("manager", "ours"), [(None, True), ("kubernetes.io/job-controller", True), ("example.com/other", False)]
)
def test_whose_a_job_is(manager: str | None, ours: bool) -> None:
    assert view.is_ours(job(managedBy=manager)) is ours


def test_a_job_is_finished_when_it_says_so() -> None:
    for kind, expected in (("Complete", True), ("Failed", True), ("FailureTarget", False)):
        assert view.is_finished(job(status={"conditions": [{"type": kind, "status": "True"}]})) is expected
        assert not view.is_finished(job(status={"conditions": [{"type": kind, "status": "False"}]}))


@pytest.mark.parametrize(
    ("phase", "meta", "expected", "only_failed"),
    [
        ("Failed", {}, True, True),
        ("Running", {}, False, False),
        ("Running", DELETED, True, False),
        ("Succeeded", DELETED, False, False),
        ("Pending", DELETED, True, False),
    ],
)
def test_what_counts_as_failed(phase: str, meta: Object, expected: bool, only_failed: bool) -> None:
    found = job_pod("p", phase, **meta)
    assert view.has_failed(found, job()) is expected
    assert view.has_failed(found, job(podReplacementPolicy="Failed")) is only_failed
    assert view.has_failed(found, job(podFailurePolicy={"rules": []})) is only_failed


@pytest.mark.parametrize(("text", "expected"), [("0", 0), ("2", 2), ("3", None), ("-1", None), ("x", None), ("", None)])
def test_an_index_is_one_that_the_job_has(text: str, expected: int | None) -> None:
    found = job_pod("p", annotations={view.COMPLETION_INDEX: text})
    assert view.index_of(found, indexed()) == expected


def test_a_pod_remembers_failures() -> None:
    assert view.failures_of(job_pod("p", failures=(2, 1))) == (2, 1)
    assert view.failures_of(job_pod("p", annotations={view.FAILURE_COUNT: "x"})) == (0, 0)


def at(minute: int, second: int = 0) -> datetime:
    return datetime(2026, 1, 1, 0, minute, second, tzinfo=UTC)


def test_when_a_pod_ended() -> None:
    ended = job_pod("p", "Failed", ended="2026-01-01T00:05:00Z")
    assert view.finished_at(ended) == at(5)
    ended["spec"]["initContainers"] = [{"name": "side", "restartPolicy": "Always"}, {"name": "first"}]
    ended["status"]["initContainerStatuses"] = [
        {"name": name, "state": {"terminated": {"finishedAt": time}}}
        for name, time in (("side", "2026-01-01T00:06:00Z"), ("first", "2026-01-01T00:07:00Z"))
    ]
    assert view.finished_at(ended) == at(6)
    running = job_pod("p", "Failed")
    running["status"]["containerStatuses"] = [{"name": "c", "state": {}}]
    assert view.finished_at(running) == at(0)
    running["metadata"] |= DELETED
    assert view.finished_at(running) == at(0, 30)
    running["status"]["conditions"] = [
        {"type": "Ready", "status": "False", "lastTransitionTime": "2026-01-01T00:02:00Z"}
    ]
    assert view.finished_at(running) == at(2)
