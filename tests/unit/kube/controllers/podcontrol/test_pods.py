from datetime import UTC, datetime

import pytest

from tests.unit.kube.controllers.workloads import pod
from wherry.kube.controllers.podcontrol import pods
from wherry.kube.machinery.model import Object

NOW = datetime(2026, 1, 1, 0, 1, tzinfo=UTC)
GONE = {"deletionTimestamp": "2026-01-01T00:00:00Z"}


@pytest.mark.parametrize(
    ("phase", "meta", "active", "terminating", "over"),
    [
        ("", {}, True, False, False),
        ("Pending", {}, True, False, False),
        ("Running", {}, True, False, False),
        ("Running", GONE, False, True, False),
        ("Succeeded", {}, False, False, True),
        ("Failed", GONE, False, False, True),
    ],
)
def test_what_a_pod_counts_as(phase: str, meta: Object, active: bool, terminating: bool, over: bool) -> None:
    found = pod(phase=phase, **meta)
    assert (pods.is_active(found), pods.is_terminating(found), pods.is_over(found)) == (active, terminating, over)
    assert pods.is_deleting(found) is bool(meta)


@pytest.mark.parametrize(
    ("ready", "minimum", "expected"),
    [
        (False, 0, None),
        (True, 0, 0.0),
        ("2026-01-01T00:00:50Z", 0, 0.0),
        ("2026-01-01T00:00:50Z", 10, 0.0),
        ("2026-01-01T00:00:50Z", 11, 1.0),
        ("2026-01-01T00:01:30Z", 5, 35.0),
    ],
)
def test_when_a_pod_is_available(ready: bool | str, minimum: int, expected: float | None) -> None:
    found = pod(ready=ready)
    assert pods.seconds_to_available(found, minimum, NOW) == expected
    assert pods.is_available(found, minimum, NOW) is (expected == 0.0) and pods.is_ready(found) is bool(ready)


def test_a_pod_that_is_ready_since_nobody_knows_when_is_not_known_to_be_available() -> None:
    found = pod()
    del found["status"]["conditions"][0]["lastTransitionTime"]
    assert pods.is_available(found, 0, NOW) and not pods.is_available(found, 1, NOW)


def test_a_pod_without_a_status_is_new() -> None:
    bare = {"metadata": {"name": "p"}, "spec": {}}
    assert pods.is_active(bare) and not pods.is_ready(bare) and pods.phase_of(bare) == ""
