"""Defaults and rules of DeviceTaintRules."""

import pytest

from tests.unit.kube.kinds.objects import changed, created, made, with_status
from wherry.kube.kinds.devicetaintrule import KIND
from wherry.kube.machinery.model import Object

TAINT = {"key": "broken", "effect": "NoExecute"}


def test_a_taint_is_added_now() -> None:
    assert made(KIND, spec={"taint": dict(TAINT)})["spec"]["taint"]["timeAdded"] == "2026-01-02T03:04:05Z"


@pytest.mark.parametrize(
    ("spec", "errors"),
    [
        ({"deviceSelector": {"driver": "a.io", "pool": "p", "device": "d"}, "taint": TAINT}, []),
        ({"taint": {"key": "a", "effect": "Some"}},
         ['spec.taint.effect: Unsupported value: "Some": supported values: "NoExecute", "NoSchedule", "None"']),
        ({"deviceSelector": {"pool": ""}, "taint": TAINT}, ["spec.deviceSelector.pool: Required value"]),
    ],
)  # fmt: skip
def test_what_is_wrong(spec: Object, errors: list[str]) -> None:
    assert created(KIND, spec=spec) == errors


def test_a_rule_may_change() -> None:
    assert changed(KIND, made(KIND, spec={"taint": dict(TAINT)}), spec={"taint": {**TAINT, "effect": "None"}}) == []


def test_a_status_has_few_conditions() -> None:
    rest = {"status": "True", "reason": "Because", "lastTransitionTime": "2026-01-02T03:04:05Z"}
    many = [{"type": f"c{n}", **rest} for n in range(9)]
    assert with_status(KIND, made(KIND, spec={"taint": dict(TAINT)}), conditions=many) == [
        "status.conditions: Too many: 9: must have at most 8 items"
    ]
