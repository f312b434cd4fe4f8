"""What is to be done about one object: pure."""

from collections.abc import Sequence
from enum import Enum

import msgspec

from wherry.kube.controllers.garbage.graph import FOREGROUND, ORPHAN, Node, OwnerRef


class Standing(Enum):
    """Of an owner, as the API says."""

    SOLID = "solid"
    ABSENT = "absent"
    WAITING = "waiting"


class Facts(msgspec.Struct, frozen=True):
    """``item`` is as the API has it now; ``owners`` have the standing of each reference; ``dependents`` are those that
    the graph knows."""

    item: Node
    finalizers: tuple[str, ...]
    owners: Sequence[tuple[OwnerRef, Standing]]
    dependents: Sequence[Node]


class Nothing(msgspec.Struct, frozen=True):
    """Leave it."""


class RemoveFinalizer(msgspec.Struct, frozen=True):
    """It waited for what is done now."""

    finalizer: str


class Orphan(msgspec.Struct, frozen=True):
    """Take the reference to the item out of these dependents, then let the item go."""

    dependents: tuple[Node, ...]


class LookAt(msgspec.Struct, frozen=True):
    """It waits for these."""

    uids: tuple[str, ...]


class DropOwners(msgspec.Struct, frozen=True):
    """Take these references out of the item: others hold it."""

    uids: tuple[str, ...]


class Delete(msgspec.Struct, frozen=True):
    """Delete the item. ``unblock``: first let none of its references hold an owner up, for it stands in a circle."""

    policy: str
    unblock: bool = False


Action = Nothing | RemoveFinalizer | Orphan | LookAt | DropOwners | Delete


def plan(facts: Facts) -> Action:
    """One step; whoever does it looks again."""
    item = facts.item
    mine = tuple(each for each in facts.dependents if _means(each, item))
    if item.orphans:
        return Orphan(mine)
    if item.waits:
        return _wait(item, mine)
    if item.deleting or not facts.owners:
        return Nothing()
    return _by_owners(facts, mine)


def _wait(item: Node, dependents: Sequence[Node]) -> Action:
    """In the foreground: those that block must be gone before."""
    blocking = tuple(each.uid for each in dependents if _blocks(each, item))
    return LookAt(blocking) if blocking else RemoveFinalizer(FOREGROUND)


def _by_owners(facts: Facts, dependents: Sequence[Node]) -> Action:
    by_standing: dict[Standing, list[OwnerRef]] = {each: [] for each in Standing}
    for reference, standing in facts.owners:
        by_standing[standing].append(reference)
    gone = by_standing[Standing.ABSENT] + by_standing[Standing.WAITING]
    if by_standing[Standing.SOLID]:
        return DropOwners(tuple(each.uid for each in gone)) if gone else Nothing()
    if by_standing[Standing.WAITING] and dependents:
        # It waits for its own dependents, too. When one of those waits already, they may stand in a circle, which
        # only opens when somebody stops waiting.
        return Delete("Foreground", unblock=any(each.waits for each in dependents))
    if ORPHAN in facts.finalizers:
        return Delete("Orphan")
    return Delete("Foreground" if FOREGROUND in facts.finalizers else "Background")


def _means(dependent: Node, item: Node) -> bool:
    return any(item.is_meant_by(reference) for reference in dependent.owners)


def _blocks(dependent: Node, item: Node) -> bool:
    return any(reference.blocks and item.is_meant_by(reference) for reference in dependent.owners)
