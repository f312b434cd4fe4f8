"""What differs between two objects, as field sets (structured-merge-diff, typed/compare.go)."""

from collections.abc import Sequence
from typing import Any

import msgspec

from wherry.kube.machinery.apply.elements import MEMBER
from wherry.kube.machinery.apply.fieldsets import LEAF, FieldSet, union
from wherry.kube.machinery.apply.shapes import (
    are_equal,
    elements_of,
    entries_of,
    fields_of,
    is_whole,
    items_of,
    list_shape,
)
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.patches.values import same
from wherry.kube.machinery.schema.model import Schema

_ABSENT = object()
_PLAIN = frozenset((str, int, bool, float))
"""Values of one of these types are the same if they are equal."""
_PARTED = frozenset((dict, list))
STRUCTS = frozenset(("metadata", "spec", "status", "template", "jobTemplate", "strategy", "updateStrategy"))
"""Fields that in Go hold a struct, not a pointer to one: upstream finds them in every object, empty ones too, and so
never as something added. OpenAPI does not tell; these are the ones above what a creator usually sets."""


class Comparison(msgspec.Struct, frozen=True):
    """``modified`` is in both and differs; what contains something that was added was not itself added, unless it
    was."""

    added: FieldSet
    modified: FieldSet
    removed: FieldSet

    @property
    def touched(self) -> FieldSet:
        """Added or modified."""
        return union(self.modified, self.added)

    @property
    def is_same(self) -> bool:
        return not self.added and not self.modified and not self.removed


def compare(old: Object, new: Object, schema: Schema) -> Comparison:
    """Of two objects of one schema."""
    return Comparison(*_fields(old, new, schema))


_Found = tuple[FieldSet, FieldSet, FieldSet]


def _fields(old: Object, new: Object, schema: Schema | None) -> _Found:
    found: _Found = ({}, {}, {})
    named, entries = fields_of(schema), entries_of(schema)
    for key, value in new.items():
        was = old.get(key, _ABSENT)
        kind, before = type(value), type(was)
        if was is value or (before is kind and kind in _PLAIN and was == value):
            continue
        if before in _PLAIN and kind in _PLAIN:
            if not same(was, value):
                found[1][f"f:{key}"] = LEAF
        elif was is not _ABSENT:
            _pair(f"f:{key}", (was, value), named.get(key, entries), found)
        elif kind in _PARTED:
            _appeared(key, value, schema, found[0])
        else:
            found[0][f"f:{key}"] = LEAF
    for key, was in old.items():
        if key not in new:
            found[2][f"f:{key}"] = whole(was, named.get(key, entries))
    return found


def _appeared(key: str, value: Any, schema: Schema | None, added: FieldSet) -> None:
    """A field with parts that was not there; of Go's structs and of what Go never leaves out, only what is in it is
    new."""
    below = fields_of(schema).get(key, entries_of(schema))
    if key in STRUCTS and below is not None and below.name and isinstance(value, dict):
        node, _, _ = _fields({}, value, below)
    else:
        node = whole(value, below)
        if MEMBER not in node or not (schema is not None and schema.name and key in schema.required):
            added[f"f:{key}"] = node
            return
        node = {element: each for element, each in node.items() if element != MEMBER}
    if node:
        added[f"f:{key}"] = node


def _pair(element: str, pair: tuple[Any, Any], schema: Schema | None, found: _Found) -> None:
    old, new = pair
    if isinstance(old, dict) and isinstance(new, dict) and (old or new) and not is_whole(schema):
        if schema is not None and schema.name and are_equal(schema, old, new):
            return
        below = _fields(old, new, schema)
    elif isinstance(old, list) and isinstance(new, list) and (old or new) and not list_shape(schema).is_atomic:
        items = items_of(schema)
        if items is not None and items.name and are_equal(items, old, new):
            return
        below = _elements(old, new, schema)
    else:
        below = _unlike(element, pair, schema, found)
    for target, node in zip(found, below, strict=True):
        if node:
            target[element] = node


def _unlike(element: str, pair: tuple[Any, Any], schema: Schema | None, found: _Found) -> _Found:
    """Of single values, and of two that are not of one type: the parts of either come or go."""
    old, new = (_parts(each, schema) for each in pair)
    if (old is not None and pair[1] is None) or (new is not None and pair[0] is None):
        return new or {}, {}, old or {}
    if not same(*pair):
        found[1][element] = LEAF
    return new or {}, {}, old or {}


def _parts(value: Any, schema: Schema | None) -> FieldSet | None:
    """What is in a value that has parts; None for what is one."""
    node = whole(value, schema)
    return {element: each for element, each in node.items() if element != MEMBER} if node else None


def whole(value: Any, schema: Schema | None) -> FieldSet:
    """The node of a value that came or went with all that is in it."""
    if not value:
        return LEAF
    if type(value) is dict and not is_whole(schema):
        named, entries = fields_of(schema), entries_of(schema)
        node: FieldSet = {MEMBER: LEAF}
        for key, each in value.items():
            node[f"f:{key}"] = whole(each, named.get(key, entries)) if type(each) in _PARTED else LEAF
        return node
    if type(value) is list and not list_shape(schema).is_atomic:
        groups, below = _grouped(value, schema), items_of(schema)
        nodes = {element: whole(each[0], below) if len(each) == 1 else LEAF for element, each in groups.items()}
        return {MEMBER: LEAF, **nodes} if nodes else LEAF
    return LEAF


def _grouped(values: Sequence[Any], schema: Schema | None) -> dict[str, list[Any]]:
    """The elements of a list by path element; what cannot be identified is nobody's."""
    found: dict[str, list[Any]] = {}
    for element, each in zip(elements_of(values, list_shape(schema)), values, strict=True):
        if element is not None:
            found.setdefault(element, []).append(each)
    return found


def _elements(old: list[Any], new: list[Any], schema: Schema | None) -> _Found:
    found: _Found = ({}, {}, {})
    olds, news, below = _grouped(old, schema), _grouped(new, schema), items_of(schema)
    for element in olds | news:
        _group(element, (olds.get(element, []), news.get(element, [])), below, found)
    return found


def _group(element: str, groups: tuple[list[Any], list[Any]], schema: Schema | None, found: _Found) -> None:
    """Elements of one key. Duplicates are one value, owned as such."""
    old, new = groups
    added, modified, removed = found
    if len(old) > 1 and len(new) > 1:
        if not same(old, new):
            modified[element] = LEAF
    elif len(old) <= 1 and len(new) <= 1:
        if old and new:
            _pair(element, (old[0], new[0]), schema, found)
        elif new:
            added[element] = whole(new[0], schema)
        else:
            removed[element] = whole(old[0], schema)
    elif len(old) > 1:
        removed[element] = LEAF
        if new:
            added[element] = whole(new[0], schema)
    else:
        added[element] = LEAF
        if old:
            removed[element] = whole(old[0], schema)
