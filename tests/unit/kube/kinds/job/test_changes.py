"""What may change in a job's pod template."""

from copy import deepcopy
from typing import Any

import pytest

from tests.unit.kube.kinds.objects import made
from tests.unit.kube.kinds.workloads import job
from wherry.kube.kinds.job import KIND
from wherry.kube.kinds.job.changes import may_reschedule, validate_template_change
from wherry.kube.machinery.model import Object


def suspended(**status: Any) -> Object:
    return {**made(KIND, spec=job(suspend=True)), "status": status}


@pytest.mark.parametrize(
    ("status", "may"),
    [
        ({}, True),
        ({"startTime": "2026-01-01T00:00:00Z"}, False),
        ({"startTime": "2026-01-01T00:00:00Z", "conditions": [{"type": "Suspended", "status": "True"}]}, True),
        ({"active": 1}, False),
    ],
)
def test_a_suspended_job_without_pods_may_go_elsewhere(status: Object, may: bool) -> None:
    assert may_reschedule(suspended(**status)) is may
    assert not may_reschedule(made(KIND, spec=job()))


def with_pod(obj: Object, **fields: Any) -> Object:
    new = deepcopy(obj)
    new["spec"]["template"]["spec"].update(fields)
    return new


def test_where_its_pods_run_may_change() -> None:
    old = suspended()
    new = with_pod(old, nodeSelector={"a": "b"}, tolerations=[{"key": "x"}], schedulingGates=[{"name": "g"}])
    new["spec"]["template"]["metadata"]["annotations"] = {"a": "b"}
    new["spec"]["template"]["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "1"}}
    assert validate_template_change(new, old) == []
    (error,) = validate_template_change(with_pod(old, hostNetwork=True), old)
    assert str(error).startswith("spec.template: Invalid value: ")
    assert str(error).endswith(": field is immutable")


def test_nothing_changes_while_it_runs() -> None:
    old = made(KIND, spec=job())
    assert validate_template_change(old, old) == []
    assert len(validate_template_change(with_pod(old, nodeSelector={"a": "b"}), old)) == 1
