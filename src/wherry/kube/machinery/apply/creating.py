"""What is in an object that was not there, in upstream's order: one walk, by functions made of each schema once.

:mod:`.comparison` says the same of nothing and the object, :mod:`.fieldsets` puts that in order.
"""

import functools
from collections.abc import Callable
from typing import Any, TypeAlias

from wherry.kube.machinery.apply.comparison import STRUCTS
from wherry.kube.machinery.apply.elements import MEMBER, order
from wherry.kube.machinery.apply.fieldsets import LEAF, FieldSet
from wherry.kube.machinery.apply.shapes import elements_of, is_whole, list_shape, of_object
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.schema.model import Schema

Value: TypeAlias = Any  # JSON
Read: TypeAlias = Callable[[Value], FieldSet]
"""The node of an object or a list."""
_Form: TypeAlias = tuple[str, Read | None, bool, tuple[Read, Read]]
_ANYTHING = Schema()
_ALL: frozenset[str] = frozenset()
TYPE = frozenset(("apiVersion", "kind"))
IDENTITY = frozenset(
    (
        "name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName", "generation", "managedFields",
        "resourceVersion",
    )
)  # fmt: skip
"""Of ``metadata``: nobody can own these."""


def created(new: Object, schema: Schema) -> FieldSet:
    """All that is in ``new``."""
    return _struct(schema, _ALL)(new)


def creators(new: Object, schema: Schema, has_status: bool) -> FieldSet:
    """The same without what no creator can own: type, identity, and a status that is written by itself."""
    return _object_of(schema, has_status)(new)


@functools.lru_cache(maxsize=1024)
def _object_of(schema: Schema, has_status: bool) -> Read:
    schema = of_object(schema)
    metadata = schema.child("metadata") or _ANYTHING
    read = _leaf if is_whole(metadata) else _struct(metadata, IDENTITY)
    left_out = TYPE | {"status"} if has_status else TYPE
    return _struct_but(schema, left_out, {"metadata": ("f:metadata", read, False, _read(metadata))})


@functools.lru_cache(maxsize=4096)
def _struct(schema: Schema, left_out: frozenset[str]) -> Read:
    """Of a struct of Go: it is there in every object, so that only what is in it is new."""
    return _struct_but(schema, left_out, {})


def _struct_but(schema: Schema, left_out: frozenset[str], forms: dict[str, _Form]) -> Read:
    """The same without some fields, with some that are read otherwise."""

    def form(name: str) -> _Form:
        below = schema.child(name)
        struct = _struct(below, _ALL) if name in STRUCTS and below is not None and below.name else None
        always = bool(schema.name) and name in schema.required
        found = f"f:{name}", struct, always, _read(below or _ANYTHING)
        if name in schema.properties:
            forms[name] = found
        return found

    def read(value: Value) -> FieldSet:
        node: FieldSet = {}
        for name in sorted(value.keys() - left_out if left_out else value):
            each = value[name]
            kind = type(each)
            if kind is not dict and kind is not list:
                node[f"f:{name}"] = LEAF
                continue
            element, struct, always, below = forms.get(name) or form(name)
            if struct is not None and kind is dict:
                found = struct(each)
                if not found:
                    continue
            else:
                found = below[kind is list](each)
                if always and MEMBER in found:
                    found = {inner: each for inner, each in found.items() if inner != MEMBER}
            node[element] = found
        return node

    return read


@functools.lru_cache(maxsize=4096)
def _read(schema: Schema) -> tuple[Read, Read]:
    """Of an object and of a list."""
    return _leaf if is_whole(schema) else _object(schema), _list(schema)


def _leaf(value: Value) -> FieldSet:
    return LEAF


def _object(schema: Schema) -> Read:
    fields: dict[str, tuple[str, tuple[Read, Read]]] = {}

    def read(value: Value) -> FieldSet:
        if not value:
            return LEAF
        node: FieldSet = {MEMBER: LEAF}
        for name in sorted(value):
            each = value[name]
            kind = type(each)
            if kind is not dict and kind is not list:
                node[f"f:{name}"] = LEAF
                continue
            found = fields.get(name)
            if found is None:
                found = f"f:{name}", _read(schema.child(name) or _ANYTHING)
                if name in schema.properties:
                    fields[name] = found
            node[found[0]] = found[1][kind is list](each)
        return node

    return read


def _list(schema: Schema) -> Read:
    shape = list_shape(schema)
    if shape.is_atomic:
        return _leaf

    def read(values: Value) -> FieldSet:
        below = _read(schema.items or _ANYTHING)
        nodes: FieldSet = {}
        for element, each in zip(elements_of(values, shape), values, strict=True):
            if element is None:
                continue
            kind = type(each)
            parted = element not in nodes and (kind is dict or kind is list)
            nodes[element] = below[kind is list](each) if parted else LEAF
        if not nodes:
            return LEAF
        ordered = sorted(nodes, key=order) if len(nodes) > 1 else nodes
        return {MEMBER: LEAF, **{element: nodes[element] for element in ordered}}

    return read
