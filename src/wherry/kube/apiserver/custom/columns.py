"""The columns of ``kubectl get`` that a definition asks for (k8s.io/apiextensions-apiserver
pkg/registry/customresource/tableconvertor)."""

import functools
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeAlias

import msgspec

from wherry.kube.kinds.model import AGE as BUILTIN_AGE
from wherry.kube.kinds.model import NAME, Cells, Column
from wherry.kube.machinery import jsonpath
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.schema.numbers import shown
from wherry.kube.machinery.times import human_duration, parse

Value: TypeAlias = Any  # JSON

AGE = Column("Age", "date", description=BUILTIN_AGE.description)
"""What there is besides the name when a definition asks for nothing."""


def columns_of(asked: Sequence[Object]) -> tuple[Column, ...]:
    """Of ``additionalPrinterColumns``: the name, and these."""
    return (NAME, *(_column(each) for each in asked))


def _column(asked: Object) -> Column:
    path = f"Custom resource definition column (in JSONPath format): {asked['jsonPath']}"
    description = asked.get("description") or path
    return Column(asked["name"], asked["type"], asked.get("format", ""), description, asked.get("priority", 0))


def cells_of(asked: Sequence[Object]) -> Cells:
    """The function that fills them."""
    makers = [functools.partial(_cell, each["jsonPath"], _MAKERS.get(each["type"], _text)) for each in asked]

    def cells(obj: Object, now: datetime) -> Sequence[Value]:
        return [obj["metadata"].get("name", ""), *(make(obj, now) for make in makers)]

    return cells


Make: TypeAlias = Callable[[Value, datetime], Value]


def _cell(path: str, make: Make, obj: Object, now: datetime) -> Value:
    """The first of what is found; nothing when there is nothing, or the path is none."""
    try:
        found = jsonpath.compile(path)(obj)
    except ValueError:
        return None
    return make(found[0], now) if found and found[0] is not None else None


def _text(value: Value, now: datetime) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value) if isinstance(value, int) else shown(value)
    return msgspec.json.encode(value).decode()


def _integer(value: Value, now: datetime) -> int | None:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _number(value: Value, now: datetime) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _boolean(value: Value, now: datetime) -> bool | None:
    return value if isinstance(value, bool) else None


def _date(value: Value, now: datetime) -> str | None:
    """How long ago."""
    if not isinstance(value, str):
        return None
    try:
        return human_duration((now - parse(value)).total_seconds())
    except ValueError:
        return "<invalid>"


_MAKERS: dict[str, Make] = {"integer": _integer, "number": _number, "boolean": _boolean, "date": _date}
