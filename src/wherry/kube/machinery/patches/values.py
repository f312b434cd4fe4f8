"""What the patches share: equality as JSON has it, private copies, and a guard against depth."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from wherry.kube.machinery.status import bad_request

P = ParamSpec("P")
R = TypeVar("R")


def same(one: Any, other: Any) -> bool:
    """Equal as JSON: unlike Python's ``==``, ``true`` is no 1. Numbers are compared by value (RFC 6902 section 4.6)."""
    if one != other:
        return False
    kind = type(one)
    if kind is str or one is other:
        return True
    if kind in _PARTED:
        return _no_bool_for_a_number(one, other)
    return (kind is bool) is (type(other) is bool)


_PARTED = frozenset((dict, list))


def _no_bool_for_a_number(one: Any, other: Any) -> bool:
    """Of two objects or lists that Python finds equal."""
    for place, value in one.items() if type(one) is dict else enumerate(one):
        kind = type(value)
        if kind is str:
            continue
        second = other[place]
        if kind in _PARTED:
            if value and value is not second and not _no_bool_for_a_number(value, second):
                return False
        elif (kind is bool) is not (type(second) is bool):
            return False
    return True


def copied(value: Any) -> Any:
    """A value that shares nothing with this one that could be changed."""
    if isinstance(value, dict):
        return {key: copied(each) if isinstance(each, dict | list) else each for key, each in value.items()}
    if isinstance(value, list):
        return [copied(each) if isinstance(each, dict | list) else each for each in value]
    return value


def bounded(walk: Callable[P, R]) -> Callable[P, R]:
    """Make a function that walks down its arguments refuse (400) what nests deeper than the interpreter can follow."""

    @wraps(walk)
    def guarded(*arguments: P.args, **named: P.kwargs) -> R:
        try:
            return walk(*arguments, **named)
        except RecursionError:
            raise bad_request("exceeded max depth") from None

    return guarded
