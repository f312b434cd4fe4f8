"""What can be done with field sets (structured-merge-diff, fieldpath/set.go). See the package for their form.

Arguments never change, results share with them; they come in no particular order, :func:`sorted_set` puts them into
upstream's.
"""

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from wherry.kube.machinery.apply.elements import MEMBER, Unknown, order, parsed, readable

FieldSet: TypeAlias = dict[str, Any]  # Any: FieldSet; mypy knows no recursive alias of dict
LEAF: FieldSet = {}
"""A member without children. Not to be changed."""
NOTHING: FieldSet = {}
"""The set without members. Not to be changed."""


def is_member(node: FieldSet) -> bool:
    """Whether what a node stands for is in the set."""
    return not node or MEMBER in node


def member(node: FieldSet) -> FieldSet:
    """The node, as one that is in the set."""
    return node if is_member(node) else {MEMBER: LEAF, **node}


def of_paths(paths: Iterable[str]) -> FieldSet:
    """Of fields such as ``metadata.labels``; names with dots are not to be had."""
    found: FieldSet = NOTHING
    for path in paths:
        node = LEAF
        for name in reversed(path.split(".")):
            node = {f"f:{name}": node}
        found = union(found, node)
    return found


def has(fields: FieldSet, path: Iterable[str]) -> bool:
    """Whether a field (its elements, outermost first) is in the set."""
    node = fields
    for element in path:
        if element not in node:
            return False
        node = node[element]
    return is_member(node)


def contains(larger: FieldSet, smaller: FieldSet) -> bool:
    """Whether all of the second are in the first."""
    if larger is smaller:
        return True
    for element, node in smaller.items():
        if element == MEMBER:
            continue
        found = larger.get(element)
        if found is None or (is_member(node) and not is_member(found)) or not contains(found, node):
            return False
    return True


def union(one: FieldSet, other: FieldSet) -> FieldSet:
    """What is in either."""
    if not one or not other:
        return one or other
    united = dict(one)
    for element, node in other.items():
        found = united.get(element)
        united[element] = node if found is None else _united(found, node)
    return united


def _united(one: FieldSet, other: FieldSet) -> FieldSet:
    if one is other:
        return one
    if one and other:
        return union(one, other)
    return member(one or other)


def absorb(target: FieldSet, fields: FieldSet) -> None:
    """Add the second to the first, which is the caller's own throughout. Many sets are united so in linear time."""
    for element, node in fields.items():
        found = target.get(element)
        if found is None:
            target[element] = mine(node)
        elif found or node:
            if not found or not node:
                found[MEMBER] = LEAF
            absorb(found, node)


def mine(fields: FieldSet) -> FieldSet:
    """A copy that shares nothing."""
    return {element: mine(node) for element, node in fields.items()}


def intersection(one: FieldSet, other: FieldSet) -> FieldSet:
    """What is in both."""
    found: FieldSet = {}
    smaller, larger = (one, other) if len(one) <= len(other) else (other, one)
    for element, node in smaller.items():
        second = larger.get(element)
        if second is None or element == MEMBER:
            continue
        below = intersection(node, second) if node and second else NOTHING
        if is_member(node) and is_member(second):
            found[element] = member(below)
        elif below:
            found[element] = below
    return found


def difference(fields: FieldSet, gone: FieldSet) -> FieldSet:
    """What is in the first only; what is below a member of the second stays."""
    if fields.keys().isdisjoint(gone):
        return fields
    left: FieldSet = {}
    changed = False
    for element, node in fields.items():
        second = gone.get(element)
        if second is None or element == MEMBER:
            left[element] = node
            continue
        kept = _without(node, second)
        changed = changed or kept is not node
        if kept is not None:
            left[element] = kept
    return left if changed else fields


def _without(node: FieldSet, gone: FieldSet) -> FieldSet | None:
    """None when nothing is left."""
    if not node:
        return None if is_member(gone) else node
    below = difference(node, gone)
    if MEMBER in below and is_member(gone):
        below = {element: each for element, each in below.items() if element != MEMBER}
    elif len(below) == 1 and MEMBER in below:
        return LEAF
    return below or None


def recursive_difference(fields: FieldSet, gone: FieldSet) -> FieldSet:
    """What is in the first, and neither in the second nor below a member of it."""
    if fields.keys().isdisjoint(gone):
        return fields
    left: FieldSet = {}
    for element, node in fields.items():
        second = gone.get(element)
        if second is None or element == MEMBER:
            left[element] = node
        elif not is_member(second):
            below = recursive_difference(node, second)
            if below or not node:
                left[element] = LEAF if len(below) == 1 and MEMBER in below else below
    return left


def only(fields: FieldSet, element: str) -> FieldSet:
    """What is at or below one element of the first level."""
    return {element: fields[element]} if element in fields else NOTHING


def without_root(fields: FieldSet) -> FieldSet:
    """Nobody owns "the entire object"."""
    if MEMBER in fields:
        return {element: node for element, node in fields.items() if element != MEMBER}
    return fields


def sorted_set(fields: FieldSet) -> FieldSet:
    """The same in upstream's order. (To make it anew takes less time than to see what is in order.)"""
    ordered = sorted(fields)
    if ordered and ordered[-1][0] not in ".f":  # the letters of all other kinds come behind these
        ordered.sort(key=order)
    found: FieldSet = {}
    for element in ordered:
        node = fields[element]
        found[element] = sorted_set(node) if node else node
    return found


def read(fields: Any) -> FieldSet:
    """Of FieldsV1 from elsewhere (decoded). Raises ValueError."""
    if fields is None:
        return NOTHING
    if not isinstance(fields, dict):
        raise ValueError("a field set must be an object")
    found: FieldSet = {}
    for key, node in fields.items():
        if key == MEMBER:
            found[MEMBER] = LEAF
            continue
        try:
            element = parsed(key)
        except Unknown:
            continue
        below = read(node)
        found[element] = _united(found[element], below) if element in found else below
    return LEAF if len(found) == 1 and MEMBER in found else found


def paths(fields: FieldSet) -> Iterator[tuple[str, ...]]:
    """All members, sorted; those of a level before what is below them."""
    yield from _paths(fields, ())


def _paths(fields: FieldSet, above: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    elements = sorted((element for element in fields if element != MEMBER), key=order)
    for element in elements:
        if is_member(fields[element]):
            yield (*above, element)
    for element in elements:
        yield from _paths(fields[element], (*above, element))


def path_text(path: Iterable[str]) -> str:
    """As messages show it: ``.spec.containers[name="web"].image``."""
    return "".join(map(readable, path))
