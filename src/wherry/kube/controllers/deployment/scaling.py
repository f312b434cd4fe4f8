"""The deployment has another size: pure (sync.go scale, deployment_util.go GetReplicaSetProportion).

In the middle of a rollout each set keeps its share, so that a scale in either direction puts no more at stake than the
rollout did.
"""

import math

from wherry.kube.controllers.deployment import view
from wherry.kube.controllers.deployment.board import Board, Draft


def is_asked(board: Board) -> bool:
    """An active set was told of another size of the deployment."""
    found = (view.number_in(each.annotations, view.DESIRED_REPLICAS) for each in board.active)
    return any(each is not None and each != board.replicas for each in found)


def scale(board: Board) -> None:
    """One set, if there is one alone; none but the new one, once that has all pods; otherwise each by its share."""
    alone = _only_or_latest(board)
    if alone is not None:
        board.resize(alone, board.replicas)
    elif _is_saturated(board):
        for each in board.old:
            if each.size > 0:
                board.resize(each, 0)
    elif view.is_rolling(board.deployment):
        _share(board)


def _only_or_latest(board: Board) -> Draft | None:
    """The only active set; with none, the new one or the latest old one. None: there are several, or none at all."""
    active = board.active
    if len(active) > 1:
        return None
    if active:
        return active[0]
    return board.new or (board.old[-1] if board.old else None)


def _is_saturated(board: Board) -> bool:
    new = board.new
    if new is None:
        return False
    told = view.number_in(new.annotations, view.DESIRED_REPLICAS)
    return new.size == told == new.available == board.replicas


def _share(board: Board) -> None:
    allowed = board.replicas + view.max_surge(board.deployment) if board.replicas else 0
    to_add = rest = allowed - board.total
    # The largest first; of equal ones the newer, when there is something to give, else the older.
    by_age = sorted(board.active, key=lambda each: each.age, reverse=to_add > 0)
    sets = sorted(by_age, key=lambda each: -each.size)
    sizes = []
    for each in sets:
        part = _part(board, each, rest)
        rest -= part
        sizes.append(each.size + part)
    for each, size in zip(sets, sizes, strict=True):
        # What rounding left over is the first's; what is to be taken and it has not, the next one's (upstream forgets).
        given = max(rest, -size)
        rest -= given
        board.resize(each, size + given)


def _part(board: Board, draft: Draft, rest: int) -> int:
    """What a set gets (or loses) of what is left to give."""
    if not draft.size or not rest:
        return 0
    fraction = _fraction(board, draft)
    return min(fraction, rest) if rest > 0 else max(fraction, rest)


def _fraction(board: Board, draft: Draft) -> int:
    if not board.replicas:
        return -draft.size
    whole = board.replicas + view.max_surge(board.deployment)
    before = view.number_in(draft.annotations, view.MAX_REPLICAS) or view.reported(board.deployment, "replicas")
    if before <= 0:
        return 0
    return math.floor(draft.size * whole / before + 0.5) - draft.size
