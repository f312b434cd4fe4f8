"""What an autoscaler says of itself."""

from datetime import UTC, datetime
from typing import Any

from wherry.kube.controllers.autoscaling.plan import NoMetrics, Proposal
from wherry.kube.controllers.autoscaling.status import Scaled, Status

EARLY, LATE = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)


def autoscaler(**status: Any) -> dict[str, Any]:
    return {"metadata": {"name": "a", "uid": "u", "generation": 2}, "status": status}


def test_a_condition_has_the_time_of_its_last_turn() -> None:
    status = Status(autoscaler(), EARLY)
    status.set("ScalingActive", True, "ValidMetricFound", "")
    found = status.patch()["status"]["conditions"]
    later = Status(autoscaler(conditions=found, observedGeneration=2), LATE)
    later.set("ScalingActive", True, "ValidMetricFound", "")
    assert not later.is_changed
    later.set("ScalingActive", False, "FailedGetResourceMetric", "none")
    assert later.is_changed
    (condition,) = later.patch()["status"]["conditions"]
    assert (found[0]["lastTransitionTime"], condition["lastTransitionTime"]) == (
        "2026-01-01T00:00:00Z",
        "2026-01-02T00:00:00Z",
    )


def test_what_was_measured_is_written_in_the_unit_of_its_resource() -> None:
    metrics = [
        {"type": "Resource", "resource": {"name": "memory"}},
        {"type": "ContainerResource", "containerResource": {"name": "cpu", "container": "main"}},
        {"type": "Pods", "pods": {}},
    ]
    status = Status(autoscaler(), EARLY)
    status.measured(metrics, [Proposal(3, 1000 << 30), Proposal(3, 250, 50), NoMetrics("no")])
    status.scaled(Scaled(2, 3), has_changed=True)
    written = status.patch()["status"]
    memory, cpu = written["currentMetrics"]
    assert memory == {"type": "Resource", "resource": {"name": "memory", "current": {"averageValue": "1Gi"}}}
    current = {"averageValue": "250m", "averageUtilization": 50}
    assert cpu["containerResource"] == {"name": "cpu", "container": "main", "current": current}
    assert (written["currentReplicas"], written["desiredReplicas"]) == (2, 3)
    assert written["lastScaleTime"] == "2026-01-01T00:00:00Z"
