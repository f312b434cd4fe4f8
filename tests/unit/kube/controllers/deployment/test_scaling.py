import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.unit.kube.controllers.deployment.deployments import deployment, recreating, replica_set
from wherry.kube.controllers.deployment.board import Board
from wherry.kube.controllers.deployment.scaling import is_asked, scale


def board_of(replicas: int, *sizes: int, told: int, most: int, surge: int = 3, unavailable: int = 2) -> Board:
    """The last size is the new set's; ``told`` and ``most`` are the former size of the deployment and its most pods."""
    mine = deployment(replicas, surge=surge, unavailable=unavailable)
    images = [f"old:{number}" for number in range(len(sizes) - 1)] + ["demo:1"]
    sets = [
        replica_set(mine, image, size, 0, told=told, most=most, age=age)
        for age, (image, size) in enumerate(zip(images, sizes, strict=True))
    ]
    return Board(mine, sets)


@pytest.mark.parametrize(
    ("replicas", "sizes", "told", "most", "expected"),
    [
        (12, [10], 10, 13, [12]),
        (6, [10], 10, 13, [6]),
        (6, [0], 10, 13, [6]),
        # The example of upstream's documentation: 15 wanted, 8 old, 5 new.
        (15, [8, 5], 10, 13, [11, 7]),
        (5, [8, 5], 10, 13, [5, 3]),
        (0, [8, 5], 10, 13, [0, 0]),
        (20, [5, 5], 7, 10, [11, 12]),
        (10, [4, 4, 4], 9, 12, [4, 4, 5]),
        (8, [4, 4, 4], 9, 12, [3, 4, 4]),
    ],
)
def test_each_keeps_its_share(replicas: int, sizes: list[int], told: int, most: int, expected: list[int]) -> None:
    board = board_of(replicas, *sizes, told=told, most=most)
    scale(board)
    assert [each.size for each in board.all] == expected


def test_old_sets_go_once_the_new_one_has_all_pods() -> None:
    mine = deployment(4)
    board = Board(mine, [replica_set(mine, "old:0", 1), replica_set(mine, "demo:1", 4)])
    scale(board)
    assert [each.size for each in board.all] == [0, 4]


def test_several_sets_of_one_that_is_recreated_are_left_alone() -> None:
    mine = recreating(4)
    board = Board(mine, [replica_set(mine, "old:0", 2), replica_set(mine, "demo:1", 1)])
    scale(board)
    assert [each.size for each in board.all] == [2, 1]


def test_without_any_set_there_is_nothing_to_scale_and_without_a_new_one_the_latest_is_scaled() -> None:
    scale(Board(deployment(4), []))
    mine = deployment(4)
    board = Board(mine, [replica_set(mine, "old:0", 0, age=1), replica_set(mine, "old:1", 0, age=2)])
    scale(board)
    assert [each.size for each in board.all] == [0, 4]


def test_it_is_asked_when_an_active_set_was_told_of_another_size() -> None:
    assert is_asked(board_of(5, 4, told=4, most=5)) and not is_asked(board_of(4, 4, told=4, most=5))
    assert not is_asked(board_of(5, 0, told=4, most=5))
    board = board_of(5, 4, told=4, most=5)
    scale(board)
    assert not is_asked(board)


def test_a_set_that_knows_no_most_has_a_share_of_what_there_is() -> None:
    board = board_of(20, 5, 5, told=7, most=0)
    board.deployment["status"]["replicas"] = 10
    scale(board)
    assert sorted(each.size for each in board.all) == [11, 12]


@example(1, 2, [2, 2, 2, 2], 0)
@given(st.integers(1, 40), st.integers(0, 40), st.lists(st.integers(0, 20), min_size=1, max_size=4), st.integers(0, 9))
def test_a_scale_gives_out_exactly_what_there_is_and_is_then_no_longer_asked_for(
    told: int, replicas: int, sizes: list[int], surge: int
) -> None:
    board = board_of(replicas, *sizes, told=told, most=max(sum(sizes), 1), surge=surge)
    active = len(board.active)
    scale(board)
    assert all(each.size >= 0 for each in board.all) and not is_asked(board)
    allowed = replicas + surge if replicas else 0
    assert board.total == (allowed if active > 1 else replicas)
