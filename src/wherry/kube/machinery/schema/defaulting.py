"""Filling in the defaults of a schema (k8s.io/apiextensions-apiserver pkg/apiserver/schema/defaulting)."""

from typing import Any, TypeAlias

from wherry.kube.machinery.model import Object
from wherry.kube.machinery.schema.model import MISSING, Schema

Value: TypeAlias = Any  # JSON, of whatever type a client sent


def apply_defaults(obj: Object, schema: Schema) -> None:
    """Fill in what is missing, in place. Idempotent.

    A null where none may be is as good as absent: the default takes its place, or, where there is none, it goes.
    """
    for name, child in schema.properties.items():
        if child.default is not MISSING and (name not in obj or (obj[name] is None and not child.nullable)):
            obj[name] = copied(child.default)
    gone = []
    for name, value in obj.items():
        below = schema.child(name)
        if below is None or below.name:  # a definition of ours: it has been decoded, and has no defaults
            continue
        if value is None and not below.nullable:
            if below.default is MISSING:
                gone.append(name)
                continue
            obj[name] = value = copied(below.default)
        if type(value) is dict or type(value) is list:
            _fill(value, below)
    for name in gone:
        del obj[name]


def _fill(value: Value, schema: Schema) -> None:
    if type(value) is dict:
        apply_defaults(value, schema)
        return
    items = schema.items
    if items is None:
        return
    for position, each in enumerate(value):
        if each is None and not items.nullable and items.default is not MISSING:
            value[position] = each = copied(items.default)
        if type(each) is dict or type(each) is list:
            _fill(each, items)


def copied(value: Value) -> Value:
    """A JSON value of one's own."""
    if type(value) is dict:
        return {name: copied(each) for name, each in value.items()}
    return [copied(each) for each in value] if type(value) is list else value
