from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.kube.controllers.job.jobs import job_pod
from wherry.kube.controllers.job import backoff
from wherry.kube.machinery.model import Object

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def ended(phase: str, second: int) -> Object:
    return job_pod(f"p{second}", phase, ended=f"2026-01-01T00:00:{second:02}Z")


def at(second: int) -> datetime:
    return NOW + timedelta(seconds=second)


@pytest.mark.parametrize(
    ("failures", "passed", "expected"),
    [(0, 0, 0), (1, 0, 10), (1, 4, 6), (1, 11, 0), (2, 0, 20), (3, 0, 40), (6, 0, 320), (7, 0, 600), (90, 0, 600)],
)
def test_the_pause_doubles_with_each_failure(failures: int, passed: int, expected: int) -> None:
    assert backoff.Record(failures, NOW).seconds_left(at(passed)) == expected


def test_failures_add_up_until_there_is_a_success() -> None:
    record = backoff.after(backoff.NOTHING, [], [ended("Failed", 5), ended("Failed", 3)])
    assert record == backoff.Record(2, at(5)) and backoff.after(record, [], []) == record
    assert backoff.after(record, [], [ended("Failed", 9)]) == backoff.Record(3, at(9))
    assert backoff.after(record, [ended("Succeeded", 9)], []) == backoff.NOTHING
    mixed = backoff.after(record, [ended("Succeeded", 6)], [ended("Failed", 4), ended("Failed", 7), ended("Failed", 8)])
    assert mixed == backoff.Record(2, at(8))
    assert backoff.after(record, [ended("Succeeded", 8)], [ended("Failed", 8)]) == backoff.NOTHING


def test_an_index_waits_by_what_its_last_pod_remembers() -> None:
    assert backoff.of_index(None) == backoff.NOTHING
    last = job_pod("p", "Failed", 1, failures=(2, 1), ended="2026-01-01T00:00:05Z")
    assert backoff.of_index(last) == backoff.Record(4, at(5))
