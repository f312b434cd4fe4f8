"""Defaults and rules of PriorityClasses, and what is shown of them."""

import pytest

from tests.unit.kube.kinds.objects import NOW, changed, created, made
from wherry.kube.kinds.priorityclass import KIND

RESERVED = (
    "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: "
)


def test_what_is_left_out_is_filled_in() -> None:
    assert made(KIND)["preemptionPolicy"] == "PreemptLowerPriority"


@pytest.mark.parametrize(
    ("name", "fields", "errors"),
    [
        ("high", {"value": 1_000_000_000}, []),
        ("low", {"value": -5, "preemptionPolicy": "Never"}, []),
        ("high", {"value": 1_000_000_001},
         ["value: Forbidden: maximum allowed value of a user defined priority is 1000000000"]),
        ("high", {"value": 1, "preemptionPolicy": "Always"},
         ['preemptionPolicy: Unsupported value: "Always": supported values: "PreemptLowerPriority", "Never"']),
        ("system-node-critical", {"value": 2_000_001_000}, []),
        ("system-mine", {"value": 1}, [RESERVED + "system-mine is not a known system priority class"]),
        ("system-node-critical", {"value": 1},
         [RESERVED + "value of system-node-critical PriorityClass must be 2000001000"]),
        ("system-cluster-critical", {"value": 2_000_000_000, "globalDefault": True},
         [RESERVED + "globalDefault of system-cluster-critical PriorityClass must be false"]),
    ],
)  # fmt: skip
def test_what_is_wrong(name: str, fields: dict[str, object], errors: list[str]) -> None:
    assert created(KIND, metadata={"name": name}, **fields) == errors


def test_its_meaning_never_changes() -> None:
    old = made(KIND, value=5)
    assert changed(KIND, old, description="x") == []
    assert changed(KIND, old, value=6, preemptionPolicy="Never") == [
        "value: Forbidden: may not be changed in an update.",
        'preemptionPolicy: Invalid value: "Never": field is immutable',
    ]


def test_what_is_shown() -> None:
    assert KIND.cells is not None
    assert KIND.cells(made(KIND, value=5), NOW) == ("a", 5, False, "2m5s", "PreemptLowerPriority")
