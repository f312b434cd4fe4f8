"""What the patches share: equality as JSON has it, private copies, and a guard against depth."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from wherry.kube.machinery.status import bad_request

P = ParamSpec("P")
R = TypeVar("R")


def same(one: Any, other: Any) -> bool:
    """Equal as JSON: unlike Python's ``==``, ``true`` is no 1. Numbers are compared by value (RFC 6902 section 4.6)."""
    return one == other and _no_bool_for_a_number(one, other)


def _no_bool_for_a_number(one: Any, other: Any) -> bool:
    """Of two values that Python finds equal."""
    if one is other or type(one) is str:
        return True
    if isinstance(one, dict):
        return all(type(value) is str or _no_bool_for_a_number(value, other[key]) for key, value in one.items())
    if isinstance(one, list):
        return all(map(_no_bool_for_a_number, one, other))
    return isinstance(one, bool) is isinstance(other, bool)


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
