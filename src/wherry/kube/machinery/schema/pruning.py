"""Dropping the fields of a custom resource that its schema does not have
(k8s.io/apiextensions-apiserver pkg/apiserver/schema/pruning)."""

from typing import Any, TypeAlias

from wherry.kube.machinery.model import Object
from wherry.kube.machinery.schema import builtin
from wherry.kube.machinery.schema.decoding import Place, Unknown, compiled
from wherry.kube.machinery.schema.model import Schema
from wherry.kube.machinery.schema.structural import META_FIELDS

Value: TypeAlias = Any  # JSON, of whatever type a client sent


def prune(obj: Value, schema: Schema) -> list[str]:
    """Drop them in place; gives ``unknown field "spec.foo"`` for each, at most a hundred. Idempotent. What is neither
    an object nor a list has no fields.

    The object's own metadata is left alone; that of an embedded resource becomes an ObjectMeta, and raises
    :class:`.conform.Mistyped` when it cannot.
    """
    unknown = Unknown()
    _prune(obj, schema, None, unknown)
    return unknown.texts()


def _prune(value: Value, schema: Schema | None, place: Place, unknown: Unknown) -> None:
    if type(value) is dict:
        _prune_object(value, schema, place, unknown)
    elif type(value) is list:
        items = schema.items if schema else None
        if items is None and schema and schema.preserve_unknown:
            return
        for position, each in enumerate(value):
            if type(each) is dict or type(each) is list:
                _prune(each, items, (place, position, ""), unknown)


def _prune_object(obj: Object, schema: Schema | None, place: Place, unknown: Unknown) -> None:
    if schema is None:
        schema = _NOTHING
    fields, others, embedded = schema.properties, schema.additional, schema.embedded
    gone = []
    for name, value in obj.items():
        if embedded and name in META_FIELDS:
            if name == "metadata" and place is not None:
                _prune_metadata(value, (place, name, name), unknown)
            continue
        child = fields.get(name)
        if child is None:
            child = others
            if child is None:
                if not schema.preserve_unknown:
                    unknown.add(place, name)
                    gone.append(name)
                continue
        if type(value) is dict or type(value) is list:
            _prune(value, child, (place, name, ""), unknown)
    for name in gone:
        del obj[name]


def _prune_metadata(value: Value, place: Place, unknown: Unknown) -> None:
    check = compiled(builtin.definition(builtin.OBJECT_META))
    if check is not None:
        check(value, place, unknown)


_NOTHING = Schema()
"""Of what may be anything, but has no fields."""
