"""The fields that a configuration speaks of, and what is wrong with it (structured-merge-diff, typed/tofieldset.go and
typed/validate.go)."""

from collections import Counter
from typing import Any

from wherry.kube.machinery.apply.elements import readable
from wherry.kube.machinery.apply.fieldsets import LEAF, FieldSet, member
from wherry.kube.machinery.apply.shapes import (
    element_of,
    elements_of,
    entries_of,
    fields_of,
    is_free,
    is_whole,
    items_of,
    list_shape,
)
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.patches.gotext import go_type, shown, syntax
from wherry.kube.machinery.schema.model import Schema

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int, float),
    "number": (int, float),
}


def field_set(value: Object, schema: Schema | None) -> FieldSet:
    """All that an object has: leaves, elements of lists, entries of maps, and what is empty or null."""
    found: FieldSet = {}
    named, entries = fields_of(schema), entries_of(schema)
    for key, each in value.items():
        known = named.get(key)
        node = node_of(each, entries if known is None else known)
        if known is None:
            node = member(node) if node else LEAF
        if node is not None:
            found[f"f:{key}"] = node
    return found


def node_of(value: Any, schema: Schema | None) -> FieldSet | None:
    """Of any value. None when neither the value itself nor anything in it is owned: a list without elements."""
    if isinstance(value, dict):
        return LEAF if not value or is_whole(schema) else field_set(value, schema) or None
    if isinstance(value, list) and not list_shape(schema).is_atomic:
        return _elements(value, schema) or None
    return LEAF


def _elements(values: list[Any], schema: Schema | None) -> FieldSet:
    shape, below = list_shape(schema), items_of(schema)
    elements = elements_of(values, shape)
    counts = Counter(elements)
    found: FieldSet = {}
    for element, each in zip(elements, values, strict=True):
        if element is None:
            continue
        if counts[element] > 1 or not isinstance(each, dict) or is_whole(below):
            found[element] = LEAF  # duplicates are owned together, as one value
        else:
            found[element] = member(field_set(each, below))
    return found


def complaints(value: Object, schema: Schema) -> list[str]:
    """What does not fit the schema: ``.spec.ports: element 0: …``, in upstream's words."""
    found: list[str] = []
    _check_fields("", value, schema, found)
    return found


def _check(path: str, value: Any, schema: Schema | None, found: list[str]) -> None:
    if value is None or schema is None:
        return
    if schema.quantity or schema.int_or_string:
        if isinstance(value, dict | list):
            found.append(f"{path}: expected any scalar, got &{{{shown(value)}}}")
    elif schema.type == "object":
        if isinstance(value, dict):
            _check_fields(path, value, schema, found)
        else:
            found.append(f"{path}: expected map, got &{{{shown(value)}}}")
    elif schema.type == "array":
        if isinstance(value, list):
            _check_elements(path, value, schema, found)
        else:
            found.append(f"{path}: expected list, got &{{{shown(value)}}}")
    elif schema.type:
        _check_scalar(path, value, schema.type, found)
    elif isinstance(value, dict):
        _check_fields(path, value, schema, found)


def _check_fields(path: str, value: Object, schema: Schema, found: list[str]) -> None:
    named, entries, free = schema.properties, schema.additional, is_free(schema)
    for key, each in value.items():
        below = named.get(key)
        if below is None and not free:
            found.append(f"{path}.{key}: field not declared in schema")
            continue
        _check(f"{path}.{key}", each, entries if below is None else below, found)


def _check_elements(path: str, values: list[Any], schema: Schema, found: list[str]) -> None:
    shape, below = list_shape(schema), schema.items
    seen: set[str] = set()
    for index, each in enumerate(values):
        if shape.is_atomic:
            _check(f"{path}[{index}]", each, below, found)
            continue
        try:
            element = element_of(each, shape)
        except ValueError as error:
            found.append(f"{path}: element {index}: {error}")
            return
        text = readable(element)
        if element in seen:
            found.append(f"{path}: duplicate entries for key {text}")
        seen.add(element)
        _check(f"{path}{text}", each, below, found)


def _check_scalar(path: str, value: Any, kind: str, found: list[str]) -> None:
    if isinstance(value, _TYPES[kind]) and isinstance(value, bool) is (kind == "boolean"):
        return
    if kind == "string":
        found.append(f"{path}: expected string, got &value.valueUnstructured{{Value:{syntax(value)}}}")
    elif kind == "boolean":
        found.append(f"{path}: expected boolean, got &{{{shown(value)}}}")
    else:
        found.append(f"{path}: expected numeric (int or float), got {go_type(value)}")
