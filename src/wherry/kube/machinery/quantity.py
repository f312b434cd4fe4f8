"""Quantities: ``100m``, ``1.5Gi``, ``12e6`` (k8s.io/apimachinery pkg/api/resource/quantity.go).

A quantity is exact: a whole number of nano-units, and the family of suffixes it was written with. What is finer than a
nano-unit is rounded away from zero, so that who asks for a little gets something.
"""

import re
from enum import Enum
from functools import lru_cache

import msgspec

NANO = 10**9
MILLI = 10**6
"""Nano-units in a thousandth."""
_MAX = (2**63 - 1) * NANO  # binary quantities are capped at what an int64 holds
_SHAPE = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)", re.ASCII)
WRONG_FORMAT = r"quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
WRONG_NUMBER = "unable to parse numeric part of quantity"
WRONG_SUFFIX = "unable to parse quantity's suffix"


class Format(Enum):
    DECIMAL = "DecimalSI"
    BINARY = "BinarySI"
    EXPONENT = "DecimalExponent"


_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_DECIMAL_NAMES = {exponent: name for name, exponent in _DECIMAL.items()}
_BINARY_NAMES = {0: "", **{exponent: name for name, exponent in _BINARY.items()}}
_LONGEST = 1000  # characters
_MAX_EXPONENT = 400  # what is larger means nothing, and would take memory to write down


class Quantity(msgspec.Struct, frozen=True, eq=False):
    """Equal and ordered by value alone; ``format`` says how it is written, ``text`` how it was (when that will do)."""

    nano: int
    format: Format = Format.DECIMAL
    text: str = ""

    def __str__(self) -> str:
        """The canonical form."""
        return self.text or _written(self.nano, self.format)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Quantity) and self.nano == other.nano

    def __hash__(self) -> int:
        return hash(self.nano)

    def __lt__(self, other: "Quantity") -> bool:
        return self.nano < other.nano

    def __le__(self, other: "Quantity") -> bool:
        return self.nano <= other.nano

    def __gt__(self, other: "Quantity") -> bool:
        return self.nano > other.nano

    def __ge__(self, other: "Quantity") -> bool:
        return self.nano >= other.nano

    def __bool__(self) -> bool:
        return self.nano != 0

    def __add__(self, other: "Quantity") -> "Quantity":
        """Written as the left one, unless that is zero."""
        return Quantity(self.nano + other.nano, self.format if self.nano else other.format)

    def __sub__(self, other: "Quantity") -> "Quantity":
        return Quantity(self.nano - other.nano, self.format if self.nano else other.format)

    def __neg__(self) -> "Quantity":
        return Quantity(-self.nano, self.format)

    def __mul__(self, factor: int) -> "Quantity":
        return Quantity(self.nano * factor, self.format)

    @property
    def value(self) -> int:
        """Whole units, rounded away from zero."""
        return _rounded(self.nano, NANO)

    @property
    def milli(self) -> int:
        """Thousandths, rounded away from zero."""
        return _rounded(self.nano, MILLI)

    def to_milli(self) -> "Quantity":
        """Without what is finer than a thousandth: that is how far the API keeps the quantities of resources."""
        rounded = self.milli * MILLI
        return self if rounded == self.nano else Quantity(rounded, self.format)


ZERO = Quantity(0)
Source = str | int | float


def _rounded(nano: int, unit: int) -> int:
    return -(-nano // unit) if nano > 0 else nano // unit


def parse(source: Source) -> Quantity:
    """Of a text, or of a number as JSON has them. Raises ValueError in upstream's words."""
    if isinstance(source, str):
        return _parse(source.strip())
    if isinstance(source, bool):
        raise ValueError(WRONG_FORMAT)
    return _parse(str(source))


@lru_cache(maxsize=1024)
def _parse(text: str) -> Quantity:
    found = _SHAPE.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None or not text:
        raise ValueError(WRONG_FORMAT)
    sign, whole, fraction, suffix = found.group(1), found.group(2), found.group(3) or "", found.group(4)
    if not whole and not fraction:
        raise ValueError(WRONG_NUMBER)
    base, exponent, written = _suffix(suffix)
    digits = int(whole + fraction)
    scale = -len(fraction)
    if base == 10:
        nano = _scaled(digits, scale + exponent + 9)
    else:
        nano = _rounded(digits * 2**exponent * NANO, 10 ** len(fraction))
        nano = min(nano, _MAX)
        if 0 < nano < NANO:
            written = Format.DECIMAL
    kept = text if _is_canonical(whole.lstrip("0"), fraction, exponent, written) else ""
    return Quantity(-nano if sign == "-" else nano, written, kept)


def _scaled(digits: int, exponent: int) -> int:
    """``digits`` times ten to the ``exponent``, rounded away from zero."""
    if digits == 0:
        return 0
    if exponent >= 0:
        return digits * int(10**exponent)
    return _rounded(digits, 10 ** min(-exponent, len(str(digits)) + 1))


def _suffix(suffix: str) -> tuple[int, int, Format]:
    """Base, exponent and family."""
    if suffix in _DECIMAL:
        return 10, _DECIMAL[suffix], Format.DECIMAL
    if suffix in _BINARY:
        return 2, _BINARY[suffix], Format.BINARY
    if len(suffix) > 1 and suffix[0] in "eE":
        try:
            exponent = int(suffix[1:])
        except ValueError:
            raise ValueError(WRONG_SUFFIX) from None
        if abs(exponent) <= _MAX_EXPONENT:
            return 10, exponent, Format.EXPONENT
    raise ValueError(WRONG_SUFFIX)


def _is_canonical(whole: str, fraction: str, exponent: int, written: Format) -> bool:
    """Whether upstream keeps the text as it is: a matter of looks, not of value (``1.234`` stays, ``1.5`` does not)."""
    digits = (whole or "0") + fraction
    if written is Format.BINARY:
        fits = not fraction and 15 - len(whole) - exponent * 3 // 10 - 1 >= 0
        return fits and bool(int(digits) & 7)
    scale = exponent - len(fraction)
    fits = len(digits) <= 18 and scale >= -9
    return fits and scale % 3 == 0 and not digits.endswith("000") and digits[0] != "0"


def _written(nano: int, written: Format) -> str:
    if nano == 0:
        return "0"
    sign, size = ("-", -nano) if nano < 0 else ("", nano)
    if written is Format.BINARY and size >= 1024 * NANO and size % NANO == 0:
        return sign + _binary(size // NANO)
    exponent = -9
    while size % 1000 == 0 and (written is Format.EXPONENT or exponent < 18):
        size //= 1000
        exponent += 3
    if written is Format.EXPONENT:
        return f"{sign}{size}e{exponent}" if exponent else f"{sign}{size}"
    return f"{sign}{size}{_DECIMAL_NAMES[exponent]}"


def _binary(size: int) -> str:
    exponent = 0
    while size % 1024 == 0 and exponent < 60:
        size //= 1024
        exponent += 10
    return f"{size}{_BINARY_NAMES[exponent]}"


def canonical(source: Source) -> str:
    """As the API shows it. Raises ValueError."""
    return str(parse(source))


def of_milli(amount: int) -> Quantity:
    return Quantity(amount * MILLI)


def thousandths(source: Source) -> str:
    """As the API shows a quantity of a resource, which it keeps to the thousandth. Raises ValueError."""
    return _thousandths(source.strip()) if isinstance(source, str) else str(parse(source).to_milli())


@lru_cache(maxsize=1024)
def _thousandths(text: str) -> str:
    return str(_parse(text).to_milli())
