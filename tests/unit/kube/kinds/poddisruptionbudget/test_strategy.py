"""Rules of PodDisruptionBudgets, and what is shown of them."""

import pytest

from tests.unit.kube.kinds.objects import NOW, changed, created, made, with_status
from wherry.kube.kinds.poddisruptionbudget import KIND
from wherry.kube.machinery.model import Object


@pytest.mark.parametrize(
    ("spec", "errors"),
    [
        ({}, []),
        ({"minAvailable": 1, "selector": {}}, []),
        ({"maxUnavailable": "50%"}, []),
        ({"minAvailable": 1, "maxUnavailable": 1},
         ['spec: Invalid value: {"minAvailable":1,"maxUnavailable":1}: minAvailable and maxUnavailable cannot be both '
          "set"]),
        ({"minAvailable": -1}, ["spec.minAvailable: Invalid value: -1: must be greater than or equal to 0"]),
        ({"maxUnavailable": "150%"},
         ['spec.maxUnavailable: Invalid value: "150%": must not be greater than 100%']),
        ({"unhealthyPodEvictionPolicy": "Never"},
         ['spec.unhealthyPodEvictionPolicy: Unsupported value: "Never": supported values: "AlwaysAllow", '
          '"IfHealthyBudget"']),
    ],
)  # fmt: skip
def test_what_is_wrong(spec: Object, errors: list[str]) -> None:
    assert created(KIND, spec=spec) == errors


def test_everything_may_change() -> None:
    assert changed(KIND, made(KIND, spec={"minAvailable": 1}), spec={"maxUnavailable": 1}) == []


def test_a_status_counts() -> None:
    old = made(KIND, spec={})
    assert with_status(KIND, old, disruptionsAllowed=-1) == [
        "status.disruptionsAllowed: Invalid value: -1: must be greater than or equal to 0"
    ]


def test_what_is_shown() -> None:
    assert KIND.cells is not None
    assert KIND.cells(made(KIND, spec={"minAvailable": "50%"}), NOW) == ("a", "50%", "N/A", 0, "2m5s")
