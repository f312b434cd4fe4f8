"""Numbers: how they are written, and their constraints, bounds and multiples."""

import math
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeAlias

from wherry.kube.machinery import fielderrors
from wherry.kube.machinery.fielderrors import FieldError

Number: TypeAlias = int | float
_BEYOND = float(2**63)
"""No int64, and read as a float64 again."""


def settle(value: Any) -> None:  # JSON, an object or a list
    """Make whole numbers of those that are written as fractions, 1.0 or 1e6, in place: so Go writes them, and a
    program in Go reads nothing else as an integer."""
    for place, each in value.items() if type(value) is dict else enumerate(value):
        kind = type(each)
        if kind is dict or kind is list:
            settle(each)
        elif kind is float and each.is_integer() and -_BEYOND <= each < _BEYOND:
            value[place] = int(each)


def check(value: Number, constraints: Mapping[str, Any], name: str, found: list[FieldError]) -> None:
    """Append what is wrong with ``value``."""
    factor = constraints.get("multipleOf")
    if factor and not _is_multiple(value, factor):
        found.append(fielderrors.invalid(name, value, f"{name} in body should be a multiple of {shown(factor)}"))
    most, below = constraints.get("maximum"), constraints.get("exclusiveMaximum", False)
    if most is not None and (value > most or (below and value == most)):
        bound = f"less than {_bound(most, value)}" if below else f"less than or equal to {_bound(most, value)}"
        found.append(fielderrors.invalid(name, value, f"{name} in body should be {bound}"))
    least, above = constraints.get("minimum"), constraints.get("exclusiveMinimum", False)
    if least is not None and (value < least or (above and value == least)):
        bound = f"greater than {_bound(least, value)}" if above else f"greater than or equal to {_bound(least, value)}"
        found.append(fielderrors.invalid(name, value, f"{name} in body should be {bound}"))


def _is_multiple(value: Number, factor: Number) -> bool:
    """Exact for whole numbers; a fraction is what its shortest decimal says, so that 0.3 is a multiple of 0.1."""
    if not math.isfinite(value):
        return False
    return Fraction(repr(value)) % Fraction(repr(factor)) == 0


def _bound(bound: Number, value: Number) -> str:
    """A whole number is compared with a whole bound, and told so."""
    return str(int(bound)) if isinstance(value, int) and float(bound).is_integer() else shown(bound)


def shown(number: Number) -> str:
    """As Go's ``%v`` writes a float64: the shortest digits, with an exponent from 1e+06 on, or from 1e-05 down.

    >>> shown(1), shown(0.5), shown(1234567), shown(1e-07)
    ('1', '0.5', '1.234567e+06', '1e-07')
    """
    value = float(number)
    if not math.isfinite(value) or value == 0:
        return "0" if value == 0 else str(value)
    sign, digits, last = Decimal(repr(value)).normalize().as_tuple()
    exponent = len(digits) - 1 + int(last)
    if -4 <= exponent < 6:
        return repr(value).removesuffix(".0")
    first, *rest = (str(digit) for digit in digits)
    mantissa = f"{first}.{''.join(rest)}" if rest else first
    return f"{'-' * sign}{mantissa}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"
