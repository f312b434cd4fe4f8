"""Rules of CSINodes, and what is shown of them."""

from typing import Any

import pytest

from tests.unit.kube.kinds.objects import NOW, changed, created, made
from wherry.kube.kinds.csinode import KIND
from wherry.kube.machinery.model import Object


def driver(**fields: Any) -> Object:
    return {"name": "csi.example.com", "nodeID": "n", **fields}


@pytest.mark.parametrize(
    ("drivers", "errors"),
    [
        ([driver(topologyKeys=["zone"])], []),
        ([driver(nodeID="")], ["spec.drivers[0].nodeID: Required value"]),
        (
            [driver(nodeID="x" * 257)],
            [f'spec.drivers[0].nodeID: Invalid value: "{"x" * 257}": must be 256 characters or less'],
        ),
        ([driver(), driver()], ['spec.drivers[1].name: Duplicate value: "csi.example.com"']),
        (
            [driver(allocatable={"count": -1})],
            ["spec.drivers[0].allocatable.count: Invalid value: -1: must be greater than or equal to 0"],
        ),
        ([driver(topologyKeys=["zone", "zone"])], ['spec.drivers[0]: Duplicate value: "zone"']),
    ],
)
def test_what_is_wrong(drivers: list[Object], errors: list[str]) -> None:
    assert created(KIND, spec={"drivers": drivers}) == errors


def test_only_how_many_volumes_can_be_attached_changes() -> None:
    old = made(KIND, spec={"drivers": [driver()]})
    assert changed(KIND, old, spec={"drivers": [driver(allocatable={"count": 5}), driver(name="b.io")]}) == []
    (error,) = changed(KIND, old, spec={"drivers": [driver(nodeID="m")]})
    assert error.endswith(": field is immutable")


def test_its_alpha_status_is_dropped() -> None:
    assert "status" not in made(KIND, spec={"drivers": []}, status={"conditions": []})


def test_what_is_shown() -> None:
    assert KIND.cells is not None
    assert KIND.cells(made(KIND, spec={"drivers": [driver()]}), NOW) == ("a", 1, "2m5s")
