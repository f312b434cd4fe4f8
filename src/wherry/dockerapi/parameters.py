"""Query parameters, read as dockerd reads them."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import unquote_plus

from wherry.kit.errors import Invalid

_FALSE = {"", "0", "no", "false", "none"}
NANOSECONDS = 1_000_000_000
_UNIX_TIME = re.compile(r"(-?)([0-9]{1,12})(?:\.([0-9]*))?")


class Query:
    """The parameters of a query string; the first value counts where only one is asked for."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Sequence[str]]) -> None:
        self._values = values

    @classmethod
    def parse(cls, query: str) -> "Query":
        """From the part behind the question mark. Raises Invalid on broken percent-encoding of UTF-8."""
        values: dict[str, list[str]] = {}
        for pair in query.split("&") if query else ():
            name, _, value = pair.partition("=")
            try:
                values.setdefault(unquote_plus(name, errors="strict"), []).append(unquote_plus(value, errors="strict"))
            except UnicodeDecodeError as error:
                raise Invalid(f"query parameter is not UTF-8: {pair[:100]}") from error
        return cls(values)

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def text(self, name: str, default: str = "") -> str:
        """The value as it is."""
        values = self._values.get(name)
        return values[0] if values else default

    def texts(self, name: str) -> list[str]:
        """All values, in order."""
        return list(self._values.get(name, ()))

    def flag(self, name: str, default: bool = False) -> bool:
        """Docker's idea of a boolean: everything but ``""``, 0, no, false and none is true."""
        values = self._values.get(name)
        return default if values is None else values[0].strip().lower() not in _FALSE

    def number(self, name: str, default: int | None = None) -> int | None:
        """A decimal integer; ``default`` when absent or empty. Raises Invalid with the text of Go's strconv."""
        value = self.text(name)
        if not value:
            return default
        return parse_number(value)

    def required_number(self, name: str) -> int:
        """A decimal integer that must be there."""
        return parse_number(self.text(name))

    def time_nanoseconds(self, name: str) -> int | None:
        """A point in time: Unix seconds (``1700000000.5``) or RFC 3339; None when absent."""
        value = self.text(name)
        return parse_time(value) if value else None


def parse_number(value: str) -> int:
    """A decimal integer as Go's strconv.Atoi reads it."""
    digits = value[1:] if value[:1] in ("+", "-") else value
    if not (digits.isascii() and digits.isdigit()):
        raise Invalid(f'strconv.Atoi: parsing "{value}": invalid syntax')
    if len(digits) > 18:
        raise Invalid(f'strconv.Atoi: parsing "{value}": value out of range')
    return int(value)


def parse_time(value: str) -> int:
    """Nanoseconds since 1970 of Unix seconds or an RFC 3339 time; raises Invalid."""
    if match := _UNIX_TIME.fullmatch(value):
        fraction = int((match[3] or "").ljust(9, "0")[:9])
        return (int(match[2]) * NANOSECONDS + fraction) * (-1 if match[1] else 1)
    try:
        moment = datetime.fromisoformat(value)
    except (ValueError, OverflowError) as error:
        raise Invalid(f"invalid time {value[:64]!r}: use Unix seconds or RFC 3339") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    whole = int(moment.replace(microsecond=0).timestamp())
    return whole * NANOSECONDS + moment.microsecond * 1000
