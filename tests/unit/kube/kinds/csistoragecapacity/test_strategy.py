"""Defaults and rules of CSIStorageCapacities, and what is shown of them."""

import pytest

from tests.unit.kube.kinds.objects import NOW, changed, created, made
from wherry.kube.kinds.csistoragecapacity import KIND
from wherry.kube.machinery.model import Object

GOOD = {"storageClassName": "fast"}


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"capacity": "1Gi"}, []),
        ({"capacity": "-1"}, ['capacity: Invalid value: "-1": must be greater than or equal to 0']),
        ({"nodeTopology": {"matchExpressions": [{"key": "a", "operator": "Near"}]}},
         ['nodeTopology.matchExpressions[0].operator: Invalid value: "Near": not a valid selector operator']),
    ],
)  # fmt: skip
def test_what_is_wrong(fields: Object, errors: list[str]) -> None:
    assert created(KIND, **GOOD, **fields) == errors


def test_only_the_amount_changes() -> None:
    old = made(KIND, **GOOD, capacity="1Gi")
    assert changed(KIND, old, capacity="2Gi") == []
    assert changed(KIND, old, storageClassName="slow") == [
        'storageClassName: Invalid value: "slow": field is immutable'
    ]


def test_what_is_shown() -> None:
    assert KIND.cells is not None
    assert KIND.cells(made(KIND, **GOOD, capacity="1024Mi"), NOW) == ("a", "fast", "1Gi")
    assert KIND.cells(made(KIND, **GOOD), NOW) == ("a", "fast", "<unset>")
