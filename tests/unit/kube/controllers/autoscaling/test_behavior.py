"""How fast recommendations are followed."""

from typing import Any

import pytest

from wherry.kube.controllers.autoscaling.behavior import Past, follow, limits


def allowed(most: int = 100, least: int = 1, **behavior: Any) -> Any:
    return limits({"minReplicas": least, "maxReplicas": most, **({"behavior": behavior} if behavior else {})})


def test_up_by_four_or_to_the_double_in_fifteen_seconds() -> None:
    assert follow(1, 50, allowed(), Past(), 0)[:2] == (5, "ScaleUpLimit")
    assert follow(10, 50, allowed(), Past(), 0)[:2] == (20, "ScaleUpLimit")
    assert follow(20, 50, allowed(), Past(scaled=[(0, 10)]), 10)[:2] == (20, "ScaleUpLimit")
    assert follow(20, 50, allowed(), Past(scaled=[(0, 10)]), 16)[0] == 40


def test_down_only_when_nothing_else_was_wanted_for_five_minutes() -> None:
    past = Past()
    assert follow(10, 10, allowed(), past, 0) == (10, "", "")
    assert follow(10, 2, allowed(), past, 100)[0] == 10
    assert follow(10, 3, allowed(), past, 299)[0] == 10
    assert follow(10, 2, allowed(), past, 301)[0] == 3


@pytest.mark.parametrize(("wanted", "reason"), [(9, "TooManyReplicas"), (0, "TooFewReplicas"), (3, "")])
def test_minimum_and_maximum_hold(wanted: int, reason: str) -> None:
    now = allowed(5, 2, scaleDown={"stabilizationWindowSeconds": 0})
    found, why, _ = follow(4, wanted, now, Past(), 0)
    assert (found, why) == (min(5, max(2, wanted)), reason)


def test_the_rules_of_ones_own() -> None:
    pods = {"type": "Pods", "value": 2, "periodSeconds": 60}
    percent = {"type": "Percent", "value": 50, "periodSeconds": 60}
    up = allowed(scaleUp={"policies": [pods, percent], "selectPolicy": "Min"})
    assert follow(10, 50, up, Past(), 0)[0] == 12
    down = allowed(scaleDown={"policies": [pods, percent], "stabilizationWindowSeconds": 0})
    assert follow(10, 1, down, Past(), 0)[:2] == (5, "ScaleDownLimit")
    never = allowed(scaleDown={"selectPolicy": "Disabled", "stabilizationWindowSeconds": 0})
    assert follow(10, 1, never, Past(), 0)[0] == 10


def test_up_after_a_while_only_where_it_says_so() -> None:
    slow, past = allowed(scaleUp={"stabilizationWindowSeconds": 60}), Past()
    assert follow(2, 2, slow, past, 0)[0] == 2
    assert follow(2, 4, slow, past, 30)[0] == 2
    assert follow(2, 4, slow, past, 61)[0] == 4


def test_what_is_long_past_is_forgotten() -> None:
    past = Past([(0, 5), (5000, 6)], [(0, 1), (5000, 1)])
    past.prune(5001)
    assert (past.recommended, past.scaled) == ([(5000, 6)], [(5000, 1)])
