"""RollingUpdate: new pods come as room allows, old ones go as enough are available: pure (rolling.go)."""

from wherry.kube.controllers.deployment import view
from wherry.kube.controllers.deployment.board import Board


def roll(board: Board) -> bool:
    """One step: either the new set grows, or old ones shrink. Whether there was one."""
    return _grow(board) or _shrink(board)


def _grow(board: Board) -> bool:
    assert board.new is not None
    if board.new.size == board.replicas:
        return False
    if board.new.size > board.replicas:
        return board.resize(board.new, board.replicas)
    return board.resize(board.new, board.new_size())


def _shrink(board: Board) -> bool:
    """Never below the least number of available pods: what of the new set is not available yet counts as missing."""
    assert board.new is not None
    if not any(each.size for each in board.old):
        return False
    least = board.replicas - view.max_unavailable(board.deployment)
    may_go = board.total - least - (board.new.size - board.new.available)
    if may_go <= 0:
        return False
    unhealthy = _drop_unhealthy(board, may_go)
    return _drop_healthy(board, least) or unhealthy


def _drop_unhealthy(board: Board, may_go: int) -> bool:
    """Old pods that are not available serve nobody."""
    before = may_go
    for each in board.old:
        idle = each.size - each.available
        if may_go > 0 and each.size and idle > 0:
            gone = min(may_go, idle)
            board.resize(each, each.size - gone)
            may_go -= gone
    return may_go < before


def _drop_healthy(board: Board, least: int) -> bool:
    may_go = before = sum(each.available for each in board.all) - least
    for each in board.old:
        if may_go > 0 and each.size:
            gone = min(each.size, may_go)
            board.resize(each, each.size - gone)
            may_go -= gone
    return may_go < before
