from typing import Any

import pytest

from wherry.kube.kinds.pod.grace import grace_of

RUNNING = {"status": {"phase": "Running"}}


@pytest.mark.parametrize(
    ("spec", "asked", "seconds"),
    [
        ({"nodeName": "n", "terminationGracePeriodSeconds": 5}, None, 5),
        ({"nodeName": "n", "terminationGracePeriodSeconds": 5}, 60, 60),
        ({"nodeName": "n", "terminationGracePeriodSeconds": 5}, 0, 0),
        ({"nodeName": "n"}, None, 30),
        ({"nodeName": "n", "terminationGracePeriodSeconds": -3}, None, 1),
        ({"terminationGracePeriodSeconds": 5}, None, 0),
        ({"terminationGracePeriodSeconds": 5}, 60, 0),
    ],
)
def test_a_pod_that_runs_is_given_its_time(spec: dict[str, Any], asked: int | None, seconds: int) -> None:
    assert grace_of({"spec": spec, **RUNNING}, asked) == seconds


@pytest.mark.parametrize("phase", ["Failed", "Succeeded"])
def test_a_pod_that_has_ended_needs_none(phase: str) -> None:
    assert grace_of({"spec": {"nodeName": "n"}, "status": {"phase": phase}}, 60) == 0
