"""The status of a budget."""

from datetime import UTC, datetime
from typing import Any

import pytest

from wherry.kube.controllers.disruption.plan import count, failure, next_look, status
from wherry.kube.machinery.model import Object

NOW = datetime(2026, 1, 1, 0, 1, 0, tzinfo=UTC)


def budget(before: Object | None = None, **spec: Any) -> Object:
    return {"metadata": {"name": "b", "generation": 2}, "spec": spec, "status": before or {}}


def pod(name: str, ready: bool = True, ending: bool = False) -> Object:
    meta = {"name": name, **({"deletionTimestamp": "x"} if ending else {})}
    return {"metadata": meta, "status": {"conditions": [{"type": "Ready", "status": "True" if ready else "False"}]}}


def pods(ready: int, other: int = 0) -> list[Object]:
    return [*(pod(f"r{number}") for number in range(ready)), *(pod(f"o{number}", False) for number in range(other))]


@pytest.mark.parametrize(
    ("spec", "ready", "other", "expected", "allowed"),
    [
        ({"minAvailable": 2}, 3, 0, 3, 1),
        ({"minAvailable": 3}, 3, 0, 3, 0),
        ({"minAvailable": "50%"}, 3, 1, 4, 1),
        ({"maxUnavailable": 1}, 3, 0, 3, 1),
        ({"maxUnavailable": 1}, 2, 1, 3, 0),
        ({"maxUnavailable": "34%"}, 3, 0, 3, 2),
        ({"maxUnavailable": 5}, 3, 0, 3, 3),
        ({"minAvailable": 0}, 0, 0, 0, 0),
        ({}, 2, 0, 2, 1),
    ],
)
def test_how_many_may_go(spec: Object, ready: int, other: int, expected: int, allowed: int) -> None:
    assert count(budget(**spec), pods(ready, other), expected, NOW).allowed == allowed


def test_who_is_going_is_not_healthy() -> None:
    found = count(budget(minAvailable=1), [pod("a"), pod("b", ending=True)], 2, NOW)
    assert (found.healthy, found.allowed) == (1, 0)


def test_an_eviction_that_was_allowed_counts_until_it_shows_or_fails_to() -> None:
    allowed = {"disruptedPods": {"r0": "2026-01-01T00:00:00Z", "gone": "2026-01-01T00:00:50Z"}}
    found = count(budget(allowed, minAvailable=1), pods(3), 3, NOW)
    assert (set(found.disrupted), found.healthy, found.allowed) == ({"r0"}, 2, 1)
    assert next_look(found, NOW) == 61
    late = datetime(2026, 1, 1, 0, 3, 0, tzinfo=UTC)
    assert count(budget(allowed, minAvailable=1), pods(3), 3, late).allowed == 2


def test_the_status_says_so_and_is_written_once() -> None:
    wanted = budget(minAvailable=2)
    counted = count(wanted, pods(3), 3, NOW)
    new = status(wanted, counted, NOW)
    assert new is not None
    assert (new["disruptionsAllowed"], new["currentHealthy"], new["desiredHealthy"], new["observedGeneration"]) == (
        1, 3, 2, 2,
    )  # fmt: skip
    assert new["conditions"][0]["reason"] == "SufficientPods"
    later = datetime(2027, 1, 1, tzinfo=UTC)
    assert status({**wanted, "status": new}, counted, later) is None


def test_when_it_cannot_be_known_nothing_may_go() -> None:
    found = failure(budget({"disruptionsAllowed": 3}), "no scale", NOW)
    assert (found["disruptionsAllowed"], found["conditions"][0]["reason"]) == (0, "SyncFailed")
