import pytest

from tests.unit.kube.controllers.deployment.deployments import deployment, replica_set
from wherry.kube.controllers.deployment.board import Board
from wherry.kube.controllers.deployment.rolling import roll


def board_of(replicas: int, surge: int, unavailable: int, *sets: tuple[int, int]) -> Board:
    """Sets of (size, available), the last one new."""
    mine = deployment(replicas, surge=surge, unavailable=unavailable)
    images = [f"old:{number}" for number in range(len(sets) - 1)] + ["demo:1"]
    made = [
        replica_set(mine, image, *figures, age=age)
        for age, (image, figures) in enumerate(zip(images, sets, strict=True))
    ]
    return Board(mine, made)


@pytest.mark.parametrize(
    ("limits", "sets", "sizes"),
    [
        ((4, 1, 1), [(4, 4), (0, 0)], [4, 1]),  # first the new one grows
        ((4, 1, 1), [(4, 4), (1, 0)], [3, 1]),  # full: an old one goes, as one may be missing
        ((4, 1, 0), [(4, 4), (1, 0)], None),  # none may be missing
        ((4, 1, 0), [(4, 4), (1, 1)], [3, 1]),
        ((4, 1, 1), [(3, 3), (2, 2)], [1, 2]),
        ((4, 1, 0), [(4, 2), (1, 1)], [3, 1]),  # of the old ones those that serve nobody
        ((4, 0, 1), [(4, 4), (0, 0)], [3, 0]),
        ((4, 0, 4), [(4, 4), (0, 0)], [0, 0]),
        ((4, 1, 1), [(1, 1), (3, 3), (1, 1)], [0, 2, 1]),  # the oldest first
        ((4, 1, 1), [(0, 0), (6, 6)], [0, 4]),  # too many new ones
        ((4, 1, 1), [(0, 0), (4, 4)], None),
        ((0, 1, 1), [(3, 3), (0, 0)], [0, 0]),
        ((4, 1, 1), [(2, 0), (3, 0)], None),  # what of the new ones is not available counts as missing
    ],
)
def test_one_step(limits: tuple[int, int, int], sets: list[tuple[int, int]], sizes: list[int] | None) -> None:
    board = board_of(*limits, *sets)
    assert roll(board) is (sizes is not None)
    assert [each.size for each in board.all] == (sizes or [size for size, _ in sets])
