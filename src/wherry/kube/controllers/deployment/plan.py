"""What is to be done about a deployment's sets: pure."""

from collections.abc import Callable, Sequence

import msgspec

from wherry.kube.controllers.deployment import recreate, rolling, scaling, view
from wherry.kube.controllers.deployment.board import Board, Draft
from wherry.kube.machinery.model import Object


class Facts(msgspec.Struct, frozen=True):
    """``sets`` are those that the deployment controls. ``pods_run`` says of a set whether pods of it have not ended;
    ``reference`` makes an owner reference to the deployment."""

    deployment: Object
    sets: Sequence[Object]
    pods_run: Callable[[Object], bool]
    reference: Callable[[Object], Object]


class Change(msgspec.Struct, frozen=True):
    """``now`` None: make it as ``then``. ``then`` None: delete it. They may differ in annotations alone."""

    now: Object | None
    then: Object | None


class Plan(msgspec.Struct, frozen=True):
    """``new`` is the name of the new set, empty while there is none. ``is_rollout``: nothing stands in the way of the
    rollout, so that its progress is to be judged."""

    changes: tuple[Change, ...]
    new: str
    is_rollout: bool


def plan(facts: Facts) -> Plan:
    deployment = facts.deployment
    board = Board(deployment, facts.sets)
    if "deletionTimestamp" in deployment["metadata"]:
        return _plan(board, False)
    board.settle_new()
    if deployment["spec"].get("paused") or scaling.is_asked(board):
        scaling.scale(board)
        if deployment["spec"].get("paused"):
            _clean_up(board)
        return _plan(board, False)
    if view.is_rolling(deployment):
        board.make_new(facts.reference)
        busy = rolling.roll(board)
    else:
        busy = recreate.recreate(board, facts.pods_run, facts.reference)
    if not busy and view.is_complete(deployment, deployment.get("status") or {}):
        _clean_up(board)
    return _plan(board, True)


def _clean_up(board: Board) -> None:
    """Of old sets without pods only so many of the latest revisions are kept (cleanupDeployment)."""
    limit = view.history_limit(board.deployment)
    if limit is None:
        return
    alive = [each for each in board.old if "deletionTimestamp" not in each.obj["metadata"]]
    alive.sort(key=lambda each: (view.revision_of(each.obj), each.age))
    for each in alive[: max(len(alive) - limit, 0)]:
        observed = view.reported(each.obj, "observedGeneration")
        is_settled = each.obj["metadata"].get("generation", 0) <= observed
        each.is_to_go = is_settled and not each.size and not view.reported(each.obj, "replicas")


def _plan(board: Board, is_rollout: bool) -> Plan:
    changes = [change for each in board.all if (change := _change(each)) is not None]
    return Plan(tuple(changes), board.new.name if board.new else "", is_rollout)


def _change(draft: Draft) -> Change | None:
    if draft.is_to_go:
        return Change(draft.obj, None)
    if not draft.is_made:
        return Change(None, draft.result)
    return Change(draft.obj, draft.result) if draft.is_changed else None
