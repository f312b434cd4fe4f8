"""How fast recommendations are followed."""

from typing import Any

import pytest

from wherry.kube.controllers.autoscaling.behavior import Limits, Past, Step, follow, limits


def followed(current: int, wanted: int, allowed: Limits, past: Past, now: float) -> tuple[int, str]:
    """How many, and what limits that."""
    step = follow(current, wanted, allowed, past, now)
    return step.replicas, step.limited[0]


def allowed(most: int = 100, least: int = 1, **behavior: Any) -> Any:
    return limits({"minReplicas": least, "maxReplicas": most, **({"behavior": behavior} if behavior else {})})


def test_up_by_four_or_to_the_double_in_fifteen_seconds() -> None:
    assert followed(1, 50, allowed(), Past(), 0) == (5, "ScaleUpLimit")
    assert followed(10, 50, allowed(), Past(), 0) == (20, "ScaleUpLimit")
    assert followed(20, 50, allowed(), Past(scaled=[(0, 10)]), 10) == (20, "ScaleUpLimit")
    assert follow(20, 50, allowed(), Past(scaled=[(0, 10)]), 16).replicas == 40


def test_down_only_when_nothing_else_was_wanted_for_five_minutes() -> None:
    past = Past()
    assert follow(10, 10, allowed(), past, 0) == Step(10)
    assert follow(10, 2, allowed(), past, 100).replicas == 10
    assert follow(10, 3, allowed(), past, 299).replicas == 10
    assert follow(10, 2, allowed(), past, 301).replicas == 3


@pytest.mark.parametrize(("wanted", "reason"), [(9, "TooManyReplicas"), (0, "TooFewReplicas"), (3, "")])
def test_minimum_and_maximum_hold(wanted: int, reason: str) -> None:
    now = allowed(5, 2, scaleDown={"stabilizationWindowSeconds": 0})
    assert followed(4, wanted, now, Past(), 0) == (min(5, max(2, wanted)), reason)


def test_the_rules_of_ones_own() -> None:
    pods = {"type": "Pods", "value": 2, "periodSeconds": 60}
    percent = {"type": "Percent", "value": 50, "periodSeconds": 60}
    up = allowed(scaleUp={"policies": [pods, percent], "selectPolicy": "Min"})
    assert follow(10, 50, up, Past(), 0).replicas == 12
    down = allowed(scaleDown={"policies": [pods, percent], "stabilizationWindowSeconds": 0})
    assert followed(10, 1, down, Past(), 0) == (5, "ScaleDownLimit")
    never = allowed(scaleDown={"selectPolicy": "Disabled", "stabilizationWindowSeconds": 0})
    assert follow(10, 1, never, Past(), 0).replicas == 10


def test_up_after_a_while_only_where_it_says_so() -> None:
    slow, past = allowed(scaleUp={"stabilizationWindowSeconds": 60}), Past()
    assert follow(2, 2, slow, past, 0).replicas == 2
    assert follow(2, 4, slow, past, 30).replicas == 2
    assert follow(2, 4, slow, past, 61).replicas == 4


def test_what_is_long_past_is_forgotten() -> None:
    past = Past([(0, 5), (5000, 6)], [(0, 1), (5000, 1)])
    past.prune(5001)
    assert (past.recommended, past.scaled) == ([(5000, 6)], [(5000, 1)])


def test_what_was_recommended_before_is_given_as_the_reason() -> None:
    past = Past([(0, 10)])
    assert follow(10, 2, allowed(), past, 100).steadied[0] == "ScaleDownStabilized"
    assert follow(10, 2, allowed(), past, 301).steadied[0] == ""
    slow = allowed(scaleUp={"stabilizationWindowSeconds": 60})
    assert follow(2, 4, slow, Past([(0, 2)]), 30).steadied[0] == "ScaleUpStabilized"


def test_each_direction_has_its_tolerance() -> None:
    found = allowed(scaleUp={"tolerance": "0.5"}, scaleDown={"tolerance": 0})
    assert (found.up.tolerance, found.down.tolerance, allowed().up.tolerance) == (0.5, 0, 0.1)
