"""When a pod is to go because of its node's taints."""

from datetime import UTC, datetime

import pytest

from wherry.kube.controllers.tainteviction.plan import disrupted, seconds_left
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.taints import Taint
from wherry.kube.machinery.times import parse

NOW = datetime(2026, 1, 1, 0, 1, 0, tzinfo=UTC)
TAINT = {"key": "k", "value": "v", "effect": "NoExecute", "timeAdded": "2026-01-01T00:00:00Z"}


def left(*tolerations: Object, taints: list[Object] | None = None, made: str = "", seen: str = "") -> float | None:
    pod: Object = {"metadata": {"creationTimestamp": made}, "spec": {"tolerations": list(tolerations)}}
    sightings = {Taint("k", "v", "NoExecute"): parse(seen)} if seen else {}
    return seconds_left(pod, {"spec": {"taints": taints or [TAINT]}}, NOW, sightings)


@pytest.mark.parametrize(
    ("toleration", "expected"),
    [
        ({"operator": "Exists"}, True),
        ({"key": "k", "operator": "Exists"}, True),
        ({"key": "k", "value": "v"}, True),
        ({"key": "k", "value": "w"}, False),
        ({"key": "x", "operator": "Exists"}, False),
        ({"key": "k", "operator": "Exists", "effect": "NoSchedule"}, False),
        ({"key": "k", "value": "v", "effect": "NoExecute"}, True),
    ],
)
def test_tolerating(toleration: Object, expected: bool) -> None:
    assert (left(toleration) is None) is expected


def test_who_does_not_tolerate_goes_at_once() -> None:
    assert left() == 0


def test_who_tolerates_for_ever_stays() -> None:
    assert left({"operator": "Exists"}) is None


def test_time_counts_from_the_taint() -> None:
    assert left({"key": "k", "operator": "Exists", "tolerationSeconds": 300}) == 240
    assert left({"key": "k", "operator": "Exists", "tolerationSeconds": 30}) == -30


def test_a_taint_that_does_not_say_when_it_came_counts_from_when_it_was_seen() -> None:
    undated = [{key: value for key, value in TAINT.items() if key != "timeAdded"}]
    toleration = {"operator": "Exists", "tolerationSeconds": 300}
    assert left(toleration, taints=undated) == 300
    assert left(toleration, taints=undated, seen="2026-01-01T00:00:50Z") == 290


def test_a_pod_that_came_later_has_its_whole_time() -> None:
    toleration = {"operator": "Exists", "tolerationSeconds": 30}
    assert left(toleration, made="2026-01-01T00:00:50Z") == 20
    assert left(toleration, made="2025-01-01T00:00:00Z") == -30


def test_the_shortest_of_several_counts() -> None:
    both = ({"operator": "Exists"}, {"key": "k", "operator": "Exists", "tolerationSeconds": 100})
    assert left(*both) == 40


def test_taints_of_another_effect_end_nobody() -> None:
    assert left(taints=[{**TAINT, "effect": "NoSchedule"}]) is None


def test_it_is_said_why_it_goes() -> None:
    pod = {"status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "DisruptionTarget"}]}}
    found = list(disrupted(pod, "2026-01-01T00:00:00Z"))
    assert [each["type"] for each in found] == ["Ready", "DisruptionTarget"]
    assert found[-1]["reason"] == "DeletionByTaintManager"
