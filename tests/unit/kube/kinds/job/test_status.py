"""Rules of a job's status."""

from typing import Any

import pytest

from tests.unit.kube.kinds.objects import made, said
from tests.unit.kube.kinds.workloads import job
from wherry.kube.kinds.job import KIND
from wherry.kube.kinds.job.status import validate_status
from wherry.kube.machinery.model import Object

START, END = "2026-01-02T03:00:00Z", "2026-01-02T03:01:00Z"


def held(*kinds: str, **fields: Any) -> Object:
    return {"conditions": [{"type": kind, "status": "True"} for kind in kinds], **fields}


def wrong(status: Object, before: Object | None = None, **spec: Any) -> list[str]:
    obj = made(KIND, spec=job(**spec))
    return said(validate_status({**obj, "status": status}, {**obj, "status": before or {}}))


DONE = held("SuccessCriteriaMet", "Complete", startTime=START, completionTime=END)
LOST = held("FailureTarget", "Failed", startTime=START)


@pytest.mark.parametrize("status", [{}, {"active": 1, "ready": 1, "startTime": START}, DONE, LOST])
def test_what_is_right(status: Object) -> None:
    assert wrong(status) == []
    assert wrong(status, status) == []


@pytest.mark.parametrize(
    ("status", "errors"),
    [
        ({"terminating": -1}, ["status.terminating: Invalid value: -1: must be greater than or equal to 0"]),
        ({"ready": 2, "active": 1}, ["status.ready: Invalid value: 2: cannot set more ready pods than active"]),
        ({"uncountedTerminatedPods": {"succeeded": ["a", ""], "failed": ["a"]}},
         ['status.uncountedTerminatedPods.succeeded[1]: Invalid value: "": must not be empty',
          'status.uncountedTerminatedPods.failed[0]: Duplicate value: "a"']),
        (held("SuccessCriteriaMet", "Complete", startTime=START),
         ["status.completionTime: Required value: completionTime is required for Complete jobs"]),
        ({"completionTime": END, "startTime": START},
         [f'status.completionTime: Invalid value: "{END}": cannot set completionTime when there is no Complete=True '
          "condition"]),
        (held("SuccessCriteriaMet", "Complete", startTime=END, completionTime=START),
         [f'status.completionTime: Invalid value: "{START}": completionTime cannot be set before startTime']),
        (held("FailureTarget", "Failed"), ["status.startTime: Required value: startTime is required for finished job"]),
        (held("Complete", startTime=START, completionTime=END),
         ["status.conditions: Invalid value: cannot set Complete=True condition without the SuccessCriteriaMet=true "
          "condition"]),
        (held("Failed", startTime=START),
         ["status.conditions: Invalid value: cannot set Failed=True condition without the FailureTarget=true "
          "condition"]),
        (held("SuccessCriteriaMet", "FailureTarget"),
         ["status.conditions: Invalid value: cannot set SuccessCriteriaMet=True and FailureTarget=true conditions"]),
        ({**LOST, "active": 1, "terminating": 1},
         ["status.active: Invalid value: 1: active>0 is invalid for finished job",
          "status.terminating: Invalid value: 1: terminating>0 is invalid for finished job"]),
        ({**LOST, "uncountedTerminatedPods": {"failed": ["a"]}},
         ['status.uncountedTerminatedPods: Invalid value: {"failed":["a"]}: uncountedTerminatedPods needs to be empty '
          "for finished job"]),
        ({"completedIndexes": "0"},
         ['status.completedIndexes: Invalid value: "0": cannot set non-empty completedIndexes when non-indexed '
          "completion mode"]),
        ({"failedIndexes": "0"},
         ['status.failedIndexes: Invalid value: "0": cannot set non-null failedIndexes when backoffLimitPerIndex is '
          "null"]),
    ],
)  # fmt: skip
def test_what_is_wrong(status: Object, errors: list[str]) -> None:
    assert wrong(status) == errors


@pytest.mark.parametrize(
    ("before", "status", "errors"),
    [
        (DONE, held("SuccessCriteriaMet", startTime=START, completionTime=END),
         ["status.conditions: Invalid value: cannot disable the terminal Complete=True condition",
          f'status.completionTime: Invalid value: "{END}": cannot set completionTime when there is no Complete=True '
          "condition"]),
        (DONE, {**DONE, "completionTime": "2026-01-02T03:02:00Z"},
         ['status.completionTime: Invalid value: "2026-01-02T03:02:00Z": completionTime cannot be mutated']),
        ({"startTime": START}, {},
         ["status.startTime: Required value: startTime cannot be removed for unsuspended job"]),
        ({"failed": 2, "succeeded": 1}, {"failed": 1},
         ["status.failed: Invalid value: 1: cannot decrease the failed counter",
          "status.succeeded: Invalid value: 0: cannot decrease the succeeded counter"]),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_back(before: Object, status: Object, errors: list[str]) -> None:
    assert wrong(status, before) == errors


def test_indexes_that_succeeded_have_not_failed() -> None:
    indexed: Object = {"completionMode": "Indexed", "completions": 5, "backoffLimitPerIndex": 1}
    assert wrong({"completedIndexes": "0-2", "failedIndexes": "3"}, **indexed) == []
    assert wrong({"completedIndexes": "0-2", "failedIndexes": "2,3"}, **indexed) == [
        'status.failedIndexes: Invalid value: "2,3": failedIndexes and completedIndexes overlap at index: 2'
    ]
    assert wrong({"completedIndexes": "9"}, **indexed) == [
        'status.completedIndexes: Invalid value: "9": error parsing completedIndexes: too large index: "9"'
    ]


def test_an_indexed_job_that_shrinks_forgets_successes() -> None:
    sized: Object = {"completionMode": "Indexed", "completions": 2, "parallelism": 2}
    assert wrong({"succeeded": 1}, {"succeeded": 2}, **sized) == []


def test_a_job_that_is_resumed_begins_anew() -> None:
    """kubernetes/kubernetes#134521."""
    before, resumed = held("Suspended", startTime=START), {"type": "Suspended", "status": "False"}
    assert wrong({"startTime": END, "conditions": [resumed]}, before) == []
    expected = ["status.startTime: Required value: startTime cannot be removed for unsuspended job"]
    assert wrong({**before, "startTime": END}, before) == expected
    assert wrong({"conditions": [resumed]}, before) == expected
