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
Read: TypeAlias = Callable[[Value], FieldSet | None]
"""The node of an object or a list; None where only what is in it could be new, and nothing is."""
Reads: TypeAlias = tuple[Read, Read]
"""Of an object and of a list."""
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
    return _struct(schema, _ALL)(new) or {}


def creators(new: Object, schema: Schema, has_status: bool) -> FieldSet:
    """The same without what no creator can own: type, identity, and a status that is written by itself."""
    return _object_of(schema, has_status)(new) or {}


@functools.lru_cache(maxsize=1024)
def _object_of(schema: Schema, has_status: bool) -> Read:
    schema = of_object(schema)
    metadata = schema.child("metadata") or _ANYTHING
    read = _nothing if is_whole(metadata) else _struct(metadata, IDENTITY)
    return _struct_but(schema, TYPE | {"status"} if has_status else TYPE, {"metadata": (read, _leaf)})


@functools.lru_cache(maxsize=4096)
def _struct(schema: Schema, left_out: frozenset[str]) -> Read:
    """Of a struct of Go: it is there in every object, so that only what is in it is new."""
    return _struct_but(schema, left_out, {})


def _struct_but(schema: Schema, left_out: frozenset[str], reads: dict[str, Reads]) -> Read:
    """The same without some fields, with some that are read otherwise."""

    def reads_of(name: str) -> Reads:
        below = schema.child(name)
        found = _reads(below or _ANYTHING, not (schema.name and name in schema.required))
        if name in STRUCTS and below is not None and below.name:
            found = _struct(below, _ALL), found[1]
        if name in schema.properties:
            reads[name] = found
        return found

    def read(value: Value) -> FieldSet | None:
        node: FieldSet = {}
        for name in sorted(value):
            if name in left_out:
                continue
            each = value[name]
            kind = type(each)
            if kind is dict or kind is list:
                found = (reads.get(name) or reads_of(name))[kind is list](each)
                if found is not None:
                    node[f"f:{name}"] = found
            else:
                node[f"f:{name}"] = LEAF
        return node or None

    return read


@functools.lru_cache(maxsize=4096)
def _reads(schema: Schema, is_new: bool) -> Reads:
    """``is_new``: the value itself, too, not only what is in it."""
    return _leaf if is_whole(schema) else _object(schema, is_new), _list(schema, is_new)


def _leaf(value: Value) -> FieldSet:
    return LEAF


def _nothing(value: Value) -> None:
    return None


def _object(schema: Schema, is_new: bool) -> Read:
    reads: dict[str, Reads] = {}

    def reads_of(name: str) -> Reads:
        found = _reads(schema.child(name) or _ANYTHING, True)
        if name in schema.properties:
            reads[name] = found
        return found

    def read(value: Value) -> FieldSet:
        if not value:
            return LEAF
        node: FieldSet = {MEMBER: LEAF} if is_new else {}
        for name in sorted(value):
            each = value[name]
            kind = type(each)
            if kind is dict or kind is list:
                node[f"f:{name}"] = (reads.get(name) or reads_of(name))[kind is list](each)
            else:
                node[f"f:{name}"] = LEAF
        return node

    return read


def _list(schema: Schema, is_new: bool) -> Read:
    shape = list_shape(schema)
    if shape.is_atomic:
        return _leaf

    def read(values: Value) -> FieldSet:
        below = _reads(schema.items or _ANYTHING, True)
        nodes: FieldSet = {}
        for element, each in zip(elements_of(values, shape), values, strict=True):
            if element is None:
                continue
            kind = type(each)
            parted = element not in nodes and (kind is dict or kind is list)
            nodes[element] = below[kind is list](each) if parted else LEAF
        if not nodes:
            return LEAF
        node: FieldSet = {MEMBER: LEAF} if is_new else {}
        for element in sorted(nodes, key=order) if len(nodes) > 1 else nodes:
            node[element] = nodes[element]
        return node

    return read
