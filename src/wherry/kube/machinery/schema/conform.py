"""What Go's decoder makes of an object of a built-in kind (sigs.k8s.io/json into k8s.io/api's types).

A null is as good as absent, and the zero of its type in a list or a map; a field that the type has not is dropped and
told of; a value of another type is refused. Beyond that an object stays as it was written: what Go leaves out because
it is empty stays, and nothing is filled in.

Every schema is made into functions once (:mod:`.decoding`); checking an object is calling them.
"""

from typing import Any

from wherry.kube.machinery.model import Object
from wherry.kube.machinery.schema.decoding import Mistyped, Place, Unknown, compiled, element, field_of, is_struct
from wherry.kube.machinery.schema.model import Schema

__all__ = ["Mistyped", "conform"]


def conform(obj: Object, schema: Schema, known: Object | None = None) -> list[str]:
    """Make ``obj``, in place, what the API's type can hold. Gives ``unknown field "spec.foo"`` for what went, at most
    a hundred. ``known`` conforms already: what ``obj`` has of it, the very same objects at the same places, is not
    looked into. Idempotent. Raises :class:`Mistyped`, and ``obj`` is then half done."""
    unknown = Unknown()
    check = compiled(schema)
    if check is None:
        return []
    if known is None:
        check(obj, None, unknown)
    else:
        _conform_changed(obj, known, schema, (None, unknown))
    return unknown.texts() if unknown else []


_At = tuple[Place, Unknown]


def _conform_changed(obj: Object, known: Object, schema: Schema, at: _At) -> None:
    place, unknown = at
    check, struct = compiled(schema), schema.name.rpartition(".")[2]
    assert check is not None
    for name, value in tuple(obj.items()):
        was = known.get(name)
        if was is value and value is not None:
            continue
        below = schema.properties.get(name)
        if below is not None and type(value) is dict and type(was) is dict and is_struct(below):
            _conform_changed(value, was, below, ((place, name, struct), unknown))
        elif below is not None and type(value) is list and type(was) is list and below.items is not None:
            _conform_elements(value, was, below.items, ((place, name, struct), unknown))
        else:
            alone = {name: value}
            check(alone, place, unknown)
            if not alone:
                del obj[name]
            elif alone[name] is not value:
                obj[name] = alone[name]


def _conform_elements(values: list[Any], known: list[Any], schema: Schema, at: _At) -> None:
    """An element that was in the list before may have moved."""
    place, unknown = at
    there = set(map(id, known))
    for position, value in enumerate(values):
        if id(value) not in there:
            values[position] = element(value, field_of(schema), (place, position, ""), unknown)
