"""The applied configuration merged into the live object (structured-merge-diff, typed/merge.go)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from wherry.kube.machinery.apply.shapes import (
    elements_of,
    is_whole,
    items_of,
    list_shape,
)
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.patches.values import copied, same
from wherry.kube.machinery.schema.model import MISSING, Schema


def merged(live: Object, applied: Object, schema: Schema | None) -> Object:
    """The live object with all that is applied; nothing goes.

    The very ``live`` (or part of it) where nothing changes; shares nothing with ``applied``.
    """
    changed: Object = {}
    for key, new in applied.items():
        old = live.get(key, MISSING)
        if old is MISSING:
            changed[key] = copied(new)
        elif type(new) is str:
            if new != old:
                changed[key] = new
        elif not same(old, new):
            value = _value(old, new, schema.child(key) if schema is not None else None)
            if value is not old:
                changed[key] = value
    return {**live, **changed} if changed else live


def _value(old: Any, new: Any, schema: Schema | None) -> Any:
    """Of two that are not the same."""
    if isinstance(old, dict) and not is_whole(schema):
        if isinstance(new, dict):
            return merged(old, new, schema)
        if new is None and old:
            return old
    elif isinstance(old, list) and not list_shape(schema).is_atomic:
        if isinstance(new, list) and old and new:
            return _list(old, new, schema)
        if not new and isinstance(new, list):
            return old
        if new is None and old:
            return old
    return copied(new)


@dataclass(slots=True)
class _Merge:
    """Two lists on their way to one. Elements that cannot be identified are only in the live one, and stay."""

    live: list[Any]
    keys: Sequence[str | None]
    applied: dict[str | None, Any]
    schema: Schema | None
    out: list[Any]
    singles: dict[str | None, Any]
    """Live elements by key; duplicates are not merged with, but replaced: None."""

    def take_applied(self, key: str | None) -> None:
        new, old = self.applied[key], self.singles.get(key)
        if old is None:
            self.out.append(copied(new))
        else:
            self.out.append(old if same(old, new) else _value(old, new, self.schema))


def _list(old: list[Any], new: list[Any], schema: Schema | None) -> list[Any]:
    shape, below = list_shape(schema), items_of(schema)
    keys = elements_of(old, shape)
    applied: dict[str | None, Any] = dict(zip(elements_of(new, shape), new, strict=True))
    applied.pop(None, None)
    if keys == list(applied):  # as most often
        out = [
            one if same(one, other) else _value(one, other, below)
            for one, other in zip(old, applied.values(), strict=True)
        ]
    else:
        singles: dict[str | None, Any] = {}
        for key, each in zip(keys, old, strict=True):
            if key is not None:
                singles[key] = None if key in singles else each
        merge = _Merge(old, keys, applied, below, [], singles)
        _interleave(merge)
        out = merge.out
    return old if len(out) == len(old) and all(map(_is, out, old)) else out


def _is(one: Any, other: Any) -> bool:
    return one is other or (not isinstance(one, dict | list) and same(one, other))


def _interleave(merge: _Merge) -> None:
    """Applied elements keep the applied order, the others stay where they are among those that both have."""
    order = list(merge.applied)
    shared = iter([key for key in order if key in merge.singles])
    wanted = next(shared, None)
    taken: set[str | None] = set()
    left, right = 0, 0
    while left < len(merge.live) or right < len(order):
        element = order[right] if right < len(order) else None
        if left < len(merge.live):
            key = merge.keys[left]
            if key not in merge.applied:
                merge.out.append(merge.live[left])
                left += 1
                continue
            if element is not None and key != element and wanted not in (None, key):
                left += 1  # its turn comes in the applied order
                continue
            if key == element or key in taken:
                left += 1
        if element is not None:
            merge.take_applied(element)
            taken.add(element)
            right += 1
            if element == wanted:
                wanted = next(shared, None)
