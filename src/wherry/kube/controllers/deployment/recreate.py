"""Recreate: all old pods end before the first new one begins: pure (recreate.go)."""

from collections.abc import Callable

from wherry.kube.controllers.deployment import view
from wherry.kube.controllers.deployment.board import Board
from wherry.kube.machinery.model import Object


def recreate(board: Board, pods_run: Callable[[Object], bool], reference: Callable[[Object], Object]) -> bool:
    """Whether there was something to do, or to wait for. ``pods_run`` says of a set whether pods of it have not ended
    yet, those that are ending included."""
    active = [each for each in board.old if each.size > 0]
    for each in active:
        board.resize(each, 0)
    if active or any(view.reported(each.obj, "replicas") or pods_run(each.obj) for each in board.old):
        return True
    new = board.make_new(reference)
    return board.resize(new, board.replicas) if new.size != board.replicas else not new.is_made
