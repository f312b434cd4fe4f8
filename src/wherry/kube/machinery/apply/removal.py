"""What is taken out of an object, or out of a set, by a field set (structured-merge-diff, typed/remove.go and
typed/reconcile_schema.go)."""

from typing import Any

from wherry.kube.machinery.apply.elements import MEMBER
from wherry.kube.machinery.apply.fieldsets import (
    LEAF,
    FieldSet,
    contains,
    difference,
    intersection,
    is_member,
    member,
    union,
)
from wherry.kube.machinery.apply.owning import field_set
from wherry.kube.machinery.apply.shapes import (
    element_or_none,
    entries_of,
    fields_of,
    is_whole,
    items_of,
    list_shape,
)
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.schema.model import Schema


def pruned(merged: Object, last: FieldSet, managed: tuple[FieldSet, FieldSet], schema: Schema) -> Object:
    """``merged`` without what its manager applied ``last``, applies no more, and nobody else owns.

    ``managed``: what it applies now, and all that is owned, this included (structured-merge-diff, merge/update.go
    prune). What goes takes along what is in it, unless somebody owns that.
    """
    now, everybodys = managed
    if contains(now, last):
        return merged
    last = _with_named(last, schema)
    everything = _with_named(field_set(merged, schema), schema)
    left = _with_named(field_set(without(merged, last, schema), schema), schema)
    kept = union(left, _with_named(everybodys, schema))
    left = _with_named(field_set(without(merged, difference(everything, kept), schema), schema), schema)
    return without(merged, intersection(difference(everything, left), last), schema)


def without(value: Object, gone: FieldSet, schema: Schema | None) -> Object:
    """An object without the members of a set. An object that loses all that is in it stays, empty (upstream leaves
    null); maps and lists go, as Go leaves out empty ones."""
    if not gone:
        return value
    left: Object = {}
    named, entries = fields_of(schema), entries_of(schema)
    for key, each in value.items():
        node = gone.get(f"f:{key}")
        if node is None:
            left[key] = each
        elif not is_member(node):
            below = named.get(key, entries)
            kept = _left(each, node, below)
            if kept or not isinstance(kept, dict | list) or (isinstance(kept, dict) and not _is_map(below)):
                left[key] = kept
    return left


def _is_map(schema: Schema | None) -> bool:
    return schema is not None and schema.is_map


def _left(value: Any, gone: FieldSet, schema: Schema | None) -> Any:
    if isinstance(value, dict) and not is_whole(schema):
        return without(value, gone, schema)
    if isinstance(value, list) and not list_shape(schema).is_atomic:
        return _elements(value, gone, schema)
    return value


def _elements(values: list[Any], gone: FieldSet, schema: Schema | None) -> list[Any]:
    shape, below = list_shape(schema), items_of(schema)
    left: list[Any] = []
    for each in values:
        node = gone.get(element_or_none(each, shape) or "")
        if node is None:
            left.append(each)
        elif not is_member(node):
            left.append(_left(each, node, below))
    return left


def _with_named(fields: FieldSet, schema: Schema | None) -> FieldSet:
    """With every field that the schema names and that something in the set is in: an object that is not owned itself,
    but through what is in it (fieldpath, EnsureNamedFieldsAreMembers)."""
    found: FieldSet = {}
    named, entries, items = fields_of(schema), entries_of(schema), items_of(schema)
    for element, node in fields.items():
        if not node:
            found[element] = node
            continue
        if element.startswith("f:"):
            known = named.get(element[2:])
            below = _with_named(node, entries if known is None else known)
            found[element] = below if known is None else member(below)
        else:
            found[element] = _with_named(node, items if element.startswith("k:") else None)
    return found


def reconciled(fields: FieldSet, schema: Schema | None) -> FieldSet:
    """A set as the schema has it now: what has become one value is owned as one. The same where nothing has."""
    changed: FieldSet = {}
    named, entries, items = fields_of(schema), entries_of(schema), items_of(schema)
    for element, node in fields.items():
        if not node or element == MEMBER:
            continue
        below = named.get(element[2:], entries) if element.startswith("f:") else items
        if below is None:
            continue
        now = LEAF if _is_one(below) else reconciled(node, below)
        if now is not node:
            changed[element] = now
    return {**fields, **changed} if changed else fields


def _is_one(schema: Schema) -> bool:
    return schema.map_type == "atomic" or (schema.type == "array" and list_shape(schema).is_atomic)


def extracted(value: Object, fields: FieldSet, schema: Schema | None) -> Object:
    """Only the members of a set, and the keys of the elements that they are in."""
    found: Object = {}
    named, entries = fields_of(schema), entries_of(schema)
    for key, each in value.items():
        node = fields.get(f"f:{key}")
        if node is not None:
            found[key] = _owned(each, node, named.get(key, entries))
    return found


def _owned(value: Any, fields: FieldSet, schema: Schema | None) -> Any:
    if isinstance(value, dict) and not is_whole(schema):
        return extracted(value, fields, schema)
    if isinstance(value, list) and not (shape := list_shape(schema)).is_atomic:
        below = items_of(schema)
        nodes = [(each, fields.get(element_or_none(each, shape) or "")) for each in value]
        names = [name for name, _ in shape.keys]
        return [_with_keys(each, _owned(each, node, below), names) for each, node in nodes if node is not None]
    return value


def _with_keys(element: Any, owned: Any, names: list[str]) -> Any:
    if not isinstance(element, dict) or owned is element:
        return owned
    return {**{name: element[name] for name in names if name in element}, **owned}
