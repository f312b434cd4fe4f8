"""What pods use, and whether that counts yet."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from wherry.kube.controllers.autoscaling.measured import Sample, fleet, requests, samples
from wherry.kube.controllers.autoscaling.plan import NoMetrics

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def at(seconds: float) -> str:
    return (NOW + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def metric(name: str, *usage: tuple[str, dict[str, str]]) -> dict[str, Any]:
    containers = [{"name": container, "usage": used} for container, used in usage]
    return {"metadata": {"name": name}, "timestamp": at(-5), "window": "1m15s", "containers": containers}


def pod(name: str, phase: str = "Running", ready: str = "True", started: float = -1000, turned: float = -900) -> Any:
    conditions = [{"type": "Ready", "status": ready, "lastTransitionTime": at(turned)}]
    return {
        "metadata": {"name": name},
        "spec": {"containers": [{"name": "main", "resources": {"requests": {"cpu": "250m"}}}]},
        "status": {"phase": phase, "startTime": at(started), "conditions": conditions},
    }


def test_samples_are_sums_of_containers() -> None:
    found = samples([metric("a", ("x", {"cpu": "100m"}), ("y", {"cpu": "1"}))], "cpu")
    assert found == {"a": Sample(1100, NOW - timedelta(seconds=5), 75.0)}
    assert samples([metric("a", ("x", {"cpu": "100m"}), ("y", {"cpu": "1"}))], "cpu", "x")["a"].value == 100
    assert not samples([metric("a", ("x", {"cpu": "100m"}), ("y", {}))], "cpu")


def test_requests_of_who_says_nothing() -> None:
    assert requests([pod("a")], "cpu") == {"a": 250}
    with pytest.raises(NoMetrics, match="missing request for memory in container main of Pod a"):
        requests([pod("a")], "memory")


@pytest.mark.parametrize(
    ("one", "where"),
    [
        (pod("a"), "ready"),
        (pod("a", "Pending"), "unready"),
        (pod("a", started=-60, turned=-10), "unready"),  # the sample is of the time when it started
        (pod("a", started=-200, turned=-100), "ready"),
        (pod("a", ready="False", started=-60, turned=-60), "unready"),
        (pod("a", ready="False", started=-1000, turned=-990), "unready"),  # was never ready
        (pod("a", ready="False", started=-1000, turned=-100), "ready"),  # was, and may be too busy
        (pod("b"), "missing"),
        (pod("a", "Failed"), ""),
    ],
)
def test_who_counts(one: Any, where: str) -> None:
    found = fleet([one], {"a": Sample(1, NOW - timedelta(seconds=5), 15)}, "cpu", NOW)
    assert {kind for kind in ("ready", "unready", "missing") if getattr(found, kind)} == ({where} if where else set())
