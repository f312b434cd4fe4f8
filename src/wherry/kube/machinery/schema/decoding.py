"""Schemas of built-in kinds as functions that check a value: see :mod:`.conform`.

What makes them quick: a field of a plain type costs a look-up and a comparison of types, no call; where a value stands
is a chain of small tuples, which nobody reads unless something is wrong with it.
"""

import functools
import json
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from wherry.kube.machinery.schema import builtin, scalars
from wherry.kube.machinery.schema.model import Schema

Value: TypeAlias = Any  # JSON, of whatever type a client sent
Place: TypeAlias = "tuple[Place, str | int, str] | None"
"""The place above, then a name or a position, then the Go struct whose field it is: empty for a position or a key."""

MOST_UNKNOWN = 100
"""Go's decoder names no more."""
REMOVE = object()
"""What a check gives for a value that goes."""


class Mistyped(Exception):
    """A value is not of its field's type. The text is what Go says."""


class Unknown(list[tuple[Place, str]]):
    """The unknown fields met so far."""

    __slots__ = ()

    def add(self, place: Place, name: str) -> None:
        if len(self) < MOST_UNKNOWN:
            self.append((place, name))

    def texts(self) -> list[str]:
        return [unknown_field(_written((place, name, ""))) for place, name in self]


Check: TypeAlias = Callable[[Value, Place, Unknown], Value]
"""Gives the value, or what is to stand there instead."""


Field: TypeAlias = tuple[type | None, Check | None, Schema]
"""How a value is checked: it is of this type (None: only the check knows), and the check looks further. (Of a class of
its own it would be taken apart in twice the time.)"""


def unknown_field(path: str) -> str:
    return f"unknown field {json.dumps(path, ensure_ascii=False)}"


def _steps(place: Place) -> Iterator[tuple[str | int, str]]:
    found = []
    while place is not None:
        place, part, struct = place
        found.append((part, struct))
    return reversed(found)


def _written(place: Place) -> str:
    """``spec.containers[0].image``: as upstream's strict decoder writes it, keys of maps like fields."""
    text = ""
    for part, _ in _steps(place):
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


def mistyped(value: Value, go_type: str, place: Place) -> Mistyped:
    """In the words of Go's encoding/json: the path has the names of fields alone."""
    fields = [(part, struct) for part, struct in _steps(place) if struct]
    path = ".".join(str(part) for part, _ in fields)
    into = f"Go struct field {fields[-1][1]}.{path}" if fields else "Go value"
    return Mistyped(f"json: cannot unmarshal {_said(value, go_type)} into {into} of type {go_type}")


def _said(value: Value, go_type: str) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return f"number {value}" if go_type in ("int32", "int64") else "number"
    names: dict[type, str] = {str: "string", dict: "object", list: "array"}
    return names.get(type(value), "null")


def go_type(schema: Schema) -> str:
    """What Go calls the type of a field. OpenAPI does not say which texts have a type of their own: ``string``."""
    if schema.name:
        package, _, name = schema.name.rpartition(".")
        return f"{package.rpartition('.')[2]}.{name}"
    if schema.type == "array":
        return f"[]{go_type(schema.items)}" if schema.items else "[]interface {}"
    if schema.type == "object":
        return f"map[string]{go_type(schema.additional)}" if schema.additional else "map[string]interface {}"
    if schema.type == "integer":
        return schema.format or "int64"
    plain = {"boolean": "bool", "number": "float64", "string": "[]uint8" if schema.format == "byte" else "string"}
    return plain.get(schema.type, "interface {}")


@functools.cache
def compiled(schema: Schema) -> Check | None:
    """The check of a value that is a JSON object, or of one of no plain type. None: there is nothing to look at."""
    return field_of(schema)[1]


@functools.cache
def field_of(schema: Schema) -> Field:
    """Objects' fields are looked up when the first one comes: definitions contain themselves."""
    special = _SPECIAL.get(schema.name)
    if special:
        return None, special, schema
    if schema.quantity:
        return None, _scalar(scalars.quantity), schema
    if schema.int_or_string:
        return None, _int_or_string, schema
    if schema.preserve_unknown:
        return dict if schema.map_type else None, None, schema
    if schema.type == "object":
        return dict, _map(schema) if schema.additional else _struct(schema), schema
    if schema.type == "array":
        return list, _list(schema), schema
    return _plain(schema)


def is_struct(schema: Schema) -> bool:
    """Whether its values are objects with the fields that it names, and no others."""
    special = schema.name in _SPECIAL or schema.quantity or schema.int_or_string or schema.preserve_unknown
    return schema.type == "object" and not special and schema.additional is None


def _plain(schema: Schema) -> Field:
    if schema.type == "integer":
        return int, _integer(32 if schema.format == "int32" else 64), schema
    if schema.type == "number":
        return None, _number, schema
    if schema.type == "boolean":
        return bool, None, schema
    if schema.format == "byte":
        return None, _scalar(scalars.base64_text), schema
    if schema.format == "date-time":
        form = scalars.micro_time if schema.name == builtin.MICRO_TIME else scalars.time
        return None, _scalar(form), schema
    return str, None, schema


def _struct(schema: Schema) -> Check:
    fields: dict[str, Field] = {}
    look_up = fields.get
    struct = schema.name.rpartition(".")[2]

    def check(obj: Value, place: Place, unknown: Unknown) -> Value:
        if type(obj) is not dict:
            raise mistyped(obj, go_type(schema), place)
        if not fields:
            # At one stroke: another thread may be looking (wherry.kube.apiserver.aside).
            fields.update({name: field_of(each) for name, each in schema.properties.items()})
        gone = []
        for name, value in obj.items():
            found = look_up(name)
            if found is None:
                unknown.add(place, name)
                gone.append(name)
                continue
            kind, inner, of = found
            if type(value) is kind:
                if inner is not None:
                    inner(value, (place, name, struct), unknown)
            elif value is None:
                gone.append(name)
            elif kind is not None:
                raise mistyped(value, go_type(of), (place, name, struct))
            elif inner is not None:
                made = inner(value, (place, name, struct), unknown)
                if made is REMOVE:
                    gone.append(name)
                elif made is not value:
                    obj[name] = made
        for name in gone:
            del obj[name]
        return obj

    return check


def _map(schema: Schema) -> Check:
    values = schema.additional
    assert values is not None
    field = kind, inner, _ = field_of(values)

    def check(obj: Value, place: Place, unknown: Unknown) -> Value:
        if type(obj) is not dict:
            raise mistyped(obj, go_type(schema), place)
        for name, value in obj.items():
            if type(value) is kind:
                if inner is not None:
                    inner(value, (place, name, ""), unknown)
                continue
            made = element(value, field, (place, name, ""), unknown)
            if made is not value:
                obj[name] = made
        return obj

    return check


def _list(schema: Schema) -> Check:
    items = schema.items
    assert items is not None
    field = kind, inner, _ = field_of(items)

    def check(values: Value, place: Place, unknown: Unknown) -> Value:
        for position, value in enumerate(values):
            if type(value) is kind:
                if inner is not None:
                    inner(value, (place, position, ""), unknown)
                continue
            made = element(value, field, (place, position, ""), unknown)
            if made is not value:
                values[position] = made
        return values

    return check


def element(value: Value, field: Field, place: Place, unknown: Unknown) -> Value:
    """Of a list or a map: there a null is a zero."""
    kind, inner, schema = field
    if value is None:
        return _zero(schema)
    if kind is not None and type(value) is not kind:
        raise mistyped(value, go_type(schema), place)
    if inner is None:
        return value
    made = inner(value, place, unknown)
    return _zero(schema) if made is REMOVE else made


def _zero(schema: Schema) -> Value:
    if schema.quantity:
        return "0"
    if schema.int_or_string:
        return 0
    makers: dict[str, Callable[[], Value]] = {
        "object": dict, "array": list, "string": str, "integer": int, "number": int, "boolean": bool
    }  # fmt: skip
    return makers[schema.type]() if schema.type in makers else None


def _integer(bits: int) -> Check:
    least, most = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1

    def check(value: Value, place: Place, unknown: Unknown) -> Value:
        if not least <= value <= most:
            raise mistyped(value, f"int{bits}", place)
        return value

    return check


def _number(value: Value, place: Place, unknown: Unknown) -> Value:
    if type(value) is not float and type(value) is not int:
        raise mistyped(value, "float64", place)
    return value


_INT32 = _integer(32)


def _int_or_string(value: Value, place: Place, unknown: Unknown) -> Value:
    if type(value) is str:
        return value
    if type(value) is not int:
        raise mistyped(value, "int32", place)
    return _INT32(value, place, unknown)


def _scalar(form: Callable[[Value], Value]) -> Check:
    """``form`` raises TypeError for what is no text (its argument is Go's type), ValueError with Go's words."""

    def check(value: Value, place: Place, unknown: Unknown) -> Value:
        try:
            return form(value)
        except ValueError as error:
            raise Mistyped(str(error)) from error
        except TypeError as error:
            raise mistyped(value, str(error), place) from error

    return check


# CustomResourceDefinitions hold schemas in three unions. What is below one is decoded by a decoder of its own, which
# is not strict: unknown fields go in silence (apiextensions v1 marshal.go).
def _schema_or_bool(value: Value, place: Place, unknown: Unknown) -> Value:
    if type(value) is not dict and type(value) is not bool:
        raise Mistyped("boolean or JSON schema expected")
    return value if type(value) is bool else _silent_schema(value, place)


def _schema_or_array(value: Value, place: Place, unknown: Unknown) -> Value:
    if type(value) is list:
        for position, each in enumerate(value):
            value[position] = {} if each is None else _silent_schema(each, place)
        return value
    return _silent_schema(value, place) if type(value) is dict else REMOVE


def _schema_or_strings(value: Value, place: Place, unknown: Unknown) -> Value:
    if type(value) is list:
        for each in value:
            if type(each) is not str:
                raise mistyped(each, "string", place)
        return value
    return _silent_schema(value, place) if type(value) is dict else REMOVE


def _silent_schema(value: Value, place: Place) -> Value:
    check = compiled(builtin.definition(builtin.JSON_SCHEMA))
    assert check is not None
    return check(value, place, Unknown())


_SPECIAL: dict[str, Check] = {
    builtin.SCHEMA_OR_BOOL: _schema_or_bool,
    builtin.SCHEMA_OR_ARRAY: _schema_or_array,
    builtin.SCHEMA_OR_STRINGS: _schema_or_strings,
}
