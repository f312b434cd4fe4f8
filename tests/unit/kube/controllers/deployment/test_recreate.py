from tests.unit.kube.controllers.deployment.deployments import recreating, replica_set
from tests.unit.kube.controllers.workloads import reference
from wherry.kube.controllers.deployment.board import Board
from wherry.kube.controllers.deployment.recreate import recreate
from wherry.kube.machinery.model import Object


def sizes(board: Board) -> list[int]:
    return [each.size for each in board.all]


def test_old_pods_end_before_new_ones_begin() -> None:
    mine = recreating()
    board = Board(mine, [replica_set(mine, "demo:0", 4)])
    assert recreate(board, lambda each: True, reference) and board.new is None and sizes(board) == [0]


def test_it_waits_for_those_that_are_ending() -> None:
    mine = recreating()
    told = Board(mine, [replica_set(mine, "demo:0", 0, replicas=2)])
    ending = Board(mine, [replica_set(mine, "demo:0", 0)])
    assert recreate(told, lambda each: False, reference) and told.new is None
    assert recreate(ending, lambda each: True, reference) and ending.new is None


def test_then_all_new_ones_begin_at_once() -> None:
    mine = recreating()

    def none(each: Object) -> bool:
        return False

    board = Board(mine, [replica_set(mine, "demo:0", 0)])
    assert recreate(board, none, reference) and sizes(board) == [0, 4]
    board = Board(mine, [replica_set(mine, "demo:1", 1)])
    assert recreate(board, none, reference) and sizes(board) == [4]
    assert not recreate(Board(mine, [replica_set(mine, "demo:1", 4)]), none, reference)
