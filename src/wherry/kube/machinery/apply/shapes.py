"""How a schema's nodes merge: what is one value, what has parts that can be owned one by one.

The rules of kube-openapi ``pkg/schemaconv``. Where the schema says nothing, an object has parts and a list is one value
(structured-merge-diff's "deduced" type).
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from wherry.kube.machinery.apply.elements import by_keys, by_value
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.patches.gotext import quoted
from wherry.kube.machinery.patches.values import same
from wherry.kube.machinery.schema.builtin import META, OBJECT_META, definition
from wherry.kube.machinery.schema.model import MISSING, Schema

_NO_FIELDS: Mapping[str, Schema] = {}
_RAW = "io.k8s.apimachinery.pkg.runtime.RawExtension"
_OF_NO_NUMBERS = frozenset((META + "FieldsV1",))
_TEXT = Schema(type="string")
_REMEMBERED = 200
"""Longer names are not: what is remembered is bounded in bytes, too."""


@dataclass(frozen=True, slots=True)
class ListShape:
    """``set``: elements are owned by value; ``map``: by ``keys``, which are names and defaults (or MISSING)."""

    kind: Literal["atomic", "set", "map"]
    keys: tuple[tuple[str, Any], ...] = ()

    @property
    def is_atomic(self) -> bool:
        return self.kind == "atomic"


_ATOMIC = ListShape("atomic")
_SET = ListShape("set")


def fields_of(schema: Schema | None) -> Mapping[str, Schema]:
    """The fields that the schema names."""
    return _NO_FIELDS if schema is None else schema.properties


def entries_of(schema: Schema | None) -> Schema | None:
    """The schema of what has no name in the schema."""
    return None if schema is None else schema.additional


def items_of(schema: Schema | None) -> Schema | None:
    return None if schema is None else schema.items


def is_whole(schema: Schema | None) -> bool:
    """Whether an object of this schema is one value."""
    return schema is not None and (schema.map_type == "atomic" or schema.name == _RAW)


def is_free(schema: Schema | None) -> bool:
    """Whether an object may have fields that the schema does not name."""
    return schema is None or schema.preserve_unknown or schema.additional is not None or not schema.properties


def are_equal(schema: Schema, one: Any, other: Any) -> bool:
    """Whether two values of a schema are the same. Only where there may be anything could one be 1 and the other true:
    elsewhere Python's own comparison does, in a tenth of the time."""
    return same(one, other) if _has_anything(schema) else bool(one == other)


@functools.lru_cache(maxsize=4096)
def _has_anything(schema: Schema) -> bool:
    """Whether a value of it has a place for a value of any type. (What managedFields have is not looked at.)"""
    seen, ahead = set[int](), [schema]
    while ahead:
        node = ahead.pop()
        if id(node) in seen or node.name in _OF_NO_NUMBERS:
            continue
        seen.add(id(node))
        below = [*node.properties.values(), *filter(None, (node.items, node.additional))]
        is_scalar = node.type not in ("", "object", "array") or node.int_or_string or node.quantity
        if node.preserve_unknown or not (below or is_scalar or node.name):
            return True
        ahead += below
    return False


@functools.lru_cache(maxsize=4096)
def list_shape(schema: Schema | None) -> ListShape:
    """Of a list; strategic merge's words count where ``x-kubernetes-list-type`` says nothing."""
    if schema is None:
        return _ATOMIC
    if schema.list_type == "map":
        return _keyed(schema, schema.list_map_keys)
    if schema.list_type:
        return _SET if schema.list_type == "set" else _ATOMIC
    if "merge" not in schema.patch_strategies:
        return _ATOMIC
    return _keyed(schema, (schema.patch_merge_key,)) if schema.patch_merge_key else _SET


def _keyed(schema: Schema, names: tuple[str, ...]) -> ListShape:
    if not names:
        return _SET
    fields = fields_of(schema.items)
    return ListShape(
        "map", tuple((name, fields[name].default if name in fields else MISSING) for name in sorted(names))
    )


def element_of(item: Any, shape: ListShape) -> str:
    """The path element of an element of a list that is not atomic. Raises ValueError, in upstream's words."""
    if not shape.keys:
        return _value_element(item)
    if not isinstance(item, dict):
        what = "a null element" if item is None else "non-map elements"
        raise ValueError(f"associative list with keys may not have {what}")
    if len(shape.keys) == 1 and type(value := item.get(shape.keys[0][0])) is str and len(value) <= _REMEMBERED:
        return _named(shape.keys[0][0], value)
    if len(shape.keys) == 2:
        (name, default), (second, other) = shape.keys
        one, two = item.get(name, default), item.get(second, other)
        if _is_short(one) and _is_short(two):
            return _paired((name, second), one, two)
    keys: Object = {}
    for name, default in shape.keys:
        if name in item:
            keys[name] = item[name]
        elif default is not MISSING:
            keys[name] = default
    if not keys:
        names = " ".join(quoted(name) for name, _ in shape.keys)
        raise ValueError(
            f"associative list with keys has an element that omits all key fields [{names}] "
            "(and doesn't have default values for any key fields)"
        )
    return by_keys(keys)


@functools.lru_cache(maxsize=4096)
def _named(key: str, value: str) -> str:
    """Most lists are of things with names, and most names are those of many."""
    return by_keys({key: value})


def _is_short(value: Any) -> bool:
    return type(value) is int or (type(value) is str and len(value) <= _REMEMBERED)


@functools.lru_cache(maxsize=4096)
def _paired(names: tuple[str, ...], *values: str | int) -> str:
    """The same of ports: a number and a protocol."""
    return by_keys(dict(zip(names, values, strict=True)))


def _value_element(item: Any) -> str:
    if isinstance(item, dict):
        raise ValueError("associative list without keys has an element that's a map type")
    if isinstance(item, list):
        raise ValueError("not supported: associative list with lists as elements")
    if item is None:
        raise ValueError("associative list without keys has an element that's an explicit null")
    return by_value(item)


def element_or_none(item: Any, shape: ListShape) -> str | None:
    """None for what cannot be identified."""
    try:
        return element_of(item, shape)
    except ValueError:
        return None


def elements_of(items: Sequence[Any], shape: ListShape) -> list[str | None]:
    """Of all elements of a list; None for what cannot be identified."""
    if len(shape.keys) != 1:
        return [element_or_none(each, shape) for each in items]
    key, found = shape.keys[0][0], list[str | None]()
    for each in items:
        value = each.get(key) if type(each) is dict else None
        is_usual = type(value) is str and len(value) <= _REMEMBERED
        found.append(_named(key, value) if is_usual else element_or_none(each, shape))
    return found


@functools.lru_cache(maxsize=1024)
def of_object(schema: Schema) -> Schema:
    """The schema of a whole object: a custom resource's may leave out what every object has."""
    metadata = schema.properties.get("metadata")
    if metadata is not None and metadata.properties:
        return schema
    fields = {"apiVersion": _TEXT, "kind": _TEXT, **schema.properties, "metadata": definition(OBJECT_META)}
    return replace(schema, resolve_properties=lambda: fields, _properties=None)
