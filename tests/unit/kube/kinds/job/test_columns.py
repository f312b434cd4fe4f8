"""The row of ``kubectl get jobs``."""

import pytest

from tests.unit.kube.kinds.objects import NOW, made
from tests.unit.kube.kinds.workloads import job
from wherry.kube.kinds.job import KIND
from wherry.kube.kinds.job.columns import cells
from wherry.kube.machinery.model import Object

TRUE = {"status": "True"}


def test_a_row() -> None:
    obj = made(KIND, spec=job())
    obj["status"] = {"succeeded": 1, "startTime": "2026-01-02T03:03:00Z", "completionTime": "2026-01-02T03:03:30Z"}
    assert cells(obj, NOW) == (
        "a", "Running", "1/1", "30s", "2m5s", "web", "nginx:1.27", "batch.kubernetes.io/controller-uid=u",
    )  # fmt: skip
    assert KIND.fields(obj)["status.successful"] == "1"


@pytest.mark.parametrize(
    ("kinds", "shown"),
    [
        (["Complete"], "Complete"),
        (["Failed"], "Failed"),
        (["Suspended"], "Suspended"),
        (["FailureTarget"], "FailureTarget"),
        ([], "Running"),
    ],
)
def test_how_far_it_is(kinds: list[str], shown: str) -> None:
    obj = {"status": {"conditions": [{"type": kind, **TRUE} for kind in kinds]}}
    assert cells(obj, NOW)[1] == shown


def test_one_that_is_going_away() -> None:
    assert cells({"metadata": {"deletionTimestamp": "2026-01-02T03:04:05Z"}}, NOW)[1] == "Terminating"


@pytest.mark.parametrize(
    ("spec", "shown"),
    [({"completions": 3}, "1/3"), ({"parallelism": 2}, "1/1 of 2"), ({"parallelism": 1}, "1/1")],
)
def test_how_many_have_succeeded(spec: Object, shown: str) -> None:
    assert cells({"spec": spec, "status": {"succeeded": 1}}, NOW)[2] == shown


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        ({}, ""),
        ({"startTime": "2026-01-02T03:03:05Z"}, "60s"),
        ({"startTime": "2026-01-02T03:03:05Z", "completionTime": "soon"}, ""),
    ],
)
def test_how_long_it_runs(status: Object, shown: str) -> None:
    assert cells({"status": status}, NOW)[3] == shown
