"""In which order, and how many."""

import pytest

from wherry.kube.scheduler.nodes import Node
from wherry.kube.scheduler.order import enough, interleaved


@pytest.mark.parametrize(
    ("nodes", "percentage", "wanted"),
    [
        (0, None, 0), (5, None, 5), (99, None, 99), (100, None, 100), (1000, None, 420), (5000, None, 500),
        (6000, None, 300), (100_000, None, 5000), (5000, 100, 5000), (5000, 1, 100), (5000, 40, 2000), (150, 10, 100),
        (50, 10, 50),
    ],
)  # fmt: skip
def test_fewer_of_many_are_enough(nodes: int, percentage: int | None, wanted: int) -> None:
    assert enough(nodes, percentage) == wanted


def test_zones_take_turns() -> None:
    machines = []
    for name, zone in zip("abcdef", ["x", "x", "x", "y", "", "y"], strict=True):
        machines.append(Node(name))
        machines[-1].zone = zone
    assert "".join(each.name for each in interleaved(machines)) == "adebfc"
