"""The field set of a configuration that fits its schema, in one walk, by functions that are made of each schema once.

:mod:`.owning` says the same in two walks, and what is wrong with what does not fit.
"""

import functools
from collections.abc import Callable
from typing import Any, TypeAlias

from wherry.kube.machinery.apply.elements import MEMBER
from wherry.kube.machinery.apply.fieldsets import LEAF, FieldSet
from wherry.kube.machinery.apply.owning import node_of
from wherry.kube.machinery.apply.shapes import elements_of, is_free, is_whole, list_shape
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.schema.model import Schema

Value: TypeAlias = Any  # JSON, of whatever type a client sent
Read: TypeAlias = Callable[[Value], FieldSet | None]
"""The node of a value; None when nothing of it is owned."""
Form: TypeAlias = tuple[frozenset[type], Read]
"""Values of these types are leaves; all else is read, or refused."""

_NULL = frozenset((type(None),))
_SCALARS = _NULL | {str, int, float, bool}
_NUMBERS = _NULL | {int, float}
_PLAIN = {"string": _NULL | {str}, "boolean": _NULL | {bool}, "integer": _NUMBERS, "number": _NUMBERS}


class _Unfit(Exception):
    """Something is not as the schema has it."""


def typed(value: Object, schema: Schema) -> FieldSet | None:
    """As :func:`.owning.field_set`. None where :func:`.owning.complaints` has some."""
    try:
        return _struct(schema)(value) or {}
    except _Unfit:
        return None


@functools.lru_cache(maxsize=4096)
def _form(schema: Schema) -> Form:
    if schema.quantity or schema.int_or_string:
        return _SCALARS, _refused
    if schema.type == "object":
        return _NULL, _struct(schema)
    if schema.type == "array":
        return _NULL, _list(schema)
    return (_PLAIN[schema.type], _refused) if schema.type else (_SCALARS, _anything(schema))


def _refused(value: Value) -> FieldSet | None:
    raise _Unfit


def _unknown(value: Value) -> FieldSet | None:
    return node_of(value, None)


_UNKNOWN: Form = _SCALARS, _unknown
_NOTHING: Form = frozenset(), _refused


def _anything(schema: Schema) -> Read:
    """Of a schema that says no type: an object's fields are looked at all the same."""
    struct = _struct(schema)
    return lambda value: struct(value) if type(value) is dict else node_of(value, schema)


@functools.lru_cache(maxsize=4096)
def _struct(schema: Schema) -> Read:
    """What is below is looked up when the first one comes: definitions contain themselves."""
    fields: dict[str, tuple[str, frozenset[type], Read]] = {}
    others: list[Form] = []
    whole = is_whole(schema)

    def prepare() -> None:
        fields.update({name: (f"f:{name}", *_form(each)) for name, each in schema.properties.items()})
        if not is_free(schema):
            others.append(_NOTHING)
        else:
            others.append(_UNKNOWN if schema.additional is None else _form(schema.additional))

    def read(value: Value) -> FieldSet | None:
        if type(value) is not dict:
            raise _Unfit
        if not value:
            return LEAF
        if not others:
            prepare()
        found: FieldSet = {}
        for name, each in value.items():
            known = fields.get(name)
            if known is not None:
                element, leaves, below = known
                if type(each) in leaves:
                    found[element] = LEAF
                elif (node := below(each)) is not None:
                    found[element] = node
                continue
            leaves, below = others[0]  # what has no name in the schema is owned itself
            node = None if type(each) in leaves else below(each)
            if node:
                node[MEMBER] = LEAF
            found[f"f:{name}"] = node or LEAF
        return LEAF if whole else found or None

    return read


def _list(schema: Schema) -> Read:
    shape = list_shape(schema)
    forms: list[Form] = []

    def read(values: Value) -> FieldSet | None:
        if type(values) is not list:
            raise _Unfit
        if not forms:
            forms.append(_UNKNOWN if schema.items is None else _form(schema.items))
        leaves, below = forms[0]
        if shape.is_atomic:
            for each in values:
                if type(each) not in leaves:
                    below(each)
            return LEAF
        found: FieldSet = {}
        for element, each in zip(elements_of(values, shape), values, strict=True):
            if element is None or element in found:
                raise _Unfit
            node = None if type(each) in leaves else below(each)
            if node:
                node[MEMBER] = LEAF
            found[element] = node or LEAF
        return found or None

    return read
